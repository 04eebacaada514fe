//! Tags of answers: whoever says which answer is known already gets none where it still holds
//! (RFC 9110, 13.1.2). Whether the platform does so is not documented; clients have to live with
//! either.

use hyper::header::IF_NONE_MATCH;
use hyper::{HeaderMap, Method};

use super::reply::{Content, Reply};
use crate::model::ident::Digest;

/// What a question says of the answers that are known.
pub(super) struct Asked {
    tags: Vec<String>,
    reads: bool,
}

/// What two tags are compared by.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

impl Asked {
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let told = headers.get_all(IF_NONE_MATCH).iter();
        let told = told.filter_map(|value| value.to_str().ok());
        let tags = told.flat_map(|value| value.split(','));
        Self {
            tags: tags.map(|tag| opaque(tag.trim()).to_owned()).collect(),
            reads: method == Method::GET,
        }
    }

    /// The answer with its tag, or no more than that it is known.
    pub(super) fn told(&self, reply: Reply) -> Reply {
        let Content::Json(value) = &reply.body else {
            return reply;
        };
        if !self.reads || reply.status != 200 {
            return reply;
        }
        let digest = Digest::of(value.to_string().as_bytes()).to_string();
        let tag = format!("\"{}\"", digest.get(..32).unwrap_or(&digest));
        let known = self.tags.iter().any(|known| *known == tag || known == "*");
        let mut reply = reply.header("etag", format!("W/{tag}"));
        if known {
            reply.status = 304;
            reply.body = Content::Nothing;
        }
        reply
    }
}
