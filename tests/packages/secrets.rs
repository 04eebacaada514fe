//! Credentials in files: which are found, which are not, and that none is ever shown.
//!
//! The credentials are made here, of random characters: nothing in this repository is one.

use std::fs;

use crate::support::{Place, Run, corpus, files};
use proptest::prelude::*;
use recipack::model::finding::Severity;
use recipack::model::secret::{Certainty, SecretKind};
use recipack::plan::secrets::{Detector, Writing};
use serde_json::Value;

const ALNUM: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const HEX: &str = "0123456789abcdef";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Characters of an alphabet, the same for the same seed.
fn random(alphabet: &str, length: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(alphabet.as_bytes()[(state >> 33) as usize % alphabet.len()])
        })
        .collect()
}

fn alnum(length: usize, seed: u64) -> String {
    random(ALNUM, length, seed)
}

/// Thirty random characters and their checksum.
fn with_checksum(seed: u64) -> String {
    let body = alnum(30, seed);
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut check = String::new();
    for _ in 0..6 {
        check.insert(0, char::from(ALNUM.as_bytes()[(rest % 62) as usize]));
        rest /= 62;
    }
    body + &check
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, b| word << 8 | u32::from(*b))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * at)) as usize % 64];
            text.push(if at <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

fn url_safe(bytes: &[u8]) -> String {
    base64(bytes)
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_")
}

fn private_key(label: &str, line_end: &str) -> String {
    let body = "MIIE".to_owned() + &random(&(ALNUM.to_owned() + "+/"), 700, 7);
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("ASCII"))
        .collect();
    let body = lines.join(line_end);
    format!("-----BEGIN {label}-----{line_end}{body}{line_end}-----END {label}-----")
}

