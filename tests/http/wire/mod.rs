//! The platform's HTTP API as `fixtures/wire/` has it: the client understands its answers, and the
//! sandbox gives them.

mod answers;
mod client;
mod sandbox;
