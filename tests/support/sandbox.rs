//! A sandbox as a process, and the program against it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::{Place, Run, copy, fixture};

/// A sandbox that serves the platform of a place, until it is dropped.
pub(crate) struct Sandbox {
    child: Child,
    /// The root of its API.
    pub(crate) url: String,
}

impl Sandbox {
    /// Starts one for the platform `p.db`.
    pub(crate) fn of(place: &Place, options: &[&str]) -> Self {
        let mut command = place.command();
        command.env("RECIPACK_PLATFORM", place.path("p.db"));
        command.arg("sandbox").args(options);
        let log = std::fs::File::create(place.path("sandbox.log")).expect("a log");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("it says where it listens");
        let url = line.trim().strip_prefix("listening on ");
        let url = url.unwrap_or_else(|| panic!("it does not listen: {line}"));
        Self {
            url: url.to_owned(),
            child,
        }
    }

    /// Sends it a signal, and says its exit code.
    pub(crate) fn signal(mut self, name: &str) -> i32 {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill runs").success());
        let status = self.child.wait().expect("it ends");
        status.code().unwrap_or(-1)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The token of a workspace.
pub(crate) fn token(place: &Place, workspace: &str) -> String {
    let run = place.run([
        "sandbox",
        "--token",
        workspace,
        "--platform",
        place.path("p.db").to_str().expect("UTF-8"),
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout.trim().to_owned()
}

/// The program, with a workspace's token.
pub(crate) fn command(place: &Place, sandbox: &str, token: &str, arguments: &[&str]) -> Command {
    let mut command = place.command();
    command.env("HOME", place.path("home"));
    command.env("XDG_STATE_HOME", place.path("state"));
    command.env("WORKATO_API_TOKEN", token);
    command.env("WORKATO_HOST", sandbox);
    command.args(arguments);
    command
}

/// A partner: the admin workspace `studio`, its customer `kestrel` (`K-1`), the account `osprey`, and
/// the packages `customer.zip` and `external.zip`.
pub(crate) fn partner() -> Place {
    let place = Place::new();
    copy(&fixture("partner"), &place.path("partner"));
    let catalogue = fixture("catalogs/shared.json");
    let catalogue = catalogue.to_str().expect("UTF-8");
    for arguments in [
        &[
            "workspace",
            "create",
            "studio",
            "--kind",
            "admin",
            "--id",
            "48213",
            "--catalog",
            catalogue,
        ][..],
        &[
            "workspace",
            "create",
            "kestrel",
            "--kind",
            "customer",
            "--of",
            "studio",
            "--external-id",
            "K-1",
        ],
        &["workspace", "create", "osprey", "--kind", "external"],
        &[
            "export",
            "partner",
            "--for",
            "customer",
            "--catalog",
            catalogue,
            "-o",
            "customer.zip",
        ],
        &[
            "export",
            "partner",
            "--for",
            "external",
            "--catalog",
            catalogue,
            "-o",
            "external.zip",
        ],
    ] {
        done(&local(&place, arguments), arguments);
    }
    place
}

/// Runs a command with the platform of the place itself.
pub(crate) fn local(place: &Place, arguments: &[&str]) -> Run {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.args(arguments).output().expect("it starts").into()
}

/// Has it succeeded.
#[track_caller]
pub(crate) fn done(run: &Run, arguments: &[&str]) {
    assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
}

/// Makes the partner's project a package for an external account.
pub(crate) fn export_external(place: &Place, output: &str) {
    let catalogue = fixture("catalogs/shared.json");
    let catalogue = catalogue.to_str().expect("UTF-8");
    let words = ["export", "partner", "--for", "external"];
    let export = [&words[..], &["--catalog", catalogue, "-o", output]].concat();
    done(&local(place, &export), &export);
}

/// The partner, with its package in `osprey` and a recipe of it that runs.
pub(crate) fn partner_running(recipe: &str) -> Place {
    let place = partner();
    for arguments in [
        &["import", "external.zip", "--into", "local:osprey"][..],
        &["connection", "authorize", "--all", "--in", "local:osprey"],
        &["recipe", "start", recipe, "--in", "local:osprey"],
    ] {
        done(&local(&place, arguments), arguments);
    }
    place
}
