//! Connections: how many there are, and when they are cut.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};

/// How many connections there are at once. With them, a process stays below 1024 open files.
const MOST: usize = 384;
/// How long a client may not take anything of what is sent to it.
const STALLED: Duration = Duration::from_secs(20);

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<Vec<Arc<Line>>>);

/// One connection.
#[derive(Debug)]
pub(super) struct Line {
    /// How many of its requests are worked on.
    requests: AtomicUsize,
    /// Since when it waits for a request.
    waits_since: Mutex<Instant>,
    cut: Notify,
}

/// Held while a request of a connection is worked on.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Line>);

impl Line {
    /// A request has come in.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.requests.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(self))
    }

    pub(super) fn is_busy(&self) -> bool {
        self.requests.load(Ordering::SeqCst) > 0
    }

    /// Waits until it is to be cut.
    pub(super) async fn cut(&self) {
        self.cut.notified().await;
    }

    fn since(&self) -> Instant {
        *self
            .waits_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut since = self
            .0
            .waits_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *since = Instant::now();
        self.0.requests.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Connections {
    /// Takes a connection in. If there are too many, the one that has waited longest for a request
    /// gives way; none is taken in if all have one.
    pub(super) fn open(&self) -> Option<Arc<Line>> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= MOST {
            let waiting = lines.iter().enumerate().filter(|(_, line)| !line.is_busy());
            let (index, _) = waiting.min_by_key(|(_, line)| line.since())?;
            lines.swap_remove(index).cut.notify_one();
        }
        let line = Arc::new(Line {
            requests: AtomicUsize::new(0),
            waits_since: Mutex::new(Instant::now()),
            cut: Notify::new(),
        });
        lines.push(Arc::clone(&line));
        Some(line)
    }

    /// A connection is closed.
    pub(super) fn close(&self, line: &Arc<Line>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|known| !Arc::ptr_eq(known, line));
    }

    /// Whether a request is worked on.
    pub(super) fn are_busy(&self) -> bool {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().any(|line| line.is_busy())
    }
}

/// A stream that gives up when the other side takes nothing any more.
pub(super) struct WriteTimeout<S> {
    stream: S,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteTimeout<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self {
            stream,
            stalled: None,
        }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALLED)));
        ready!(std::future::Future::poll(stalled.as_mut(), context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: Read + Unpin> Read for WriteTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Write + Unpin> Write for WriteTimeout<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.judge(context, written)
    }
}
