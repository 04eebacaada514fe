//! Packages in registries: what is sent, what is believed, and who is told a login.

mod at_once;
mod debian;
mod honest;
mod layouts;
mod logins;
mod lying;
mod stand_in;

use std::fs;
use std::process::Command;

use crate::support::{Place, Run, place_with};

/// A login that nobody but the registry is to see.
pub(crate) const USER: &str = "joe";
pub(crate) const PASSWORD: &str = "canary-open-sesame";

/// A place with the package `orders.zip` and its record, and another package.
pub(crate) fn place() -> Place {
    let place = place_with(&["partner", "keys/test.key", "keys/test.pub"]);
    let export = ["export", "partner", "--for", "external", "--quiet", "-o"];
    let without = ["--exclude", "Orders/gold.loyalty_card.json"];
    for (name, more) in [("orders.zip", &[][..]), ("other.zip", &without)] {
        let run = place.run([&export[..], &[name], more].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    place
}

/// The program with logins of a file in the place.
pub(crate) fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command();
    command.env("DOCKER_CONFIG", place.path("docker"));
    command.args(arguments);
    command
}

pub(crate) fn run(place: &Place, arguments: &[&str]) -> Run {
    command(place, arguments)
        .output()
        .expect("it starts")
        .into()
}

/// A run that has to succeed.
pub(crate) fn done(place: &Place, arguments: &[&str]) -> String {
    let run = run(place, arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
    run.stdout
}

/// A run that has to end with this exit code and this error, and tells no secret.
pub(crate) fn ends(place: &Place, arguments: &[&str], code: i32, error: &str) -> String {
    let run = run(place, arguments);
    let told = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.code, code, "{arguments:?}: {told}");
    assert!(told.contains(&format!("error[{error}]")), "{told}");
    assert!(!told.contains("canary"), "{told}");
    told
}

/// A JSON document that a run prints.
pub(crate) fn json(place: &Place, arguments: &[&str]) -> serde_json::Value {
    let text = done(place, &[arguments, &["--json"]].concat());
    serde_json::from_str(&text).expect("a document")
}

/// Keeps a login for a host, as `docker login` does.
pub(crate) fn log_in(place: &Place, host: &str) {
    use base64::Engine as _;
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let text = format!(r#"{{"auths": {{"{host}": {{"auth": "{auth}"}}}}}}"#);
    fs::create_dir_all(place.path("docker")).expect("made");
    fs::write(place.path("docker/config.json"), text).expect("written");
}
