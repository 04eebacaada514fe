//! Customer targets with, without and with half a catalogue.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, custom_reference, reference, uses};
use crate::support::sandbox::{self, Sandbox};
use crate::support::{Place, Run, copy, fixture};

const NAME: &str = "parcel_connector_48213_1701388800";

/// A recipe, its connection and its connector, with the connector's files at hand.
fn own_form(place: &Place) {
    ProjectFolder::new(place, "p")
        .connector("parcel", "Parcel", 3)
        .connection(
            "parcel.connection.json",
            "Parcel",
            &reference("parcel.custom_adapter.json", "Parcel"),
        )
        .recipe(
            "track.recipe.json",
            "Track",
            &[uses(
                NAME,
                custom_reference("parcel.connection.json", "Parcel"),
            )],
        );
}

/// The same as a customer's workspace exports it: the connector is named, and is not there.
fn shared_form(place: &Place) {
    ProjectFolder::new(place, "p")
        .connection("parcel.connection.json", "Parcel", &json!(NAME))
        .recipe(
            "track.recipe.json",
            "Track",
            &[uses(NAME, reference("parcel.connection.json", "Parcel"))],
        );
}

/// A project without any custom connector.
fn plain_form(place: &Place) {
    ProjectFolder::new(place, "p")
        .connection("mail.connection.json", "Mail", &json!("gmail"))
        .recipe(
            "mail.recipe.json",
            "Mail",
            &[uses("gmail", reference("mail.connection.json", "Mail"))],
        );
}

fn place_with(project: fn(&Place)) -> Place {
    let place = Place::new();
    project(&place);
    place
}

fn recipack(place: &Place, words: &str) -> Run {
    place.run(words.split_whitespace())
}

/// The codes of the findings that a run with `--json` tells, each as often as it is told.
fn codes(run: &Run) -> Vec<String> {
    let document: Value = serde_json::from_str(&run.stdout).expect("a document");
    let findings = document["findings"].as_array().expect("findings").iter();
    let noise = ["connections-unauthorized", "connector-installs"];
    findings
        .map(|finding| finding["code"].as_str().expect("a code").to_owned())
        .filter(|code| !noise.contains(&code.as_str()))
        .collect()
}

