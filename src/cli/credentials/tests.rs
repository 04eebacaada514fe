use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use secrecy::ExposeSecret;

use super::*;

const CANARY: &str = "wrkprod-canary-5d1f";

/// A home folder and variables.
struct Home {
    folder: tempfile::TempDir,
    variables: BTreeMap<&'static str, String>,
}

impl Home {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            variables: BTreeMap::new(),
        }
    }

    fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    fn file(self, name: &str, text: &str, mode: u32) -> Self {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
        self
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// As the platform's command line leaves it after `workato init` of two profiles.
    fn with_profiles() -> Self {
        Self::new()
            .file(
                ".workato/profiles",
                r#"{"current_profile": "acme", "profiles": {
                    "acme": {"region": "us", "region_url": "https://www.workato.com", "workspace_id": 42},
                    "beta": {"region": "eu", "region_url": "https://app.eu.workato.com", "workspace_id": 43},
                    "old": {"region": "jp"}}}"#,
                0o600,
            )
            .file(
                ".workato/token_store.json",
                &format!(r#"{{"workato-platform-cli": {{"acme": "{CANARY}", "beta": "beta-token"}}}}"#),
                0o600,
            )
    }

    fn find(&self, wanted: &Wanted) -> Result<Credentials, CredentialError> {
        let variable = |name: &str| match name {
            HOME => Some(self.folder.path().into()),
            other => self.variables.get(other).map(OsString::from),
        };
        Credentials::find(wanted, &Environment(&variable))
    }

    /// Host and token, for what is wanted.
    fn found(&self, wanted: &Wanted) -> (String, String) {
        let found = self.find(wanted).expect("host and token");
        let token = found.token.secret.expose_secret().to_owned();
        (found.base.to_string(), token)
    }

    fn refused(&self, wanted: &Wanted) -> String {
        let error = self.find(wanted).expect_err("refused");
        let told = format!("{error} {error:?} {}", error.help().unwrap_or_default());
        assert!(!told.contains("canary"), "{told}");
        error.to_string()
    }
}

fn at(host: &str) -> Wanted {
    Wanted {
        host: Some(host.parse().expect("a host")),
        profile: None,
    }
}

fn named(profile: &str) -> Wanted {
    Wanted {
        host: None,
        profile: Some(profile.to_owned()),
    }
}

fn pair(host: &str, token: &str) -> (String, String) {
    (host.to_owned(), token.to_owned())
}

const US: &str = "https://www.workato.com";
const EU: &str = "https://app.eu.workato.com";

#[test]
fn token_and_host_from_the_environment_come_first() {
    let home = Home::with_profiles()
        .variable(TOKEN, " env-token\n")
        .variable(HOST, "app.sg.workato.com");
    assert_eq!(
        home.found(&Wanted::default()),
        pair("https://app.sg.workato.com", "env-token")
    );
    let found = home.find(&Wanted::default()).expect("found");
    assert_eq!(found.token.source, TOKEN);
    assert_eq!(found.workspace, None, "no profile was asked");
}

#[test]
fn a_token_alone_goes_where_the_address_says_or_the_profile() {
    let alone = Home::new().variable(TOKEN, "env-token");
    assert_eq!(alone.found(&at(EU)), pair(EU, "env-token"));
    assert!(
        alone
            .refused(&Wanted::default())
            .starts_with("there is no host")
    );
    let home = Home::with_profiles().variable(TOKEN, "env-token");
    assert_eq!(home.found(&Wanted::default()), pair(US, "env-token"));
    assert_eq!(home.found(&named("beta")), pair(EU, "env-token"));
}

#[test]
fn profiles_count_in_their_order() {
    let home = Home::with_profiles();
    assert_eq!(home.found(&Wanted::default()), pair(US, CANARY));
    let found = home.find(&Wanted::default()).expect("found");
    assert_eq!(found.workspace, Some(WorkspaceId(42)));
    assert_eq!(home.found(&named("beta")), pair(EU, "beta-token"));
    let home = home.variable(PROFILE, "beta");
    assert_eq!(home.found(&Wanted::default()), pair(EU, "beta-token"));
    assert_eq!(home.found(&named("acme")), pair(US, CANARY));
}

