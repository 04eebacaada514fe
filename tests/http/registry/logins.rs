//! Who is told a login, and where it is from.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::stand_in::{StandIn, Subjects, told};
use super::{PASSWORD, USER, command, ends, log_in, place};
use crate::support::Run;

fn basic() -> String {
    use base64::Engine as _;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    format!("Basic {pair}")
}

#[test]
fn a_token_is_had_with_the_login_and_used_instead_of_it() {
    let own = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let host = std::sync::Arc::clone(&own);
    let registry = StandIn::lying(Subjects::Unknown, move |asked, _| {
        let authorization = asked.headers.get("authorization");
        if asked.path == "/token" {
            let right = authorization == Some(&basic()) && asked.query["service"] == "orders";
            return Some(match right {
                true => told(200, &[], r#"{"token": "canary-handed-out"}"#),
                false => told(401, &[], "{}"),
            });
        }
        let scope = match asked.method.as_str() {
            "GET" => "repository:kestrel/orders:pull",
            _ => "repository:kestrel/orders:pull,push",
        };
        let realm = format!(
            "Bearer realm=\"http://{}/token\",service=\"orders\",scope=\"{scope}\"",
            host.get()?
        );
        let known = authorization.is_some_and(|it| it == "Bearer canary-handed-out");
        let asks = asked.path.contains("/kestrel/") && !known;
        asks.then(|| told(401, &[("WWW-Authenticate", &realm)], "{}"))
    });
    own.set(registry.host()).expect("once");
    let place = place();
    let at = registry.at(":1.0");
    ends(&place, &["push", "orders.zip", &at], 77, "registry-login");
    log_in(&place, &registry.host());
    super::done(&place, &["push", "orders.zip", &at]);
    let tokens = registry
        .asked()
        .into_iter()
        .filter(|asked| asked.path == "/token");
    let scopes: Vec<_> = tokens.map(|asked| asked.query["scope"].clone()).collect();
    assert!(
        scopes.iter().any(|scope| scope.ends_with(":pull")),
        "{scopes:?}"
    );
    let own = registry
        .asked()
        .into_iter()
        .filter(|asked| asked.path != "/token");
    for asked in own {
        let told = asked.headers.get("authorization");
        assert!(
            told.is_none_or(|told| told.starts_with("Bearer ")),
            "{asked:?}"
        );
    }
}

#[test]
fn a_program_that_keeps_logins_gets_the_host_and_none_of_our_secrets() {
    let registry = StandIn::lying(Subjects::Unknown, |asked, _| {
        let known = asked.headers.get("authorization") == Some(&basic());
        let asks = asked.path.contains("/kestrel/") && !known;
        asks.then(|| told(401, &[("WWW-Authenticate", "Basic realm=x")], "{}"))
    });
    let place = place();
    let helper = place.write(
        "bin/docker-credential-canned",
        &format!(
            "#!/bin/sh\nenv >\"$0.environment\"\ncat >\"$0.asked\"\n[ \"$1\" = get ] && printf '{{\"ServerURL\": \"\", \"Username\": \"{USER}\", \"Secret\": \"{PASSWORD}\"}}'\n"
        ),
    );
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).expect("set");
    place.write(
        "docker/config.json",
        r#"{"credsStore": "canned", "auths": {}}"#,
    );
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    let run: Run = command(&place, &["push", "orders.zip", &registry.at(":1.0")])
        .env("PATH", path)
        .env("WORKATO_API_TOKEN", "canary-of-the-platform")
        .env("RECIPACK_SIGN_PASSWORD", "canary-of-a-key")
        .env("RECIPACK_TOKEN_FILE", "canary-file")
        .output()
        .expect("it starts")
        .into();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("canary"));
    let read = |name: &str| fs::read_to_string(place.path("bin").join(name)).expect("there");
    assert_eq!(read("docker-credential-canned.asked"), registry.host());
    let environment = read("docker-credential-canned.environment");
    assert!(environment.contains("PATH="), "{environment}");
    assert!(!environment.contains("canary"), "{environment}");
}

#[test]
fn a_login_that_can_not_be_had_is_told_and_nothing_is_sent() {
    let registry = StandIn::lying(Subjects::Unknown, |asked, _| {
        let asks = asked.path.contains("/kestrel/");
        asks.then(|| told(401, &[("WWW-Authenticate", "Basic realm=x")], "{}"))
    });
    let place = place();
    let at = registry.at(":1.0");
    for (config, words) in [
        ("{", "it is not as docker writes it"),
        (r#"{"credsStore": "../canary"}"#, "no name of a program"),
        (r#"{"credsStore": "nowhere"}"#, "docker-credential-nowhere"),
    ] {
        place.write("docker/config.json", config);
        let run: Run = command(&place, &["push", "orders.zip", &at])
            .output()
            .expect("it starts")
            .into();
        assert_eq!(run.code, 77, "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    let mut asked = registry.asked().into_iter();
    assert!(asked.all(|asked| !asked.headers.contains_key("authorization")));
}

#[test]
fn a_login_for_another_host_is_not_told() {
    let registry = StandIn::lying(Subjects::Unknown, |asked, _| {
        let asks = asked.path.contains("/kestrel/");
        asks.then(|| told(401, &[("WWW-Authenticate", "Basic realm=x")], "{}"))
    });
    let place = place();
    log_in(&place, "registry.example");
    ends(
        &place,
        &["push", "orders.zip", &registry.at(":1.0")],
        77,
        "registry-login",
    );
    let mut asked = registry.asked().into_iter();
    assert!(asked.all(|asked| !asked.headers.contains_key("authorization")));
}
