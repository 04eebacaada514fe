//! The platform's API: the client, the sandbox, and commands over both; registries.

mod client;
mod console;
mod registry;
mod remote;
mod sandbox;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod wire;
