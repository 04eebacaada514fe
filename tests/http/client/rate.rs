//! The platform's limits are kept, against a server that counts.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use recipack::client::{
    Account, Client, Clock, CustomerHandle, Cut, FolderId, HomeAssets, JobId, Limits, Rate,
    RestartRecipes, Tags, Upload,
};

use crate::client::server::{Server, json};
use crate::client::{OWN, Real, settings};

fn rate(requests: u32, millis: u64) -> Rate {
    Rate {
        requests: NonZeroU32::new(requests).expect("not zero"),
        per: Duration::from_millis(millis),
    }
}

/// The most requests in any span of this length.
fn most(times: &[Instant], span: Duration) -> usize {
    let within = |start: &Instant| {
        let inside = |at: &&Instant| **at >= *start && at.duration_since(*start) < span;
        times.iter().filter(inside).count()
    };
    times.iter().map(within).max().unwrap_or(0)
}

#[test]
fn no_span_sees_more_than_allowed() {
    // Slow and quick answers by turns, so that requests bunch up as far as they can.
    let server = Server::answering(|asked| {
        if asked.connection % 2 == 0 {
            std::thread::sleep(Duration::from_millis(30));
        }
        json(200, r#"{"id": 1}"#)
    });
    let mut settings = settings(&server.base());
    settings.limits = Limits::each(rate(10, 500));
    let client = Client::new(settings, Box::new(Real)).expect("a client");
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..15 {
                    client.me().expect("told");
                }
            });
        }
    });
    let mut times: Vec<_> = server.asked().iter().map(|asked| asked.at).collect();
    times.sort_unstable();
    assert_eq!(times.len(), 60);
    assert!(most(&times, Duration::from_millis(500)) <= 10);
    // Sixty of them at ten in half a second: five waits.
    let taken = start.elapsed();
    assert!(taken >= Duration::from_millis(2500), "{taken:?}");
}

/// Whoever has to wait gives up instead.
#[derive(Clone, Default)]
struct NoPatience(Arc<AtomicUsize>);

impl Clock for NoPatience {
    fn pause(&self, length: Duration) -> Result<(), Cut> {
        if length.is_zero() {
            return Ok(());
        }
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(Cut)
    }
}

#[test]
fn each_limit_counts_for_itself() {
    let server = Server::answering(|_| json(200, r#"{"id": 1, "status": "completed"}"#));
    let mut settings = settings(&server.base());
    let slow = rate(1, 3_600_000);
    settings.limits = Limits::each(slow);
    let pauses = NoPatience::default();
    let client = Client::new(settings, Box::new(pauses.clone())).expect("a client");
    let package = tempfile::NamedTempFile::new().expect("a file");
    let customer = Account::Customer(CustomerHandle::Number(9));
    let upload = |account: &Account, package: &Path| {
        let upload = Upload {
            folder: FolderId(5),
            package,
            restart: RestartRecipes::Forbidden,
            tags: Tags::Drop,
            home: HomeAssets::Home,
        };
        client.account(account).start_import(&upload).is_ok()
    };
    let each = || {
        [
            upload(&OWN, package.path()),
            upload(&customer, package.path()),
            client.account(&customer).import(JobId(1)).is_ok(),
            client.me().is_ok(),
        ]
    };
    assert_eq!(each(), [true; 4]);
    let waited = || pauses.0.load(Ordering::SeqCst);
    assert_eq!(waited(), 0, "none waits for another");
    assert_eq!(each(), [false; 4]);
    assert_eq!(waited(), 4, "each waits for its own");
}

/// A bound for all of them holds beside those of the classes.
#[test]
fn one_limit_may_count_for_all() {
    let server = Server::answering(|_| json(200, r#"{"id": 1, "result": []}"#));
    let mut settings = settings(&server.base());
    settings.limits.bound_all(rate(2, 3_600_000));
    let pauses = NoPatience::default();
    let client = Client::new(settings, Box::new(pauses.clone())).expect("a client");
    assert!(client.me().is_ok());
    assert!(client.account(&OWN).connections().is_ok());
    assert!(client.connectors().is_err());
    assert_eq!(server.asked().len(), 2);
}

/// A partner's customers are asked as often as the documents allow, which is far more often than the
/// partner's own workspace: a hundred questions wait for nothing.
#[test]
fn customers_are_asked_by_their_own_limits() {
    let server = Server::answering(|_| json(200, r#"{"id": 1, "result": []}"#));
    let mut settings = settings(&server.base());
    settings.limits = Limits::default();
    let pauses = NoPatience::default();
    let client = Client::new(settings, Box::new(pauses.clone())).expect("a client");
    for number in 0..100 {
        let customer = Account::Customer(CustomerHandle::Number(number));
        let recipes = client.account(&customer).recipes(&Default::default());
        assert!(recipes.is_ok(), "{number}");
    }
    let own = (0..100).filter(|_| client.account(&OWN).recipes(&Default::default()).is_ok());
    assert_eq!(own.count(), 60);
}
