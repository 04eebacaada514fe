//! The client against servers on real sockets: what it asks, how it understands odd answers, and
//! what it does when the line or the other side misbehaves.

mod answers;
mod faults;
mod jobs;
mod known;
mod lists;
mod packages;
mod rate;
mod redirects;
mod server;
mod tls;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use recipack::client::{Account, Client, ClientError, Clock, Cut, Limits, Rate, Settings, Token};
use secrecy::SecretString;
use server::Server;

/// A token that must never be seen anywhere but in one header.
const CANARY: &str = "wrkprod-canary-77aa";

/// Clock that take no time, and are remembered.
#[derive(Clone, Default)]
struct Pretended {
    pauses: Arc<Mutex<Vec<Duration>>>,
    /// How often it is asked whether to go on before somebody asks to stop; 0 is never.
    patience: Arc<AtomicUsize>,
}

impl Pretended {
    fn made(&self) -> Vec<Duration> {
        self.pauses.lock().expect("whole").clone()
    }

    /// Somebody asks to stop at the nth question whether to go on.
    fn stop_at(self, question: usize) -> Self {
        self.patience.store(question, Ordering::SeqCst);
        self
    }
}

impl Clock for Pretended {
    fn pause(&self, length: Duration) -> Result<(), Cut> {
        if !length.is_zero() {
            self.pauses.lock().expect("whole").push(length);
        }
        match self.patience.load(Ordering::SeqCst) {
            0 => Ok(()),
            1 => Err(Cut),
            more => {
                self.patience.store(more - 1, Ordering::SeqCst);
                Ok(())
            }
        }
    }
}

/// Clock that take their time.
struct Real;

impl Clock for Real {
    fn pause(&self, length: Duration) -> Result<(), Cut> {
        std::thread::sleep(length);
        Ok(())
    }
}

fn many() -> Rate {
    Rate::per_minute(NonZeroU32::MAX)
}

/// Settings for a server on this machine, without limits.
fn settings(base: &str) -> Settings {
    let token = Token {
        secret: SecretString::from(CANARY),
        source: "a test".to_owned(),
    };
    let mut settings = Settings::new(base.parse().expect("a base"), token);
    settings.limits = Limits::each(many());
    settings
}

fn client_with(server: &Server, pauses: &Pretended, change: impl FnOnce(&mut Settings)) -> Client {
    let mut settings = settings(&server.base());
    change(&mut settings);
    Client::new(settings, Box::new(pauses.clone())).expect("a client")
}

fn client(server: &Server) -> Client {
    client_with(server, &Pretended::default(), |_| ())
}

/// A client that tries everything once.
fn impatient(server: &Server) -> Client {
    client_with(server, &Pretended::default(), |settings| {
        settings.retries.attempts = NonZeroU32::MIN;
    })
}

/// An error with its causes, in words. The token is in none of them.
fn told(error: &ClientError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    let all = format!("{text} {error:?} {:?}", error.help());
    assert!(!all.contains("canary"), "{all}");
    text
}

const OWN: Account = Account::Own;
