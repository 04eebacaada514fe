//! Answers that came with an `ETag`: whoever asks the same again says which answer is known, and the
//! platform may say that it still holds instead of sending it once more.
//!
//! They are known to one [`Client`](super::Client), in memory, for as long as it is there: on disk
//! they would spare bytes and no request, as a question whose answer still holds counts against the
//! limits like any other. What was known before something was changed is forgotten, so that whatever
//! is read back is sent whole.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ureq::http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::answer::header_text;
use super::error::{ClientError, RequestContext};

/// How many bytes are known at most, with the addresses that they were answered at.
const MOST: usize = 32 << 20;
/// The longest tag that is taken.
const TAG: usize = 256;

/// What was answered, by the whole address of its question.
#[derive(Default)]
pub(super) struct Known(Mutex<Held>);

#[derive(Default)]
struct Held {
    answers: BTreeMap<Url, Marked>,
    bytes: usize,
    /// Of the answer that was known last.
    turn: u64,
}

/// An answer and its tag.
#[derive(Clone)]
pub(super) struct Marked {
    tag: HeaderValue,
    body: Arc<[u8]>,
    turn: u64,
}

impl Marked {
    /// As it stands in `If-None-Match`.
    pub(super) const fn tag(&self) -> &HeaderValue {
        &self.tag
    }
}

/// The tag of an answer, if it is one (RFC 9110, 8.8.3).
fn tag_of(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut tags = headers.get_all(header::ETAG).iter();
    let tag = tags.next().filter(|_| tags.next().is_none())?;
    let opaque = opaque(tag);
    let quoted = opaque.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut bytes = quoted.iter();
    let is_one = bytes.all(|byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..));
    (is_one && tag.len() <= TAG).then(|| tag.clone())
}

/// What two tags are compared by: whether the same bytes were meant is not asked.
fn opaque(tag: &HeaderValue) -> &[u8] {
    let bytes = tag.as_bytes();
    bytes.strip_prefix(b"W/").unwrap_or(bytes)
}

impl Known {
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was answered at an address.
    pub(super) fn at(&self, url: &Url) -> Option<Marked> {
        self.held().answers.get(url).cloned()
    }

    /// Keeps what was answered at an address, if it has a tag, in place of what was known of it.
    pub(super) fn keep(&self, url: &Url, headers: &HeaderMap, body: &[u8]) {
        let mut held = self.held();
        held.forget(url);
        let size = size_of(url, body.len());
        let Some(tag) = tag_of(headers).filter(|_| size <= MOST) else {
            return;
        };
        while held.bytes.saturating_add(size) > MOST {
            let mut answers = held.answers.iter();
            let first = answers.next();
            let oldest = answers.fold(first, |oldest, answer| match oldest {
                Some((_, marked)) if marked.turn < answer.1.turn => oldest,
                Some(_) | None => Some(answer),
            });
            let Some(oldest) = oldest.map(|(url, _)| url.clone()) else {
                break;
            };
            held.forget(&oldest);
        }
        held.turn += 1;
        held.bytes += size;
        let marked = Marked {
            tag,
            body: body.into(),
            turn: held.turn,
        };
        held.answers.insert(url.clone(), marked);
    }

    /// Forgets everything: something is being changed.
    pub(super) fn forget(&self) {
        *self.held() = Held::default();
    }
}

impl Held {
    fn forget(&mut self, url: &Url) {
        if let Some(marked) = self.answers.remove(url) {
            self.bytes = self.bytes.saturating_sub(size_of(url, marked.body.len()));
        }
    }
}

fn size_of(url: &Url, body: usize) -> usize {
    url.as_str().len().saturating_add(body)
}

/// What an answer says that says no more than that what is known still holds.
///
/// # Errors
/// If it was not asked, or it speaks of another answer.
pub(super) fn unchanged(
    asked: Option<Marked>,
    at: &RequestContext,
    headers: &HeaderMap,
    shown: impl Fn(&str) -> String,
) -> Result<Arc<[u8]>, ClientError> {
    let told = header_text(headers, header::ETAG.as_str());
    let unreadable = |expected: &str| ClientError::Unreadable {
        at: at.clone(),
        status: 304,
        expected: expected.to_owned(),
        found: shown(told.as_deref().unwrap_or_default()),
    };
    let Some(known) = asked else {
        return Err(unreadable(
            "it says that nothing changed, and it was not asked whether something did",
        ));
    };
    match headers.get(header::ETAG) {
        Some(tag) if opaque(tag) != opaque(&known.tag) => Err(unreadable(
            "it says that nothing changed, and means another answer than the one that is known",
        )),
        Some(_) | None => Ok(known.body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(n: usize) -> Url {
        format!("https://h.example/api/recipes?page={n}")
            .parse()
            .expect("an address")
    }

    fn tagged(tag: &str) -> HeaderMap {
        let tag = HeaderValue::from_str(tag).expect("a value");
        [(header::ETAG, tag)].into_iter().collect()
    }

    #[test]
    fn what_is_no_tag_is_not_kept() {
        let long = format!("\"{}\"", "x".repeat(TAG));
        for (tag, is_one) in [
            ("\"\"", true),
            ("\"a-1_/+\"", true),
            ("W/\"a\"", true),
            ("a", false),
            ("\"a", false),
            ("w/\"a\"", false),
            ("\"a\" \"b\"", false),
            ("\"a\", \"b\"", false),
            ("\"", false),
            ("*", false),
            (&long, false),
        ] {
            let known = Known::default();
            known.keep(&url(1), &tagged(tag), b"[]");
            assert_eq!(known.at(&url(1)).is_some(), is_one, "{tag}");
        }
        let known = Known::default();
        known.keep(&url(1), &tagged("\"a\""), b"[]");
        let mut two = tagged("\"b\"");
        two.append(header::ETAG, HeaderValue::from_static("\"c\""));
        // What has none now had one once, and is not what is there any more.
        known.keep(&url(1), &two, b"[1]");
        assert!(known.at(&url(1)).is_none());
    }

    #[test]
    fn no_more_is_kept_than_may_be() {
        let known = Known::default();
        let body = vec![0; MOST / 4];
        for n in 1..=9 {
            known.keep(&url(n), &tagged("\"a\""), &body);
            // The first one is asked for again and again, and gets newer each time.
            known.keep(&url(1), &tagged("\"a\""), &body);
            let held = known.held();
            let sizes = held.answers.iter();
            let all: usize = sizes
                .map(|(url, marked)| size_of(url, marked.body.len()))
                .sum();
            assert_eq!(held.bytes, all);
            assert!(all <= MOST, "{all}");
        }
        let there: Vec<usize> = (1..=9).filter(|n| known.at(&url(*n)).is_some()).collect();
        assert_eq!(there, [1, 8, 9]);
        known.keep(&url(2), &tagged("\"a\""), &vec![0; MOST]);
        assert!(known.at(&url(2)).is_none());
        known.forget();
        assert!(known.at(&url(1)).is_none());
        assert_eq!(known.held().bytes, 0);
    }
}
