//! The setters' derive for layers.
