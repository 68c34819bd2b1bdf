//! The `rhyton` command.

fn main() {}
