//! Finding, loading and version-probing engines at run time.
