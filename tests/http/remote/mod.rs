//! Workspaces behind the platform's API: the program against a sandbox, both as processes.

mod accepted;
mod addresses;
mod between;
mod budget;
mod canaries;
mod contract;
mod customer_files;
mod customised;
mod damaged;
mod edits;
mod ends;
mod identity;
mod landing;
mod manners;
mod migrate;
mod not_offered;
mod other_writer;
mod promote;
mod reach;
mod real_projects;
mod refusals;
mod rollback;
mod rollout;
mod rollout_canary;
mod rollout_connectors;
mod rollout_jobs;
mod rollout_plans;
mod rollout_waits;
mod settings;
mod settings_connections;
mod settings_endpoints;
mod settings_made;
mod settings_resumed;
mod settings_tables;
mod slim;
mod slim_random;
mod steady;
mod stories;
mod unknown;

use crate::support::sandbox::{Sandbox, command, token};
use crate::support::{Place, Run};
use serde_json::Value;

use between::Between;

/// Whether a text holds no secret, and nothing that a terminal would obey.
#[track_caller]
fn is_harmless(what: &str, text: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!text.contains(secret), "{what}: {secret} in\n{text:?}");
    }
    let obeyed = |c: char| c.is_control() && c != '\n' || recipack::model::path::is_unseen(c);
    if let Some(found) = text.chars().find(|c| obeyed(*c)) {
        panic!("{what}: {found:?} in\n{text:?}");
    }
}

/// The program with the token of one workspace.
struct Caller<'p> {
    place: &'p Place,
    url: String,
    token: String,
}

impl<'p> Caller<'p> {
    fn of(place: &'p Place, sandbox: &Sandbox, workspace: &str) -> Self {
        Self {
            place,
            url: sandbox.url.clone(),
            token: token(place, workspace),
        }
    }

    /// The same, through something in between.
    fn through(&self, between: &Between) -> Caller<'p> {
        Caller {
            place: self.place,
            url: between.url(),
            token: self.token.clone(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = command(self.place, &self.url, &self.token, arguments);
        let run: Run = command.output().expect("it starts").into();
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.contains(&self.token), "the token is shown: {text}");
        }
        run
    }

    #[track_caller]
    fn exits(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(
            run.code, code,
            "{arguments:?}: {}{}",
            run.stdout, run.stderr
        );
        run
    }

    #[track_caller]
    fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let run = self.exits(code, &arguments);
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
    }
}
