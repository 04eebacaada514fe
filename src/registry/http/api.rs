//! The questions of the API: manifests, blobs, tags, and what is attached.

use serde::Deserialize;
use ureq::http::{HeaderMap, header};
use url::Url;

use super::{Ask, Http, Load, Reply};
use crate::client::header_text;
use crate::model::ident::Digest;
use crate::registry::documents::{BlobDigest, Descriptor, INDEX, Index, MANIFEST};
use crate::registry::error::RegistryError;
use crate::registry::reference::{Home, Selector, Tag};
use crate::registry::store::{
    Content, Fetched, Kept, LARGEST_MANIFEST, ListKept, Sink, Store, pour,
};

/// Bytes of an answer with tags.
const TAGS: u64 = 8 << 20;
/// Tags that are asked for at once, and pages after which a list is taken to have no end.
const PAGE: usize = 1000;
const PAGES: usize = 100;

const CONTENT_DIGEST: &str = "docker-content-digest";
const SUBJECT: &str = "oci-subject";

#[derive(Deserialize)]
struct TagList {
    tags: Option<Vec<String>>,
}

impl Http {
    /// Writes a manifest under a tag or its digest.
    fn put(
        &self,
        name: &str,
        manifest: &Descriptor,
        bytes: &[u8],
    ) -> Result<HeaderMap, RegistryError> {
        let url = self.at(&[&self.name, "manifests", name]);
        let what = format!("to keep manifest {name}");
        let ask = Ask::new("PUT", url, what.as_str())
            .header("content-type", manifest.media_type.as_str())
            .header("content-length", bytes.len().to_string())
            .load(Load::Bytes(bytes));
        let reply = self.answer(&ask)?;
        if reply.status != 201 {
            return Err(self.refused(&what, reply));
        }
        let kept = header_text(&reply.headers, CONTENT_DIGEST);
        match kept.filter(|kept| *kept != manifest.digest.to_string()) {
            None => Ok(reply.headers),
            Some(kept) => Err(self.wrong(
                format!("manifest {}", manifest.digest),
                format!("what was kept is {}", self.shown(&kept)),
            )),
        }
    }

    /// Where the rest of a list is, if there is more: `Link: <…>; rel="next"`.
    fn next(&self, what: &str, reply: &Reply) -> Result<Option<Url>, RegistryError> {
        let Some(link) = header_text(&reply.headers, header::LINK.as_str()) else {
            return Ok(None);
        };
        let target = link.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let target = target.filter(|(_, rest)| rest.contains("next"));
        let Some((target, _)) = target else {
            return Ok(None);
        };
        let next = reply.url.join(target).ok();
        match next.filter(|next| self.is_here(next)) {
            Some(next) => Ok(Some(next)),
            None => Err(self.unreadable(what, "its next page is elsewhere")),
        }
    }
}

impl Store for Http {
    fn home(&self) -> &Home {
        &self.home
    }

    fn resolve(&self, tag: &Tag) -> Result<Option<Digest>, RegistryError> {
        let found = self.manifest(&Selector::Tag(tag.clone()))?;
        Ok(found.map(|found| found.digest))
    }

    fn manifest(&self, which: &Selector) -> Result<Option<Fetched>, RegistryError> {
        let name = match which {
            Selector::Tag(tag) => tag.to_string(),
            Selector::Digest(digest) => BlobDigest(*digest).to_string(),
        };
        let what = format!("manifest {name}");
        let url = self.at(&[&self.name, "manifests", &name]);
        let ask = Ask::new("GET", url, what.as_str()).header(
            "accept",
            format!("{MANIFEST}, {INDEX}, application/vnd.docker.distribution.manifest.v2+json"),
        );
        let reply = self.answer(&ask)?;
        match reply.status {
            200 => {}
            404 => return Ok(None),
            _ => return Err(self.refused(&what, reply)),
        }
        let media_type = header_text(&reply.headers, header::CONTENT_TYPE.as_str());
        let media_type = media_type.unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let said = header_text(&reply.headers, CONTENT_DIGEST);
        let bytes = self.body(&what, reply, LARGEST_MANIFEST)?;
        let digest = BlobDigest(Digest::of(&bytes));
        let expected = match which {
            Selector::Digest(digest) => Some(BlobDigest(*digest).to_string()),
            // It may be one that is counted otherwise.
            Selector::Tag(_) => said.filter(|said| said.starts_with("sha256:")),
        };
        match expected.filter(|expected| *expected != digest.to_string()) {
            None => Ok(Some(Fetched {
                bytes,
                digest: digest.0,
                media_type: media_type.to_owned(),
            })),
            Some(expected) => Err(self.wrong(
                what,
                format!(
                    "its digest is {digest}, and {} was to come",
                    self.shown(&expected)
                ),
            )),
        }
    }

