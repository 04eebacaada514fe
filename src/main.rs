//! The `recipack` command.
fn main() {}