#[test]
fn the_address_chooses_the_profile_that_is_for_its_host() {
    let home = Home::with_profiles();
    assert_eq!(home.found(&at(US)), pair(US, CANARY));
    assert_eq!(home.found(&at(EU)), pair(EU, "beta-token"));
    let told = home.refused(&at("https://app.au.workato.com"));
    assert!(
        told.contains("0 profiles for https://app.au.workato.com"),
        "{told}"
    );
}

#[test]
fn what_editors_put_around_a_token_is_taken_off_and_what_they_put_in_is_refused() {
    let wanted = Wanted::default();
    for whole in ["\u{feff}wrk-1", "wrk-1\r\n", "\u{feff} wrk-1\n\n"] {
        let home = Home::new()
            .variable(TOKEN, whole)
            .variable(HOST, "\u{feff}https://www.workato.com\r\n");
        assert_eq!(
            home.found(&wanted),
            pair("https://www.workato.com", "wrk-1")
        );
        let home = Home::new().file("token", whole, 0o600);
        let file = home.path("token");
        let home = home
            .variable(TOKEN_FILE, file)
            .variable(HOST, "https://www.workato.com");
        assert_eq!(
            home.found(&wanted),
            pair("https://www.workato.com", "wrk-1")
        );
    }
    for broken in [
        "wrk-\n1",
        "wrk 1",
        "wrk-\u{feff}1",
        "wrk-\u{1b}1",
        "wrk-\u{e9}1",
    ] {
        let home = Home::new()
            .variable(TOKEN, broken)
            .variable(HOST, "https://www.workato.com");
        let told = home.refused(&wanted);
        assert!(
            told.contains("the token from WORKATO_API_TOKEN holds"),
            "{told}"
        );
    }
}

#[test]
fn a_token_is_not_sent_to_another_host() {
    let home = Home::with_profiles().variable(HOST, EU);
    let told = home.refused(&named("acme"));
    assert_eq!(
        told,
        format!("WORKATO_HOST names {EU}, and profile `acme` names {US}")
    );
    let home = home.variable(TOKEN, CANARY);
    assert!(
        home.refused(&at(US))
            .starts_with("the workspace's address names")
    );
    assert!(home.refused(&named("acme")).contains("profile `acme`"));
    let home = Home::with_profiles().variable(PROFILE, "beta");
    assert!(home.refused(&at(US)).contains("profile `beta`"));
}

#[test]
fn a_file_may_hold_the_token_if_nobody_else_may_read_it() {
    let home = Home::new().file("token", "file-token\n", 0o600);
    let path = home.path("token");
    let home = home.variable(TOKEN_FILE, path.clone());
    assert_eq!(home.found(&at(US)), pair(US, "file-token"));
    for mode in [0o644, 0o640, 0o604, 0o620] {
        let home = Home::new().file("token", CANARY, mode);
        let path = home.path("token");
        let home = home.variable(TOKEN_FILE, path.clone());
        let error = home.find(&at(US)).expect_err("open to others");
        assert_eq!(error.help(), Some(format!("chmod 600 {path}")));
        assert!(home.refused(&at(US)).contains(&format!("{mode:03o}")));
    }
    for text in ["", "  \n", &format!("{CANARY} {CANARY}")] {
        let home = Home::new().file("token", text, 0o600);
        let path = home.path("token");
        let told = home.variable(TOKEN_FILE, path).refused(&at(US));
        assert!(told.contains("one token is expected"), "{told}");
    }
    let told = Home::new()
        .variable(TOKEN_FILE, "/nowhere/token")
        .refused(&at(US));
    assert_eq!(told, "can't read /nowhere/token");
}

