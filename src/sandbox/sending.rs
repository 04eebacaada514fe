//! Sending answers, packages as they are read.

use std::collections::VecDeque;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::io::AsyncReadExt as _;

use super::reply::{Content, Reply};
use crate::serving::Busy;

/// How much of a package is read at once, in bytes.
const PIECE: usize = 64 << 10;
/// How long sending may take, beside a second for a megabyte.
const SENDING: Duration = Duration::from_secs(30);

/// The body of an answer.
pub(super) struct Answered {
    bytes: VecDeque<Bytes>,
    file: Option<tokio::fs::File>,
    left: u64,
    buffer: Vec<u8>,
    /// How much of it is sent before it breaks off.
    cut_after: Option<u64>,
    until: Instant,
    /// The connection has work until all is sent.
    _busy: Option<Busy>,
}

impl Answered {
    fn nothing() -> Self {
        Self {
            bytes: VecDeque::new(),
            file: None,
            left: 0,
            buffer: Vec::new(),
            cut_after: None,
            until: Instant::now() + SENDING,
            _busy: None,
        }
    }

    /// Breaks off in the middle.
    pub(super) fn cut(&mut self) {
        self.cut_after = Some(self.left / 2);
    }

    /// Keeps its connection until it is sent.
    pub(super) fn keep(&mut self, busy: Busy) {
        self._busy = Some(busy);
    }

    /// The next piece; none at the end.
    fn piece(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(bytes) = self.bytes.pop_front() {
            return Poll::Ready(Some(Ok(bytes)));
        }
        let Some(file) = &mut self.file else {
            return Poll::Ready(None);
        };
        if Instant::now() > self.until {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        self.buffer.resize(PIECE, 0);
        // The file remembers what it is doing between two polls.
        let mut read = std::pin::pin!(file.read(&mut self.buffer));
        match read.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Ready(Ok(0)) => {
                self.file = None;
                Poll::Ready(None)
            }
            Poll::Ready(Ok(count)) => {
                Poll::Ready(Some(Ok(Bytes::copy_from_slice(&self.buffer[..count]))))
            }
        }
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        if this.cut_after == Some(0) {
            return Poll::Ready(Some(Err(io::Error::other("cut on purpose"))));
        }
        match this.piece(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
            Poll::Ready(Some(Ok(mut bytes))) => {
                if let Some(after) = &mut this.cut_after {
                    bytes.truncate(usize::try_from(*after).unwrap_or(usize::MAX));
                    *after -= bytes.len() as u64;
                }
                this.left = this.left.saturating_sub(bytes.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.file.is_none() && self.cut_after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

pub(super) async fn response(reply: Reply) -> Response<Answered> {
    let mut body = Answered::nothing();
    let mut kind = None;
    let mut status = reply.status;
    match reply.body {
        Content::Nothing => {}
        Content::Json(value) => {
            let bytes = Bytes::from(value.to_string());
            body.left = bytes.len() as u64;
            body.bytes.push_back(bytes);
            kind = Some("application/json");
        }
        Content::File(path) => match tokio::fs::File::open(path).await {
            Ok(file) => {
                body.left = file.metadata().await.map_or(0, |metadata| metadata.len());
                body.until += Duration::from_secs(body.left >> 20);
                body.file = Some(file);
                kind = Some("application/zip");
            }
            Err(_) => status = 404,
        },
    }
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(kind) = kind {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}