    fn blob(&self, blob: &Descriptor, into: &mut Sink<'_>) -> Result<(), RegistryError> {
        let digest = blob.digest.to_string();
        let what = format!("blob {digest}");
        let ask = Ask::new(
            "GET",
            self.at(&[&self.name, "blobs", &digest]),
            what.as_str(),
        );
        let reply = self.answer(&ask)?;
        match reply.status {
            200 => {}
            404 => {
                return Err(RegistryError::Absent {
                    home: self.home.to_string(),
                    what,
                    tags: Vec::new(),
                });
            }
            _ => return Err(self.refused(&what, reply)),
        }
        let mut reader = reply.body.into_with_config().limit(u64::MAX).reader();
        pour(&self.home, blob, &mut reader, into, |error| {
            self.cut_off(&what, error)
        })
    }

    fn keep_blob(&self, blob: &Descriptor, content: Content<'_>) -> Result<Kept, RegistryError> {
        let digest = blob.digest.to_string();
        let what = format!("to keep blob {digest}");
        let there = Ask::new(
            "HEAD",
            self.at(&[&self.name, "blobs", &digest]),
            what.as_str(),
        );
        match self.answer(&there)? {
            reply if reply.status == 200 => return Ok(Kept::Already),
            reply if matches!(reply.status, 401 | 403) => return Err(self.refused(&what, reply)),
            _ => {}
        }
        let url = self.at(&[&self.name, "blobs", "uploads", ""]);
        let begin = Ask::new("POST", url, what.as_str()).header("content-length", "0");
        let reply = self.answer(&begin)?;
        if reply.status != 202 {
            return Err(self.refused(&what, reply));
        }
        let location = header_text(&reply.headers, header::LOCATION.as_str());
        let target = location.and_then(|to| reply.url.join(&to).ok());
        let Some(mut url) = target else {
            return Err(self.unreadable(&what, "it does not say where to"));
        };
        if !self.is_here(&url) {
            return Err(self.written_elsewhere(&what, &url));
        }
        url.query_pairs_mut().append_pair("digest", &digest);
        let ask = Ask::new("PUT", url, what.as_str())
            .header("content-type", "application/octet-stream")
            .header("content-length", blob.size.to_string())
            .load(match content {
                Content::Bytes(bytes) => Load::Bytes(bytes),
                Content::File(path) => Load::File(path, blob.size),
            });
        let reply = self.answer(&ask)?;
        match reply.status {
            201 => Ok(Kept::New),
            _ => Err(self.refused(&what, reply)),
        }
    }

    fn keep_manifest(
        &self,
        manifest: &Descriptor,
        bytes: &[u8],
    ) -> Result<ListKept, RegistryError> {
        let headers = self.put(&manifest.digest.to_string(), manifest, bytes)?;
        Ok(match headers.contains_key(SUBJECT) {
            true => ListKept::ByStore,
            false => ListKept::ByTag,
        })
    }

    fn tag(&self, tag: &Tag, manifest: &Descriptor, bytes: &[u8]) -> Result<(), RegistryError> {
        self.put(tag.as_str(), manifest, bytes).map(drop)
    }

    fn tags(&self) -> Result<Vec<Tag>, RegistryError> {
        let what = "its tags";
        let mut url = self.at(&[&self.name, "tags", "list"]);
        url.query_pairs_mut().append_pair("n", &PAGE.to_string());
        let mut tags: Vec<Tag> = Vec::new();
        for _ in 0..PAGES {
            let reply = self.answer(&Ask::new("GET", url, what))?;
            match reply.status {
                200 => {}
                404 => {
                    return Err(RegistryError::Absent {
                        home: self.host.clone(),
                        what: format!("repository {}", self.name),
                        tags: Vec::new(),
                    });
                }
                _ => return Err(self.refused(what, reply)),
            }
            let next = self.next(what, &reply)?;
            let bytes = self.body(what, reply, TAGS)?;
            let list: TagList = serde_json::from_slice(&bytes)
                .map_err(|error| self.unreadable(what, &error.to_string()))?;
            let named = list.tags.unwrap_or_default();
            tags.extend(named.iter().filter_map(|tag| tag.parse::<Tag>().ok()));
            match next {
                Some(next) => url = next,
                None => {
                    tags.sort();
                    tags.dedup();
                    return Ok(tags);
                }
            }
        }
        Err(self.unreadable(what, "the list has no end"))
    }

    fn attached(&self, subject: Digest) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let subject = BlobDigest(subject).to_string();
        let what = "what is attached";
        let mut url = self.at(&[&self.name, "referrers", &subject]);
        let mut found = Vec::new();
        for page in 0..PAGES {
            let reply = self.answer(&Ask::new("GET", url, what).header("accept", INDEX))?;
            match reply.status {
                200 => {}
                // It knows of no such question.
                400 | 404 | 405 | 501 if page == 0 => return Ok(None),
                _ => return Err(self.refused(what, reply)),
            }
            let next = self.next(what, &reply)?;
            let bytes = self.body(what, reply, LARGEST_MANIFEST)?;
            let list: Index = serde_json::from_slice(&bytes)
                .map_err(|error| self.unreadable(what, &error.to_string()))?;
            found.extend(list.manifests);
            match next {
                Some(next) => url = next,
                None => return Ok(Some(found)),
            }
        }
        Err(self.unreadable(what, "the list has no end"))
    }
}
