//! Something between the program and a sandbox: it hands on what it is asked, keeps it, and spoils
//! answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::stage::{Asked, Stage, Told};
use crate::support::sandbox::Sandbox;

/// What happens to a request.
pub(crate) enum Fate {
    /// It is handed on, and so is its answer.
    Passes,
    /// It is handed on, and this is answered.
    Spoiled(Told),
    /// It is not handed on, and this is answered.
    Kept(Told),
    /// It is handed on, and what is answered is another answer.
    Edited(fn(Told) -> Told),
}

type Rule = dyn Fn(&Asked, usize) -> Fate + Send + Sync;

/// A stand-in that knows the way to the sandbox.
pub(crate) struct Between {
    stage: Stage,
    rule: Arc<Mutex<Arc<Rule>>>,
}

impl Between {
    /// Hands everything on.
    pub(crate) fn of(sandbox: &Sandbox) -> Self {
        let rule: Arc<Mutex<Arc<Rule>>> = Arc::new(Mutex::new(Arc::new(|_, _| Fate::Passes)));
        let (own, url) = (Arc::clone(&rule), sandbox.url.clone());
        let count = Mutex::new(0);
        let stage = Stage::new(move |asked| {
            let number = {
                let mut count = count.lock().expect("not poisoned");
                *count += 1;
                *count
            };
            let rule = Arc::clone(&own.lock().expect("not poisoned"));
            match rule(asked, number) {
                Fate::Passes => handed_on(&url, asked),
                Fate::Spoiled(told) => {
                    let _ = handed_on(&url, asked);
                    told
                }
                Fate::Kept(told) => told,
                Fate::Edited(edit) => edit(handed_on(&url, asked)),
            }
        });
        Self { stage, rule }
    }

    /// What happens from now on. Requests are numbered from 1.
    pub(crate) fn rule(&self, rule: impl Fn(&Asked, usize) -> Fate + Send + Sync + 'static) {
        *self.rule.lock().expect("not poisoned") = Arc::new(rule);
    }

    pub(crate) fn url(&self) -> String {
        self.stage.url()
    }

    /// Methods and paths of what it was asked.
    pub(crate) fn lines(&self) -> Vec<String> {
        let asked = self.stage.asked();
        let lines = asked.iter();
        lines
            .map(|asked| format!("{} {}", asked.method, asked.path))
            .collect()
    }

    /// Those of them that change something, but for what reading a workspace takes.
    pub(crate) fn changes(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.retain(|line| {
            !line.starts_with("GET ")
                && !line.contains("/export_manifests")
                && !line.contains("/packages/export/")
        });
        lines
    }
}

/// Whether a request changes something, but for what reading a workspace takes.
pub(crate) fn is_change(asked: &Asked) -> bool {
    asked.method != "GET"
        && !asked.path.contains("/export_manifests")
        && !asked.path.contains("/packages/export/")
}

fn handed_on(url: &str, asked: &Asked) -> Told {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build()
        .into();
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&asked.query)
        .finish();
    let mut request = ureq::http::Request::builder()
        .method(asked.method.as_str())
        .uri(format!("{url}{}?{query}", asked.path));
    for name in ["authorization", "content-type", "accept"] {
        if let Some(value) = asked.headers.get(name) {
            request = request.header(name, value);
        }
    }
    let request = request.body(asked.body.clone()).expect("a request");
    let mut answer = agent.run(request).expect("the sandbox answers");
    let names = ["location", "content-type", "retry-after"];
    let headers: BTreeMap<String, String> = names
        .iter()
        .filter_map(|name| {
            let value = answer.headers().get(*name)?.to_str().ok()?;
            Some(((*name).to_owned(), value.to_owned()))
        })
        .collect();
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(1 << 30).read_to_vec();
    Told {
        status,
        headers,
        body: body.expect("a body"),
    }
}
