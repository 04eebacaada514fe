//! Connections that notice what a request's outcome may depend on: whether any of it was sent, and
//! whether somebody asks to stop while its answer is waited for.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ureq::http::Uri;
use ureq::unversioned::transport::time::Duration as Span;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::settings::Clock;

/// How long an answer is waited for before it is asked again whether to go on.
const SLICE: Duration = Duration::from_millis(100);

/// The end of a chain of connectors.
#[derive(Clone)]
pub(super) struct Watch {
    pub(super) pauses: Arc<dyn Clock + Send + Sync>,
    /// Set when the first byte of a request is about to be sent.
    pub(super) sent: Arc<AtomicBool>,
    /// The proxy on the way. What it is told does not count.
    pub(super) proxy: Option<Uri>,
}

pub(super) struct Watched<T> {
    inner: T,
    watch: Watch,
    goes: Goes,
}

/// Where what is sent goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    ToTheTarget,
    ToTheProxy,
}

impl Watch {
    fn go_on(&self) -> Result<(), ureq::Error> {
        let asked = self.pauses.pause(Duration::ZERO);
        asked.map_err(|cut| ureq::Error::Other(Box::new(cut)))
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

impl<T> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

impl<In: Transport> Connector<In> for Watch {
    type Out = Watched<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Watched<In>>, ureq::Error> {
        self.go_on()?;
        let goes = if self.proxy.as_ref() == Some(details.uri) {
            Goes::ToTheProxy
        } else {
            Goes::ToTheTarget
        };
        Ok(chained.map(|inner| Watched {
            inner,
            watch: self.clone(),
            goes,
        }))
    }
}

impl<T: Transport> Transport for Watched<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.watch.go_on()?;
        if self.goes == Goes::ToTheTarget {
            self.watch.sent.store(true, Ordering::SeqCst);
        }
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let start = Instant::now();
        let timeout = timeout.for_read();
        loop {
            self.watch.go_on()?;
            let left = match timeout.after {
                Span::Exact(after) => after.saturating_sub(start.elapsed()),
                Span::NotHappening => SLICE,
            };
            if left.is_zero() {
                return Err(ureq::Error::Timeout(timeout.reason));
            }
            let slice = NextTimeout {
                after: Span::Exact(left.min(SLICE)),
                ..timeout
            };
            match self.inner.await_input(slice) {
                Err(ureq::Error::Timeout(_)) => {}
                other => return other,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
