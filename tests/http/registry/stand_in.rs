//! A registry of ours, which does as it is told: it knows of subjects or not, and lies.
//!
//! One that lists attachments itself could not be found among the packages of systems, so that this
//! stands for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use recipack::model::ident::Digest;
use serde_json::{Value, json};

use crate::stage::{Asked, Stage, Told};

pub(crate) const REPOSITORY: &str = "kestrel/orders";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Whether it lists what is attached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subjects {
    Known,
    Unknown,
}

/// What was brought to it.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    /// Type and bytes by digest.
    pub(crate) manifests: BTreeMap<String, (String, Vec<u8>)>,
    /// Digests by tag.
    pub(crate) tags: BTreeMap<String, String>,
}

pub(crate) struct StandIn {
    stage: Stage,
    pub(crate) kept: Arc<Mutex<Kept>>,
}

pub(crate) fn told(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Told {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Told {
        status,
        headers: headers.collect(),
        body: body.into(),
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", Digest::of(bytes))
}

fn absent() -> Told {
    told(
        404,
        &[],
        r#"{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "not here"}]}"#,
    )
}

impl StandIn {
    /// One that answers rightly.
    pub(crate) fn honest(subjects: Subjects) -> Self {
        Self::lying(subjects, |_, _| None)
    }

    /// One that answers with a lie where there is one.
    pub(crate) fn lying(
        subjects: Subjects,
        lie: impl Fn(&Asked, &Mutex<Kept>) -> Option<Told> + Send + Sync + 'static,
    ) -> Self {
        let kept = Arc::<Mutex<Kept>>::default();
        let here = Arc::clone(&kept);
        let stage = Stage::new(move |asked| match lie(asked, &here) {
            Some(lie) => lie,
            None => answer(asked, subjects, &mut here.lock().expect("whole")),
        });
        Self { stage, kept }
    }

    /// Host and port.
    pub(crate) fn host(&self) -> String {
        self.stage.url().replace("http://", "")
    }

    /// The repository, as an address.
    pub(crate) fn at(&self, selector: &str) -> String {
        format!("oci://{}/{REPOSITORY}{selector}", self.host())
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.stage.asked()
    }

    /// The document that a tag points to.
    pub(crate) fn tagged(&self, tag: &str) -> Value {
        let kept = self.kept.lock().expect("whole");
        let digest = kept.tags.get(tag).expect("a tag");
        serde_json::from_slice(&kept.manifests[digest].1).expect("a document")
    }

    pub(crate) fn tags(&self) -> Vec<String> {
        self.kept
            .lock()
            .expect("whole")
            .tags
            .keys()
            .cloned()
            .collect()
    }
}

fn answer(asked: &Asked, subjects: Subjects, kept: &mut Kept) -> Told {
    let Some(rest) = asked.path.strip_prefix(&format!("/v2/{REPOSITORY}/")) else {
        return told(200, &[], "{}");
    };
    let head = asked.method == "HEAD";
    let parts: Vec<&str> = rest.split('/').collect();
    match (asked.method.as_str(), parts.as_slice()) {
        ("GET", ["tags", "list"]) => {
            let tags: Vec<_> = kept.tags.keys().collect();
            told(
                200,
                &[],
                json!({"name": REPOSITORY, "tags": tags}).to_string(),
            )
        }
        ("GET", ["manifests", name]) => {
            let digest = kept.tags.get(*name).map_or(*name, String::as_str);
            match kept.manifests.get(digest) {
                Some((kind, bytes)) => told(
                    200,
                    &[("Content-Type", kind), ("Docker-Content-Digest", digest)],
                    bytes.clone(),
                ),
                None => absent(),
            }
        }
        ("PUT", ["manifests", name]) => {
            let found = digest(&asked.body);
            let kind = asked.headers["content-type"].clone();
            kept.manifests
                .insert(found.clone(), (kind, asked.body.clone()));
            if !name.starts_with("sha256:") {
                kept.tags.insert((*name).to_owned(), found.clone());
            }
            let manifest: Value = serde_json::from_slice(&asked.body).expect("JSON");
            let subject = manifest["subject"]["digest"].as_str();
            let mut headers = vec![("Docker-Content-Digest", found.as_str())];
            if let (Some(subject), Subjects::Known) = (subject, subjects) {
                headers.push(("OCI-Subject", subject));
            }
            told(201, &headers, "")
        }
        ("GET" | "HEAD", ["blobs", name]) => match kept.blobs.get(*name) {
            Some(_) if head => told(200, &[], ""),
            Some(bytes) => told(200, &[], bytes.clone()),
            None => told(404, &[], ""),
        },
        ("POST", ["blobs", "uploads", ""]) => {
            let to = format!("/v2/{REPOSITORY}/blobs/uploads/1");
            told(202, &[("Location", &to)], "")
        }
        ("PUT", ["blobs", "uploads", "1"]) => {
            let found = digest(&asked.body);
            if asked.query.get("digest") != Some(&found) {
                return told(400, &[], r#"{"errors": [{"code": "DIGEST_INVALID"}]}"#);
            }
            kept.blobs.insert(found, asked.body.clone());
            told(201, &[], "")
        }
        ("GET", ["referrers", subject]) if subjects == Subjects::Known => {
            let mut found = Vec::new();
            for (digest, (kind, bytes)) in &kept.manifests {
                let manifest: Value = serde_json::from_slice(bytes).expect("JSON");
                if kind == MANIFEST && manifest["subject"]["digest"] == **subject {
                    found.push(json!({
                        "mediaType": kind, "digest": digest, "size": bytes.len(),
                        "artifactType": manifest["artifactType"], "annotations": manifest["annotations"],
                    }));
                }
            }
            let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": found});
            told(200, &[("Content-Type", INDEX)], index.to_string())
        }
        _ => told(404, &[], ""),
    }
}
