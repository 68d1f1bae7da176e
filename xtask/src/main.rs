//! `cargo xtask`: sets up, demonstrates, tests and checks the project.

fn main() {}