fn jwt(claims: &str) -> String {
    let header = url_safe(br#"{"alg":"HS256","typ":"JWT"}"#);
    format!("{header}.{}.{}", url_safe(claims.as_bytes()), alnum(43, 5))
}

/// A credential of every kind but those that only a connector's source holds.
fn credentials() -> Vec<(SecretKind, String)> {
    let uuid = [8, 4, 4, 4, 12].map(|length| random(HEX, length, length as u64 + 40));
    let mut all = vec![
        (
            SecretKind::GithubFineToken,
            format!("github_pat_{}_{}", alnum(22, 1), alnum(59, 2)),
        ),
        (SecretKind::GitlabToken, format!("glpat-{}", alnum(20, 3))),
        (SecretKind::NpmToken, format!("npm_{}", with_checksum(4))),
        (
            SecretKind::PypiToken,
            format!("pypi-AgEIcHlwaS5vcmc{}", alnum(150, 5)),
        ),
        (
            SecretKind::AwsKeyId,
            format!("AKIA{}", random(BASE32, 16, 6)),
        ),
        (
            SecretKind::SlackToken,
            format!(
                "xoxb-{}-{}-{}",
                random("123456789", 12, 7),
                random("123456789", 13, 8),
                alnum(24, 9)
            ),
        ),
        (
            SecretKind::SlackWebhook,
            format!(
                "hooks.slack.com/services/T{}/B{}/{}",
                random(BASE32, 9, 10),
                random(BASE32, 9, 11),
                alnum(24, 12)
            ),
        ),
        (SecretKind::StripeKey, format!("sk_live_{}", alnum(24, 13))),
        (SecretKind::StripeKey, format!("rk_live_{}", alnum(99, 14))),
        (
            SecretKind::StripeTestKey,
            format!("sk_test_{}", alnum(99, 15)),
        ),
        (SecretKind::GoogleKey, format!("AIza{}", alnum(35, 16))),
        (
            SecretKind::GoogleClientSecret,
            format!("GOCSPX-{}", alnum(28, 17)),
        ),
        (
            SecretKind::AzureStorageKey,
            format!("AccountKey={}==", alnum(86, 18)),
        ),
        (
            SecretKind::EntraClientSecret,
            format!("{}8Q~{}", alnum(3, 19), alnum(34, 20)),
        ),
        (
            SecretKind::SendgridKey,
            format!("SG.{}.{}", alnum(22, 21), alnum(43, 22)),
        ),
        (
            SecretKind::WorkatoToken,
            format!("wrkprod-{}", alnum(40, 23)),
        ),
        (
            SecretKind::WorkatoToken,
            format!("wrkatrial-{}", alnum(40, 24)),
        ),
        (
            SecretKind::WorkatoToken,
            format!("wrkaus-{}", jwt(r#"{"sub":"81"}"#)),
        ),
        (SecretKind::OpenaiKey, format!("sk-proj-{}", alnum(120, 25))),
        (
            SecretKind::AnthropicKey,
            format!("sk-ant-api03-{}", alnum(95, 26)),
        ),
        (
            SecretKind::ShopifyToken,
            format!("shpat_{}", random(HEX, 32, 27)),
        ),
        (
            SecretKind::HubspotToken,
            format!("pat-na1-{}", uuid.join("-")),
        ),
        (
            SecretKind::AtlassianToken,
            format!(
                "ATATT3xFfGF0{}={}",
                alnum(180, 28),
                random("0123456789ABCDEF", 8, 29)
            ),
        ),
        (
            SecretKind::DatabricksToken,
            format!("dapi{}", random(HEX, 32, 30)),
        ),
        (
            SecretKind::DigitaloceanToken,
            format!("dop_v1_{}", random(HEX, 64, 31)),
        ),
        (
            SecretKind::PostmanKey,
            format!("PMAK-{}-{}", random(HEX, 24, 32), random(HEX, 34, 33)),
        ),
        (
            SecretKind::SalesforceSession,
            format!("00D{}!{}", alnum(12, 34), alnum(96, 35)),
        ),
        (SecretKind::PrivateKey, private_key("PRIVATE KEY", "\\n")),
        (
            SecretKind::PrivateKey,
            private_key("RSA PRIVATE KEY", "\\n"),
        ),
        (
            SecretKind::EncryptedKey,
            private_key("ENCRYPTED PRIVATE KEY", "\\n"),
        ),
        (
            SecretKind::Jwt,
            jwt(r#"{"sub":"parcel-desk","iat":1700000000}"#),
        ),
    ];
    for (seed, prefix) in (50..).zip(["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]) {
        all.push((
            SecretKind::GithubToken,
            prefix.to_owned() + &with_checksum(seed),
        ));
    }
    all
}

fn kinds(text: &str, writing: Writing) -> Vec<SecretKind> {
    let found = Detector::default().find(text.as_bytes(), writing);
    found.iter().map(|sighting| sighting.kind).collect()
}

#[test]
fn each_form_is_found_whatever_stands_around_it() {
    let mut seen = vec![
        SecretKind::AwsSecretKey,
        SecretKind::UrlPassword,
        SecretKind::BasicHeader,
        SecretKind::BearerHeader,
        SecretKind::Assigned,
    ];
    for (kind, secret) in credentials() {
        seen.push(kind);
        for (before, after) in [
            ("{\"key\": \"", "\"}"),
            ("{\"note\": \"use ", " for now\"}"),
            ("{\"data\": \"a,b\\n", "\\nc,d\"}"),
            ("{\"data\": \"a,", ",b\"}"),
            ("{\"x\": \"=\\\"", "\\\" + y\"}"),
            ("{\"x\": \"See ", ". Then\"}"),
        ] {
            let text = format!("{before}{secret}{after}");
            let found = Detector::default().find(text.as_bytes(), Writing::Json);
            let told: Vec<_> = found.iter().map(|s| (s.kind, s.offset as usize)).collect();
            assert_eq!(told, [(kind, before.len())], "{text}");
            let cut = found[0].span();
            // A key's span ends before its closing mark.
            assert!(secret.starts_with(&text[cut.clone()]), "{text}");
            assert!(found[0].start.len() >= 4 && cut.len() > 8, "{text}");
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, SecretKind::ALL, "each kind is tried");
}

#[test]
fn a_part_of_a_longer_word_is_none() {
    for secret in [
        format!("ghp_{}", with_checksum(4)),
        format!("AIza{}", alnum(35, 16)),
        format!("SG.{}.{}", alnum(22, 21), alnum(43, 22)),
        format!("dapi{}", random(HEX, 32, 30)),
    ] {
        assert_eq!(kinds(&secret, Writing::Json).len(), 1, "{secret}");
        for text in [
            format!("a{secret}"),
            format!("{secret}b"),
            format!("x_{secret}"),
            format!("{secret}_"),
        ] {
            assert_eq!(kinds(&text, Writing::Json), [], "{text}");
        }
        // An escaped letter is none.
        assert_eq!(kinds(&format!("\\n{secret}"), Writing::Json).len(), 1);
        assert_eq!(kinds(&format!("\\\\n{secret}"), Writing::Json), []);
    }
}

#[test]
fn a_changed_checksum_or_a_placeholder_is_no_credential() {
    for (kind, secret) in credentials() {
        let head = secret
            .find(['_', '-', '.', '=', '~'])
            .map_or(4, |at| at + 1);
        for filler in ["x", "X", "0"] {
            let body: String = secret[head..]
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() {
                        filler.to_owned()
                    } else {
                        c.to_string()
                    }
                })
                .collect();
            if kind != SecretKind::PrivateKey && kind != SecretKind::EncryptedKey {
                let text = format!("\"{}{body}\"", &secret[..head]);
                assert_eq!(kinds(&text, Writing::Json), [], "{text}");
            }
        }
    }
    let token = with_checksum(60);
    let other = token.replacen(
        &token[..1],
        if token.starts_with('A') { "B" } else { "A" },
        1,
    );
    assert_eq!(kinds(&format!("\"ghp_{token}\""), Writing::Json).len(), 1);
    assert_eq!(kinds(&format!("\"ghp_{other}\""), Writing::Json), []);
    // What documentation shows.
    for text in [
        "AKIAIOSFODNN7EXAMPLE and wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "-----BEGIN PRIVATE KEY-----\\nMIIE...\\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----",
        &jwt(r#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#),
        "https://user:password@example.com/",
        "https://#{user}:#{password}@example.com/",
        "https://example.com:8443/a@b",
        "Basic authentication is used: Basic dXNlcjpwYXNzd29yZA==",
        "Bearer YOUR_ACCESS_TOKEN_HERE_PLEASE",
        "Bearer #{connection['token']}",
        "Bearer =_dp('{\\\"provider\\\":\\\"rest\\\"}')",
    ] {
        assert_eq!(kinds(&format!("\"{text}\""), Writing::Json), [], "{text}");
        assert_eq!(kinds(&format!("a = '{text}'"), Writing::Ruby), [], "{text}");
    }
}

#[test]
fn an_aws_secret_is_told_near_its_id_only() {
    let id = format!("AKIA{}", random(BASE32, 16, 6));
    let secret = random(&(ALNUM.to_owned() + "/+"), 40, 70);
    let near = format!("{{\"id\": \"{id}\", \"secret\": \"{secret}\"}}");
    assert_eq!(kinds(&near, Writing::Json), [SecretKind::AwsSecretKey]);
    let rows = format!("{{\"data\": \"{id},a\\n{secret},b\"}}");
    assert_eq!(kinds(&rows, Writing::Json), [SecretKind::AwsSecretKey]);
    let far = format!(
        "{{\"id\": \"{id}\", \"x\": \"{}\", \"s\": \"{secret}\"}}",
        " ".repeat(400)
    );
    assert_eq!(kinds(&far, Writing::Json), [SecretKind::AwsKeyId]);
    let commit = random(HEX, 40, 71);
    let hash = format!("{{\"id\": \"{id}\", \"commit\": \"{commit}\"}}");
    assert_eq!(kinds(&hash, Writing::Json), [SecretKind::AwsKeyId]);
    assert_eq!(kinds(&format!("\"{secret}\""), Writing::Json), []);
}

#[test]
fn headers_and_addresses_hold_passwords() {
    let password = "q7#Vd2!mXw9".replace('#', "T");
    let token = alnum(32, 81);
    for (text, kind) in [
        (
            format!("https://desk:{password}@api.example.com/"),
            SecretKind::UrlPassword,
        ),
        (
            format!("Basic {}", base64(format!("desk:{password}").as_bytes())),
            SecretKind::BasicHeader,
        ),
        (format!("Bearer {token}"), SecretKind::BearerHeader),
        (
            format!("Bearer {}", jwt(r#"{"sub":"desk"}"#)),
            SecretKind::Jwt,
        ),
    ] {
        let found = kinds(&format!("{{\"a\": \"{text}\"}}"), Writing::Json);
        assert!(
            found == [kind] || found == [SecretKind::BearerHeader] && kind == SecretKind::Jwt,
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_source_may_name_what_it_gives_a_password() {
    let random = alnum(24, 90);
    let hex = self::random(HEX, 40, 91);
    for (line, is_one) in [
        (format!("password: '{random}',"), true),
        (format!("client_secret: \"{random}\""), true),
        (format!("'api_key' => '{random}'"), true),
        (format!("\"X-Api-Key\": \"{random}\""), true),
        (format!("API_TOKEN = '{hex}'"), true),
        (format!("connection['access_token'] = '{random}'"), true),
        (format!("headers('Authorization': '{random}')"), true),
        // What is given is none.
        (
            "password: 'the_password_of_the_desk_account'".to_owned(),
            false,
        ),
        (
            "{ name: 'api_key', label: 'API key', control_type: 'password' }".to_owned(),
            false,
        ),
        (
            "token_url: 'https://login.example.com/oauth2/v2.0/token'".to_owned(),
            false,
        ),
        ("secret: connection['secret']".to_owned(), false),
        (
            "password: \"#{connection['password']}0123\"".to_owned(),
            false,
        ),
        (
            "token_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer'".to_owned(),
            false,
        ),
        (
            "hint: 'A token such as 1000.8cb99dxxxxxxxxxxxxx9be93.9b8xxxxxxxxxxxxxxxf'".to_owned(),
            false,
        ),
        ("api_key: 'AbCdEfGhIjKlMnOpQrStUv12'".to_owned(), false),
        ("token: 'YourTokenGoesHere0123456'".to_owned(), false),
        ("if token == 'x'".to_owned(), false),
        (format!("checksum: '{random}'"), false),
    ] {
        let found = kinds(&format!("{{\n  {line}\n}}"), Writing::Ruby);
        let expected = if is_one {
            &[SecretKind::Assigned][..]
        } else {
            &[]
        };
        assert_eq!(found, expected, "{line}");
        assert_eq!(
            kinds(&line, Writing::Json),
            [],
            "a recipe has no such lines: {line}"
        );
    }
}

proptest! {
    #[test]
    fn whatever_a_file_holds_it_can_be_searched(
        parts in prop::collection::vec(
            prop_oneof![
                Just("AKIA".to_owned()), Just("-----BEGIN PRIVATE KEY-----".to_owned()), Just("eyJ".to_owned()),
                Just("://".to_owned()), Just("Basic ".to_owned()), Just("Bearer ".to_owned()), Just("00D".to_owned()),
                Just("8Q~".to_owned()), Just("password: '".to_owned()), Just("\\".to_owned()), Just("ghp_".to_owned()),
                ".{0,8}", "[A-Za-z0-9+/=_.-]{0,60}",
            ],
            0..12,
        ),
    ) {
        let text = parts.concat();
        for writing in [Writing::Json, Writing::Ruby] {
            let mut end = 0;
            for sighting in Detector::default().find(text.as_bytes(), writing) {
                prop_assert!(sighting.span().start >= end && sighting.span().end <= text.len());
                prop_assert!(sighting.hidden().start <= sighting.hidden().end);
                end = sighting.span().end;
            }
        }
    }
}

/// A project that holds a credential in a recipe, in a table's rows, in a connector's source, in a
/// property, and beside another finding.
fn project(place: &Place) -> Vec<String> {
    let secrets: Vec<String> = vec![
        format!("ghp_{}", with_checksum(100)),
        format!("sk_live_{}", alnum(40, 101)),
        alnum(30, 102),
        format!("SG.{}.{}", alnum(22, 103), alnum(43, 104)),
        private_key("RSA PRIVATE KEY", "\n"),
    ];
    let [github, stripe, assigned, sendgrid, key] = &secrets[..] else {
        panic!("five");
    };
    place.write(
        "Orders/a.recipe.json",
        &format!(
            "{{\n  \"name\": \"A\",\n  \"code\": {{\"number\": 0, \"keyword\": \"trigger\", \"provider\": \"rest\", \"block\": [\n    {{\"number\": 1, \"keyword\": \"action\", \"provider\": \"rest\", \"input\": {{\"flow_id\": \"77\", \"header\": \"token {github}\"}}}}\n  ]}},\n  \"config\": [{{\"provider\": \"rest\"}}]\n}}"
        ),
    );
    place.write(
        "keys.lookup_table.json",
        &format!("{{\"name\": \"Keys\", \"data\": \"live,{stripe}\\nother,{stripe}\\n\"}}"),
    );
    place.write(
        "p.custom_adapter.json",
        r#"{"title": "P", "version_no": 1}"#,
    );
    place.write(
        "p.custom_adapter.rb",
        &format!("{{\n  title: 'P', actions: {{}},\n  methods: {{ password: '{assigned}' }}\n}}\n__END__\n{key}\n"),
    );
    place.write(
        "account_properties.properties.json",
        &format!("{{\"mail.key\": \"{sendgrid}\"}}"),
    );
    secrets
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr))
}

#[test]
fn they_are_told_in_their_place_and_never_shown() {
    let place = Place::new();
    let secrets = project(&place);
    let inputs = place.names();
    let mut seen = String::new();
    let mut run = |arguments: &[&str], code: i32| {
        let run = place.run(arguments);
        assert_eq!(
            run.code, code,
            "{arguments:?}: {}{}",
            run.stdout, run.stderr
        );
        seen.push_str(&run.stdout);
        seen.push_str(&run.stderr);
        run
    };
    let document = json(&run(&["check", "--json"], 1));
    let findings = document["findings"].as_array().expect("a list");
    let told: Vec<String> = findings
        .iter()
        .filter(|f| {
            f["code"]
                .as_str()
                .is_some_and(|code| code.ends_with("-credential"))
        })
        .map(|f| {
            let text = |key: &str| f[key].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {}:{} {}",
                text("code"),
                text("file"),
                f["line"],
                text("path")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "hard-coded-credential Orders/a.recipe.json:4 $.code.block[0].input.header",
            "hard-coded-credential account_properties.properties.json:1 $[\"mail.key\"]",
            "hard-coded-credential keys.lookup_table.json:1 $.data",
            "hard-coded-credential p.custom_adapter.rb:6 -",
            "suspected-credential p.custom_adapter.rb:3 -",
        ]
    );
    for severity in ["error", "warning"] {
        assert!(findings.iter().any(|f| f["severity"] == severity));
    }
    let text = run(&["check", "-v"], 1).stderr;
    let start = &secrets[0][..4];
    assert!(
        text.contains(&format!("`{start}…`, 40 characters")),
        "{text}"
    );
    assert!(text.contains("it stands 2 times in this file"), "{text}");
    // The other finding's excerpt is of the same line.
    assert!(text.contains("warning[raw-id]"), "{text}");
    run(&["export", "--for", "external", "-o", "p.zip"], 1);
    place.write(
        "recipack.toml",
        "[checks]\nhard-coded-credential = \"warning\"\n",
    );
    run(&["export", "--for", "external", "-o", "p.zip", "-v"], 0);
    run(&["export", "--for", "external", "-o", "p.zip", "--json"], 0);
    for name in place.names() {
        if !inputs.contains(&name) && name != "p.zip" {
            seen.push_str(&fs::read_to_string(place.path(&name)).expect("text"));
        }
    }
    for secret in &secrets {
        // Of a key, a line of its inside.
        let inside = secret.lines().nth(2).unwrap_or(&secret[6..]);
        assert!(!seen.contains(inside), "{inside} is shown:\n{seen}");
    }
}

#[test]
fn not_even_a_path_shows_one() {
    let place = Place::new();
    let secret = format!("SG.{}.{}", alnum(22, 103), alnum(43, 104));
    place.write(
        "account_properties.properties.json",
        &format!("{{\"{secret}\": null}}"),
    );
    let run = place.run(["check", "--json"]);
    let path = format!("$[\"{}{}\"]", &secret[..4], "*".repeat(secret.len() - 4));
    assert_eq!(json(&run)["findings"][0]["path"], path);
}

#[test]
fn one_that_is_allowed_is_allowed_wherever_it_stands() {
    let place = Place::new();
    let secrets = project(&place);
    let document = json(&place.run(["check", "--json"]));
    let findings = document["findings"].as_array().expect("a list");
    let finding = findings
        .iter()
        .find(|f| f["file"] == "Orders/a.recipe.json" && f["code"] == "hard-coded-credential")
        .expect("there");
    // What the help says can be pasted.
    let help = finding["help"].as_str().expect("a help");
    let (_, table) = help.split_once('\n').expect("lines to paste");
    place.write("recipack.toml", &table.replace('…', "Revoked in March."));
    let document = json(&place.run(["check", "--json"]));
    assert_eq!(document["allowed"][0]["reason"], "Revoked in March.");
    let files_told = |document: &Value| -> Vec<String> {
        let findings = document["findings"].as_array().expect("a list");
        let told = findings
            .iter()
            .filter(|f| f["code"] == "hard-coded-credential");
        told.map(|f| f["file"].as_str().expect("a file").to_owned())
            .collect()
    };
    assert_eq!(files_told(&document).len(), 3);
    place.write(
        "b.topic.json",
        &format!("{{\"name\": \"B\", \"x\": \"{}\"}}", secrets[0]),
    );
    assert_eq!(files_told(&json(&place.run(["check", "--json"]))).len(), 3);
    let other = format!("ghp_{}", with_checksum(200));
    place.write(
        "b.topic.json",
        &format!("{{\"name\": \"B\", \"x\": \"{other}\"}}"),
    );
    assert_eq!(files_told(&json(&place.run(["check", "--json"]))).len(), 4);
}

#[test]
fn what_is_not_packed_is_not_told_of() {
    let place = Place::new();
    project(&place);
    let run = place.run(["check", "--json", "--include", "p.custom_adapter*"]);
    let document = json(&run);
    let findings = document["findings"].as_array().expect("a list");
    let mut told = findings
        .iter()
        .filter(|f| f["code"] == "hard-coded-credential");
    assert!(
        told.all(|f| f["file"] == "p.custom_adapter.rb"),
        "{}",
        run.stdout
    );
}

#[test]
fn what_is_remembered_of_files_says_it_again_and_holds_none() {
    let place = Place::new();
    let secrets = project(&place);
    for number in 0..1000 {
        place.write(
            &format!("f/{number}.topic.json"),
            &format!("{{\"name\": \"T{number}\"}}"),
        );
    }
    place.write(
        "recipack.toml",
        "[checks]\nhard-coded-credential = \"warning\"\n",
    );
    // Files that changed just now are read again.
    std::thread::sleep(std::time::Duration::from_millis(2200));
    let export = || {
        let mut command = place.command();
        command.env("XDG_CACHE_HOME", place.path("cache"));
        command.args(["export", "--for", "external", "-o", "p.zip", "--json"]);
        let run: Run = command.output().expect("it starts").into();
        assert_eq!(run.code, 0, "{}", run.stderr);
        json(&run)
    };
    let (first, second) = (export(), export());
    assert_eq!(first["findings"], second["findings"]);
    assert_eq!(first["package"], second["package"]);
    let caches = files(&place.path("cache"));
    assert_eq!(caches.len(), 1, "it remembers");
    for bytes in caches.values() {
        for secret in &secrets {
            let inside = &secret.as_bytes()[10..22.min(secret.len())];
            let held = bytes.windows(inside.len()).any(|window| window == inside);
            let is_label = secret.starts_with("-----");
            assert!(!held || is_label, "{secret} is remembered");
        }
    }
}

#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn real_projects_have_none() {
    let folder = corpus("");
    let detector = Detector::default();
    let mut searched = 0;
    let mut look = |path: &str, bytes: &[u8]| {
        let writing = match path.rsplit_once('.') {
            Some((_, "json")) => Writing::Json,
            Some((_, "rb")) => Writing::Ruby,
            _ => return,
        };
        searched += 1;
        let found = detector.find(bytes, writing);
        let told: Vec<_> = found.iter().map(|s| (s.kind, s.offset, &s.start)).collect();
        assert_eq!(told, [], "{path}");
    };
    for (path, bytes) in files(&folder) {
        look(&path, &bytes);
        if path.ends_with(".zip") {
            for (entry, bytes) in crate::support::entries(&folder.join(&path)) {
                look(&format!("{path}/{entry}"), &bytes);
            }
        }
    }
    assert!(searched > 300, "{searched}");
}

#[test]
fn severities_follow_from_certainty() {
    for kind in SecretKind::ALL {
        let expected = match kind.certainty() {
            Certainty::Certain => Severity::Error,
            Certainty::Likely => Severity::Warning,
        };
        assert_eq!(kind.code().severity(), expected, "{kind:?}");
    }
}