/// An entry of a catalogue: the connector's, with these keys more.
fn entry(more: &str) -> String {
    format!(r#"{{"name":"{NAME}","title":"Parcel"{more}}}"#)
}

const OTHER: &str = r#"{"name":"o_connector_48213_1","title":"Other","oem_shared_version":1}"#;

#[test]
fn without_a_catalogue_nothing_is_made_for_a_customer() {
    let place = place_with(own_form);
    for n in 1..=20 {
        let (stem, title) = (format!("c{n}"), format!("Carrier {n}"));
        ProjectFolder::new(&place, "p").connector(&stem, &title, 1);
    }
    let run = recipack(&place, "export p --for customer -o p.zip");
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(!place.path("p.zip").exists());
    // One finding for the target, with what it concerns; the ways out stand there once.
    assert_eq!(
        run.stderr.matches("[catalog-missing]").count(),
        1,
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("\"Carrier 1\"") && run.stderr.contains("and 9 more"),
        "{}",
        run.stderr
    );
    for way in [
        "--catalog https://www.workato.com",
        "--catalog local:ADMIN",
        "recipack catalog pull -o FILE --in https://www.workato.com",
        "recipack manifest add catalog FILE|ADDRESS",
        "--catalog none",
        "catalog = \"none\"",
    ] {
        assert_eq!(run.stderr.matches(way).count(), 1, "{way}: {}", run.stderr);
    }
    for command in ["check p --for customer", "export p --for customer --list"] {
        let run = recipack(&place, &format!("{command} --json"));
        assert_eq!(
            (run.code, codes(&run)),
            (1, vec!["catalog-missing".to_owned()]),
            "{command}"
        );
    }
    let why = place.run(["why", "Parcel", "p", "--for", "customer"]);
    assert!(
        why.stdout.contains("refused") && why.stdout.contains("catalogue not given"),
        "{}",
        why.stdout
    );
    // For an external account it does not matter.
    assert_eq!(recipack(&place, "export p --for external -o p.zip").code, 0);
}

#[test]
fn a_partner_who_shares_nothing_says_so() {
    let place = place_with(own_form);
    let run = recipack(&place, "export p --for customer --catalog none -o p.zip");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let record = std::fs::read_to_string(place.path("p.recipack.json")).expect("a record");
    let record: Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!(record["catalog"], Value::Null);
    assert_eq!(record["request"]["catalog"], "none");
    assert_eq!(record["connectors"][0]["rule"], "own-included");
    let verified = recipack(&place, "verify p.zip --rebuild-from p");
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    // A file of that name is named by its path.
    place.write("none", &format!("[{OTHER}]"));
    let run = recipack(&place, "export p --for customer --catalog ./none -o q.zip");
    assert_eq!(run.code, 0, "{}", run.stderr);
    for empty in ["--catalog=", "--catalog=nothing"] {
        let run = recipack(&place, &format!("check p --for customer {empty}"));
        assert!([1, 64].contains(&run.code), "{empty}: {}", run.stderr);
    }
}

#[test]
fn a_record_without_a_catalogue_holds_and_is_not_made_again() {
    let place = place_with(own_form);
    recipack(&place, "export p --for customer --catalog none -o p.zip");
    let path = place.path("p.recipack.json");
    let record = std::fs::read_to_string(&path).expect("a record");
    let mut record: Value = serde_json::from_str(&record).expect("JSON");
    // As it was written when nothing had to be said.
    record["request"]
        .as_object_mut()
        .expect("an object")
        .remove("catalog");
    std::fs::write(&path, record.to_string()).expect("written");
    assert_eq!(recipack(&place, "verify p.zip").code, 0);
    let run = recipack(&place, "verify p.zip --rebuild-from p");
    assert_eq!(run.code, 4, "{}", run.stdout);
    assert!(
        run.stdout
            .contains("connector \"Parcel\": the record has no catalogue"),
        "{}",
        run.stdout
    );
}

#[test]
fn what_a_catalogue_does_not_say_is_not_known() {
    let place = place_with(own_form);
    let null = r#","oem_shared_version":null"#;
    let shared = r#","oem_shared_version":3"#;
    let incomplete = ["catalog-missing", "catalog-incomplete"].as_slice();
    let missing = ["catalog-missing"].as_slice();
    for (catalogue, told) in [
        ("[]".to_owned(), missing),
        (r#"{"result": []}"#.to_owned(), missing),
        (r#"{"result": [null]}"#.to_owned(), missing),
        (format!("[{}]", entry(null)), missing),
        (format!("[{}]", entry("")), incomplete),
        (format!("[{OTHER},{}]", entry("")), incomplete),
        (
            format!(
                "[{OTHER},{}]",
                entry(shared)
                    .replace("Parcel", "parcel ")
                    .replace(NAME, "x_connector_9_9")
            ),
            &["catalog-missing", "catalog-near-miss"],
        ),
        (
            format!(r#"{{"result": [{OTHER}], "has_more": true}}"#),
            missing,
        ),
        // What is known.
        (format!("[{OTHER}]"), &[]),
        (format!("[{OTHER},{}]", entry(null)), &[]),
        (
            format!(
                "[{OTHER},{}]",
                entry(null)
                    .replace("Parcel", "parcel ")
                    .replace(NAME, "x_connector_9_9")
            ),
            &["catalog-near-miss"],
        ),
        (
            format!("[{}]", entry(shared)),
            &["shared-connector-excluded"],
        ),
    ] {
        place.write("catalog.json", &catalogue);
        let check = "check p --for customer --catalog catalog.json --json";
        let run = recipack(&place, check);
        let is_known = !told.contains(&"catalog-missing");
        assert_eq!(
            (run.code == 0, codes(&run)),
            (is_known, told.iter().map(ToString::to_string).collect()),
            "{catalogue}"
        );
        if is_known {
            continue;
        }
        // Asked for, it goes in whatever is shared, and is told as what it is.
        let run = recipack(&place, &format!("{check} --connector Parcel=include"));
        let mut told: Vec<&str> = told[1..].to_vec();
        told.push("sharing-unknown");
        told.sort_unstable();
        let mut found = codes(&run);
        found.sort();
        assert_eq!(
            (run.code, found),
            (0, told.iter().map(ToString::to_string).collect()),
            "{catalogue}"
        );
        // Left out, the recipes may have no connector.
        let run = recipack(&place, &format!("{check} --connector Parcel=exclude"));
        assert_eq!(
            (run.code, codes(&run)[0].as_str()),
            (1, "catalog-missing"),
            "{catalogue}"
        );
    }
}

#[test]
fn a_project_in_the_shared_form_is_told_of_the_catalogue() {
    let place = place_with(shared_form);
    let run = recipack(&place, "check p --for customer");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("[catalog-missing]"), "{}", run.stderr);
    assert!(!run.stderr.contains("--connectors"), "{}", run.stderr);
    // By its internal name it is found; where the catalogue lacks it, both ways out are told.
    place.write(
        "catalog.json",
        &format!("[{}]", entry(r#","oem_shared_version":3"#)),
    );
    let run = recipack(
        &place,
        "export p --for customer --catalog catalog.json -o p.zip",
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    for catalogue in ["none", "other.json"] {
        place.write("other.json", &format!("[{OTHER}]"));
        let run = recipack(
            &place,
            &format!("check p --for customer --catalog {catalogue}"),
        );
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains("[connector-missing]"), "{}", run.stderr);
        assert!(
            run.stderr.contains("--catalog FILE|ADDRESS; if not"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("--connectors DIR"), "{}", run.stderr);
    }
}

#[test]
fn without_custom_connectors_no_catalogue_is_needed() {
    let place = place_with(plain_form);
    place.write(
        "p/recipack.toml",
        "[targets.customers]\nkind = \"customer\"\n",
    );
    for words in [
        "check p",
        "check p --for customer",
        "export p --for customer -o a.zip",
        "export p --to customers -o b.zip",
        "manifest list -m p/recipack.toml",
        "lock -m p/recipack.toml",
        "verify a.zip --rebuild-from p",
        "init p -o new.toml",
        "manifest list -m new.toml",
    ] {
        let run = recipack(&place, words);
        assert_eq!(run.code, 0, "{words}: {}{}", run.stdout, run.stderr);
        assert!(
            !run.stderr.contains("catalog-missing"),
            "{words}: {}",
            run.stderr
        );
    }
}

#[test]
fn a_customer_target_without_a_catalogue_is_told_at_its_line() {
    let place = place_with(own_form);
    let targets =
        "[targets.customers]\nkind = \"customer\"\n\n[targets.away]\nkind = \"external\"\n";
    let manifest = format!("[package]\nproject = \"p\"\n\n{targets}");
    place.write("recipack.toml", &manifest);
    for words in [
        "check",
        "check --to customers",
        "export --to customers",
        "manifest list",
        "lock",
        "lock --check",
    ] {
        let run = recipack(&place, words);
        assert_eq!(run.code, 1, "{words}: {}{}", run.stdout, run.stderr);
        let told = &run.stderr;
        assert!(
            told.contains("error[catalog-missing]: the target `customers` has no catalogue"),
            "{words}: {told}"
        );
        assert!(told.contains("--> recipack.toml:4:10"), "{words}: {told}");
    }
    let listed = recipack(&place, "manifest list --json");
    assert_eq!(
        (listed.code, codes(&listed)),
        (1, vec!["catalog-missing".to_owned()])
    );
    // The other target is not concerned, and a catalogue that is said elsewhere will do.
    for words in [
        "export --to away -o away.zip",
        "check --catalog none",
        "export --to customers --catalog none -o c.zip",
        "check --for external",
    ] {
        let run = recipack(&place, words);
        assert_eq!(run.code, 0, "{words}: {}", run.stderr);
    }
    for said in [
        manifest.replace("project = \"p\"\n", "project = \"p\"\ncatalog = \"none\"\n"),
        manifest.replace(
            "kind = \"customer\"\n",
            "kind = \"customer\"\ncatalog = \"none\"\n",
        ),
        manifest.replace(
            "kind = \"customer\"\n",
            "kind = \"customer\"\nconnectors = { Parcel = \"include\" }\n",
        ),
    ] {
        place.write("recipack.toml", &said);
        for words in [
            "check",
            "export --to customers -o c.zip",
            "manifest list",
            "lock",
            "lock --check",
        ] {
            let run = recipack(&place, words);
            assert_eq!(run.code, 0, "{words}: {said}\n{}", run.stderr);
        }
    }
    place.write(
        "recipack.toml",
        &manifest.replace("project = \"p\"\n", "project = \"p\"\ncatalog = \"\"\n"),
    );
    let run = recipack(&place, "check");
    assert!(
        run.code == 1 && run.stderr.contains("recipack.toml:3:11"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_target_that_is_added_is_told_what_it_lacks() {
    let place = place_with(own_form);
    place.write("recipack.toml", "[package]\nproject = \"p\"\n");
    let run = recipack(&place, "manifest add target customers=customer");
    assert_eq!(run.code, 0);
    assert!(
        run.stderr.contains("`customers` has no catalogue"),
        "{}",
        run.stderr
    );
    let run = recipack(&place, "manifest add target away=external");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let run = recipack(&place, "manifest add catalog none");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(recipack(&place, "manifest list").code, 0);
    let run = recipack(&place, "manifest remove catalog");
    assert!(
        run.stderr.contains("`customers` has no catalogue"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_lock_tells_that_nothing_is_shared_from_what_is_not_known() {
    let place = place_with(own_form);
    let manifest = "[package]\nproject = \"p\"\ncatalog = \"none\"\n[targets.customers]\nkind = \"customer\"\n";
    place.write("recipack.toml", manifest);
    assert_eq!(recipack(&place, "lock").code, 0);
    let lock = std::fs::read_to_string(place.path("recipack.lock")).expect("a lock");
    assert!(lock.contains("catalog = \"none\""), "{lock}");
    assert_eq!(recipack(&place, "lock --check").code, 0);
    let export = "export --to customers --locked -o p.zip";
    assert_eq!(recipack(&place, export).code, 0);
    place.write("catalog.json", &format!("[{OTHER}]"));
    place.write("recipack.toml", &manifest.replace("none", "catalog.json"));
    let run = recipack(&place, "lock --check");
    assert!(
        run.code == 2 && run.stdout.contains("catalogue: none → "),
        "{}",
        run.stdout
    );
}

#[test]
fn closed_source_and_what_may_be_need_both_data_centers() {
    let place = place_with(own_form);
    let closed = |own: &str| {
        format!(
            "[{}]",
            entry(&format!(
                r#","oem_shared_version":3,"visibility":"closed"{own}"#
            ))
        )
    };
    place.write("nowhere.json", &closed(""));
    place.write("us.json", &closed(r#","data_center":"us""#));
    let unsaid = entry(r#","oem_shared_version":3,"data_center":"us""#);
    place.write("unsaid.json", &format!("[{unsaid}]"));
    for (words, code, told, help) in [
        (
            "--catalog us.json",
            1,
            "data-center-unknown",
            "--data-center us",
        ),
        (
            "--catalog nowhere.json --data-center us",
            1,
            "data-center-unknown",
            "\"data_center\": \"us\"",
        ),
        (
            "--catalog nowhere.json",
            1,
            "data-center-unknown",
            "--data-center us",
        ),
        (
            "--catalog us.json --data-center us",
            0,
            "shared-connector-excluded",
            "",
        ),
        (
            "--catalog us.json --data-center eu",
            1,
            "shared-connector-unreachable",
            "",
        ),
        (
            "--catalog unsaid.json --data-center eu",
            1,
            "data-center-unknown",
            "",
        ),
        (
            "--catalog unsaid.json --data-center us",
            0,
            "shared-connector-excluded",
            "",
        ),
        (
            "--catalog us.json --connector Parcel=include",
            0,
            "sharing-unknown",
            "",
        ),
        (
            "--catalog us.json --connector Parcel=exclude",
            1,
            "data-center-unknown",
            "",
        ),
    ] {
        let run = recipack(&place, &format!("check p --for customer {words}"));
        assert_eq!(run.code, code, "{words}: {}", run.stderr);
        assert_eq!(
            run.stderr.matches(&format!("[{told}]")).count(),
            1,
            "{words}: {}",
            run.stderr
        );
        assert!(run.stderr.contains(help), "{words}: {}", run.stderr);
    }
    // In a manifest it is told at the target.
    place.write("recipack.toml", "[package]\nproject = \"p\"\ncatalog = \"us.json\"\n[targets.customers]\nkind = \"customer\"\n");
    let run = recipack(&place, "export --to customers");
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("recipack.toml:4:10") && run.stderr.contains("data-center = \"us\""),
        "{}",
        run.stderr
    );
    // No setting of the manifest makes it harmless.
    for code in ["data-center-unknown", "catalog-missing"] {
        place.write(
            "recipack.toml",
            &format!("[checks]\n{code} = \"warning\"\n"),
        );
        let run = recipack(&place, "check p --for customer -m recipack.toml");
        assert!(
            run.stderr.contains(&format!("`{code}` is always an error")),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn init_finds_the_catalogue_or_says_that_it_is_missing() {
    let place = place_with(own_form);
    let manifest = |path: &str| std::fs::read_to_string(place.path(path)).expect("a manifest");
    // Nothing is found, and nobody is asked.
    let run = recipack(&place, "init p -o a.toml");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("[catalog-missing]") && run.stderr.contains("a.toml:"),
        "{}",
        run.stderr
    );
    assert!(manifest("a.toml").contains("# Incomplete"));
    assert_eq!(recipack(&place, "manifest list -m a.toml").code, 1);
    assert_eq!(recipack(&place, "check -m a.toml").code, 1);
    // The local platform's only admin workspace; of two, neither.
    copy(&fixture("catalogs"), &place.path("catalogs"));
    recipack(
        &place,
        "workspace create studio --kind admin --catalog catalogs/shared.json --platform db",
    );
    let run = recipack(&place, "init p -o b.toml --platform db");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(manifest("b.toml").contains("\ncatalog = \"local:studio\"\n"));
    assert_eq!(recipack(&place, "manifest list -m b.toml").code, 0);
    recipack(&place, "workspace create second --kind admin --platform db");
    recipack(&place, "init p -o c.toml --platform db");
    assert!(manifest("c.toml").contains("# Incomplete"));
    // A file beside the manifest, if it shares anything.
    place.write("catalog.json", "[]");
    recipack(&place, "init p -o d.toml");
    assert!(manifest("d.toml").contains("# Incomplete"));
    place.write("catalog.json", &format!("[{OTHER}]"));
    let run = recipack(&place, "init p -o e.toml --json");
    let document: Value = serde_json::from_str(&run.stdout).expect("a document");
    assert_eq!(
        (run.code, &document["catalog"]),
        (0, &json!("catalog.json"))
    );
    assert_eq!(recipack(&place, "check -m e.toml --to customers").code, 0);
    // What is said counts, and is looked at.
    for (said, expected) in [
        ("none", "none"),
        ("p/../catalog.json", "catalog.json"),
        ("https://www.workato.com", "https://www.workato.com"),
    ] {
        let run = recipack(
            &place,
            &format!("init p -o f.toml --force --catalog {said}"),
        );
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(
            manifest("f.toml").contains(&format!("\ncatalog = \"{expected}\"\n")),
            "{said}"
        );
    }
    assert_ne!(
        recipack(&place, "init p -o g.toml --catalog gone.json").code,
        0
    );
    assert!(!place.path("g.toml").exists());
}

#[test]
fn what_a_file_does_not_say_is_neither_shared_nor_removed() {
    let place = Place::new();
    let null = entry("").replace(
        '}',
        r#","oem_shared_version":null,"released_versions":[{"version":3}]}"#,
    );
    let whole = entry(r#","oem_shared_version":3"#);
    place.write("whole.json", &format!("[{OTHER},{whole}]"));
    place.write("unsaid.json", &format!("[{OTHER},{}]", entry("")));
    place.write(
        "page.json",
        &format!(r#"{{"result":[{OTHER}],"next_page":2}}"#),
    );
    place.write("null.json", &format!("[{OTHER},{null}]"));
    let run = |words: &str| recipack(&place, &format!("{words} --platform db"));
    assert_eq!(
        run("workspace create studio --kind admin --catalog whole.json").code,
        0
    );
    for (file, told) in [
        ("unsaid.json", "does not say whether \"Parcel\" is shared"),
        ("page.json", "page of a longer list"),
    ] {
        for command in ["diff", "apply"] {
            let more = if command == "apply" {
                "--allow-removals --yes"
            } else {
                ""
            };
            let run = run(&format!(
                "catalog {command} {file} --in local:studio {more}"
            ));
            assert!(
                run.code == 1 && run.stderr.contains(told),
                "{command} {file}: {}",
                run.stderr
            );
        }
    }
    assert!(run("catalog list --in local:studio").stdout.contains("v3"));
    let differs = run("catalog diff null.json --in local:studio --detailed-exitcode");
    assert_eq!(differs.code, 2, "{}", differs.stderr);
    // A workspace can't hold what is not known.
    let refused = run("workspace create second --kind admin --catalog unsaid.json");
    assert!(
        refused.code != 0 && refused.stderr.contains("does not say whether \"Parcel\""),
        "{}",
        refused.stderr
    );
}

/// Stands before a sandbox, and takes what is said of one connector's sharing out of its answers.
fn silenced(sandbox: &Sandbox, title: &'static str) -> String {
    let behind = sandbox.url.trim_start_matches("http://").to_owned();
    let front = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", front.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for client in front.incoming().map_while(Result::ok) {
            let _ = relay(client, &behind, title);
        }
    });
    url
}

fn relay(mut client: TcpStream, behind: &str, title: &str) -> std::io::Result<()> {
    let mut asked = BufReader::new(client.try_clone()?);
    let mut first = String::new();
    asked.read_line(&mut first)?;
    let mut head = first.clone();
    loop {
        let mut line = String::new();
        asked.read_line(&mut line)?;
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        match name.as_str() {
            "host" => head.push_str(&format!("Host: {behind}\r\n")),
            "connection" | "accept-encoding" => {}
            _ if line.trim().is_empty() => break,
            _ => head.push_str(&line),
        }
    }
    let mut server = TcpStream::connect(behind)?;
    write!(server, "{head}Connection: close\r\n\r\n")?;
    let mut answer = String::new();
    server.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let mut body = body.to_owned();
    if first.starts_with("GET /api/custom_connectors ")
        && let Ok(mut list) = serde_json::from_str::<Value>(&body)
    {
        for connector in list["result"].as_array_mut().into_iter().flatten() {
            if connector["title"] == title {
                connector
                    .as_object_mut()
                    .expect("an object")
                    .remove("oem_shared_version");
            }
        }
        body = list.to_string();
    }
    let status = head.lines().next().unwrap_or_default();
    let length = body.len();
    write!(
        client,
        "{status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

#[test]
fn what_the_api_does_not_tell_is_not_known() {
    let place = sandbox::partner();
    let real = Sandbox::of(&place, &[]);
    let token = sandbox::token(&place, "studio");
    let api = silenced(&real, "Parcel Tracker");
    let asked = |words: &str| -> Run {
        let words = words.replace("API", &api);
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut command = sandbox::command(&place, &api, &token, &words);
        command.output().expect("it starts").into()
    };
    let run = asked("catalog pull -o pulled.json --in API");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let pulled = std::fs::read_to_string(place.path("pulled.json")).expect("a catalogue");
    let pulled: Value = serde_json::from_str(&pulled).expect("JSON");
    let pulled = pulled["result"].as_array().expect("entries");
    let of = |title: &str| {
        pulled
            .iter()
            .find(|entry| entry["title"] == title)
            .expect("listed")
    };
    assert_eq!(of("Parcel Tracker").get("oem_shared_version"), None);
    assert!(of("Route Planner")["oem_shared_version"].is_u64());
    for catalogue in ["API", "pulled.json"] {
        let run = asked(&format!(
            "export partner --for customer --catalog {catalogue} -o c.zip --json"
        ));
        assert_eq!(run.code, 1, "{}", run.stderr);
        let codes = codes(&run);
        for code in ["catalog-missing", "catalog-incomplete"] {
            assert_eq!(
                codes.iter().filter(|told| *told == code).count(),
                1,
                "{catalogue}: {codes:?}"
            );
        }
    }
    let listed = asked("catalog list --in API");
    assert!(
        listed.stdout.contains("not known whether shared"),
        "{}",
        listed.stdout
    );
    let shown: Value =
        serde_json::from_str(&asked("catalog list --json --in API").stdout).expect("a document");
    let connectors = shown["connectors"].as_array().expect("a list").iter();
    assert_eq!(
        connectors
            .filter(|connector| connector.get("shared").is_none())
            .count(),
        1
    );
    let mut command = sandbox::command(
        &place,
        &api,
        &token,
        &["catalog", "update", "Parcel Tracker", "--yes", "--in", &api],
    );
    let run: Run = command.output().expect("it starts").into();
    assert!(
        run.code == 1
            && run
                .stderr
                .contains("is not known: the admin workspace does not say"),
        "{}",
        run.stderr
    );
}