#[test]
fn kept_tokens_that_others_may_read_are_refused() {
    let store = format!(r#"{{"workato-platform-cli": {{"acme": "{CANARY}"}}}}"#);
    let home = Home::with_profiles().file(".workato/token_store.json", &store, 0o644);
    assert!(home.refused(&Wanted::default()).contains("644"));
}

#[test]
fn what_is_missing_is_told_with_every_place() {
    let told = Home::new().refused(&Wanted::default());
    for place in [
        TOKEN,
        HOST,
        TOKEN_FILE,
        PROFILE,
        ".workato/profiles (not there)",
    ] {
        assert!(told.contains(place), "{place}: {told}");
    }
    let home = Home::with_profiles().file(".workato/token_store.json", "{}", 0o600);
    let told = home.refused(&Wanted::default());
    assert!(told.starts_with("there is no API token"), "{told}");
    assert!(told.contains("nothing for profile `acme`"), "{told}");
    assert!(told.contains("the system's keyring"), "{told}");
    let home = Home::with_profiles().variable(NO_KEYRING, "TRUE");
    let told = home.refused(&Wanted::default());
    assert!(
        told.contains("switched off by WORKATO_DISABLE_KEYRING"),
        "{told}"
    );
    let error = Home::with_profiles()
        .find(&named("gamma"))
        .expect_err("no such");
    assert_eq!(error.help().as_deref(), Some("there are: acme, beta, old"));
}

#[test]
fn profiles_without_an_address_have_their_regions() {
    let home = Home::with_profiles().variable(TOKEN, "env-token");
    assert_eq!(
        home.found(&named("old")),
        pair("https://app.jp.workato.com", "env-token")
    );
}

#[test]
fn broken_files_are_named_and_not_shown() {
    for text in [
        format!("{{\"a\": {CANARY}"),
        format!("\"{CANARY}\""),
        format!("[\"{CANARY}\"]"),
    ] {
        for file in [".workato/token_store.json", ".workato/profiles"] {
            let told = Home::with_profiles()
                .file(file, &text, 0o600)
                .refused(&Wanted::default());
            assert!(told.contains("is not as it should be"), "{told}");
        }
    }
    let odd = Home::with_profiles().file(
        ".workato/profiles",
        r#"{"current_profile": "x", "profiles": {"x": {"region_url": "http://example.test"}}}"#,
        0o600,
    );
    assert!(odd.refused(&Wanted::default()).contains("names no host"));
}

#[test]
fn http_is_for_this_machine_only() {
    let home = Home::new().variable(TOKEN, "env-token");
    let local = home.find(&Wanted::default());
    assert!(local.is_err());
    let home = home.variable(HOST, "http://127.0.0.1:8080");
    assert_eq!(home.found(&Wanted::default()).0, "http://127.0.0.1:8080");
    let home = home.variable(HOST, "http://app.eu.workato.com");
    assert_eq!(
        home.refused(&Wanted::default()),
        "WORKATO_HOST names no host"
    );
}

#[test]
fn tokens_are_not_shown() {
    let home = Home::with_profiles();
    let found = home.find(&Wanted::default()).expect("found");
    assert_eq!(found.token.secret.expose_secret(), CANARY);
    let variable = |_: &str| None;
    let shown = format!("{found:?}");
    let settings = found.settings(&Environment(&variable)).expect("settings");
    assert!(!format!("{shown}{settings:?}").contains("canary"));
}

#[test]
fn proxies_come_from_the_environment() {
    let proxied = |pairs: &[(&str, &str)]| {
        let variable = |name: &str| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        proxy(&Environment(&variable)).expect("text")
    };
    assert_eq!(
        proxied(&[("HTTP_PROXY", "http://p:1")]),
        None,
        "https is spoken"
    );
    let proxy = proxied(&[
        ("https_proxy", "http://u:secret@p:3128"),
        ("ALL_PROXY", "http://other:1"),
        (
            "NO_PROXY",
            "localhost, .internal.test,*.x.test,,example.test",
        ),
    ]);
    let proxy = proxy.expect("a proxy");
    assert_eq!(proxy.url, "http://u:secret@p:3128");
    assert_eq!(
        proxy.not_for,
        [
            "localhost",
            ".localhost",
            ".internal.test",
            "*.x.test",
            "example.test",
            ".example.test"
        ]
    );
    assert!(!format!("{proxy:?}").contains("secret"));
}

#[test]
fn profiles_of_wk_are_read_in_every_likely_form() {
    let profile = |name: &str| Wanted {
        host: None,
        profile: Some(name.to_owned()),
    };
    let forms = [
        (
            "profiles.json",
            format!(
                r#"{{"current": "dev", "profiles": {{"dev": {{"region": "eu", "token": "{CANARY}"}}}}}}"#
            ),
        ),
        (
            "profiles.json",
            format!(r#"{{"profiles": [{{"name": "dev", "region": "EU", "token": "{CANARY}"}}]}}"#),
        ),
        (
            "profiles.json",
            format!(
                r#"[{{"Name": "dev", "BaseURL": "https://app.eu.workato.com", "Token": "{CANARY}"}}]"#
            ),
        ),
        (
            "profiles.json",
            format!(
                r#"{{"dev": {{"base_url": "https://app.eu.workato.com/api", "api_token": "{CANARY}"}}}}"#
            ),
        ),
        (
            "profiles.env",
            format!("# wk\nNAME=dev\nREGION=eu\nTOKEN={CANARY}\nBASE_URL=\n"),
        ),
        (
            "profiles.env",
            format!(
                "NAME=prod\nREGION=us\nTOKEN=other\n\nNAME=\"dev\"\nREGION=\nTOKEN='{CANARY}'\nBASE_URL=https://app.eu.workato.com\n"
            ),
        ),
    ];
    let expected = ("https://app.eu.workato.com".to_owned(), CANARY.to_owned());
    for (file, text) in forms {
        let home = Home::new().file(&format!(".wk/{file}"), &text, 0o600);
        assert_eq!(home.found(&profile("dev")), expected, "{text}");
        if !text.contains("prod") {
            assert_eq!(
                home.found(&Wanted::default()),
                expected,
                "the only one: {text}"
            );
        }
        // A token that others may read is not used.
        let open = Home::new().file(&format!(".wk/{file}"), &text, 0o644);
        let told = open.refused(&profile("dev"));
        assert!(told.contains("others than its owner may use it"), "{told}");
    }
}

#[test]
fn what_is_not_known_of_wk_is_told() {
    let wanted = Wanted {
        host: None,
        profile: Some("dev".to_owned()),
    };
    for text in ["[1, 2]", r#"{"version": 3}"#, "\"dev\""] {
        let home = Home::new().file(".wk/profiles.json", text, 0o600);
        let told = home.find(&wanted).expect_err("refused").to_string();
        assert!(
            told.contains("it may have the profile `dev`, in a form that recipack does not know"),
            "{told}"
        );
        let told = home
            .find(&Wanted::default())
            .expect_err("refused")
            .to_string();
        assert!(
            told.contains("profiles.json (there, in a form that recipack does not know)"),
            "{told}"
        );
    }
    // The token is in the system's keyring.
    let home = Home::new().file(
        ".wk/profiles.json",
        r#"{"profiles": {"dev": {"region": "us"}}}"#,
        0o644,
    );
    let told = home.refused(&wanted);
    assert!(
        told.contains("the system's keyring (not read by recipack)"),
        "{told}"
    );
}

#[test]
fn a_name_that_two_programs_have_for_two_hosts_means_neither() {
    let wanted = |name: &str| Wanted {
        host: None,
        profile: Some(name.to_owned()),
    };
    let home = Home::with_profiles().file(
        ".wk/profiles.json",
        r#"{"current": "gamma", "profiles": {
            "acme": {"region": "eu", "token": "wk-acme"},
            "beta": {"region": "eu", "token": "wk-beta"},
            "gamma": {"region": "jp", "token": "wk-gamma"}}}"#,
        0o600,
    );
    let told = home.refused(&wanted("acme"));
    assert!(
        told.contains("https://www.workato.com") && told.contains("https://app.eu.workato.com"),
        "{told}"
    );
    assert_eq!(
        home.found(&wanted("beta")).1,
        "beta-token",
        "the older program's"
    );
    assert_eq!(home.found(&wanted("gamma")).1, "wk-gamma");
    assert_eq!(
        home.found(&Wanted::default()).1,
        CANARY,
        "the older program's current one"
    );
}
