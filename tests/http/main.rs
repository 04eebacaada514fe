//! The platform's API: the client, the sandbox, and commands over both.

mod client;
mod remote;
mod sandbox;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod wire;
