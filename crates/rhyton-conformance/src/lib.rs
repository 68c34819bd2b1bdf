//! One suite crossed with every backend.
