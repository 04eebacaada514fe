//! Ignore files, read where and as the official clients read them.

use std::ffi::OsStr;
use std::fs;

use recipack::model::fnmatch::Patterns;
use recipack::source::ignored::{RULES, WK_IGNORE, WORKATO_IGNORE};
use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, custom_reference, reference, uses};
use crate::support::{Place, Run, entries};

const HUB: &str = "tide_hub_connector_81_1700000000";

/// A project with a connector, and a recipe that is not done.
fn project(place: &Place, root: &str) {
    ProjectFolder::new(place, root)
        .connector("tide_hub", "Tide Hub", 3)
        .connection(
            "Links/hub.connection.json",
            "Hub",
            &reference("tide_hub.custom_adapter.json", "Tide Hub"),
        )
        .recipe(
            "Tides/warn.recipe.json",
            "Warn",
            &[uses(
                HUB,
                custom_reference("Links/hub.connection.json", "Hub"),
            )],
        )
        .recipe(
            "Drafts/sketch.recipe.json",
            "Sketch",
            &[uses("clock", Value::Null)],
        );
}

fn workspace(place: &Place, rules: &str) {
    place.write(
        ".workatoenv",
        &json!({"project_path": "projects/tides"}).to_string(),
    );
    place.write(".workato-ignore", rules);
    project(place, "projects/tides");
    let inner = json!({"project_id": 4, "project_name": "tides", "folder_id": 9});
    place.write("projects/tides/.workatoenv", &inner.to_string());
}

fn export<S: AsRef<OsStr>>(place: &Place, arguments: impl IntoIterator<Item = S>) -> Run {
    let all = ["export", "--for", "external", "-o", "p.zip"].map(|a| OsStr::new(a).to_owned());
    place.run(
        all.into_iter()
            .chain(arguments.into_iter().map(|a| a.as_ref().to_owned())),
    )
}

fn packed(place: &Place) -> Vec<String> {
    entries(&place.path("p.zip")).into_keys().collect()
}

fn check(place: &Place, project: &str) -> (i32, Value) {
    let run = place.run(["check", project, "--json"]);
    let document = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr));
    (run.code, document)
}

fn found<'d>(document: &'d Value, code: &str) -> Vec<&'d Value> {
    let findings = document["findings"]
        .as_array()
        .or(document["errors"].as_array());
    let findings = findings.into_iter().flatten();
    findings.filter(|finding| finding["code"] == code).collect()
}

#[test]
fn the_workspace_s_ignore_file_holds_for_its_project() {
    let place = Place::new();
    workspace(&place, "# ours\n*.md\n\n  Drafts/*  \n");
    let run = export(&place, ["projects/tides"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        packed(&place)
            .iter()
            .all(|path| !path.starts_with("Drafts/"))
    );
    assert!(
        run.stdout
            .contains("ignored   1 asset by ../../.workato-ignore\n"),
        "{}",
        run.stdout
    );
    let run = export(&place, ["projects/tides", "--list"]);
    let line = "- Drafts/sketch.recipe.json  (ignored by ../../.workato-ignore)\n";
    assert!(run.stdout.contains(line), "{}", run.stdout);
    let (code, document) = check(&place, "projects/tides");
    assert_eq!(code, 0);
    assert_eq!(
        document["ignored"],
        json!([{"by": "../../.workato-ignore", "assets": 1}])
    );
    // From within, as the client is run.
    let run = place.run(["-C", "projects/tides", "check", "."]);
    assert!(
        run.stdout
            .contains("ignored: 1 asset by ../../.workato-ignore"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_connector_that_is_ignored_is_named_as_that() {
    let place = Place::new();
    workspace(&place, "*.custom_adapter.rb\n*.custom_adapter.json\n");
    let (code, document) = check(&place, "projects/tides");
    assert_eq!(code, 1);
    let missing = found(&document, "connector-missing");
    let note = "`tide_hub.custom_adapter.json` is there, and ignored by ../../.workato-ignore";
    assert!(
        missing[0]["notes"]
            .as_array()
            .expect("notes")
            .contains(&json!(note)),
        "{missing:?}"
    );
    // Whoever names the folder wants what is in it.
    let run = export(&place, ["projects/tides", "--connectors", "projects/tides"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(packed(&place).contains(&"tide_hub.custom_adapter.rb".to_owned()));
}

#[test]
fn patterns_are_the_client_s_wherever_its_file_lies() {
    // Rule, and whether the sketch stays out.
    for (rule, is_out) in [
        ("Drafts/*", true),
        ("Drafts", true),
        ("*/sketch*", true),
        ("sketch.recipe.json", true),
        ("*etch.recipe.json", true),
        ("D[!x]afts/*", true),
        ("Drafts/", false),
        ("/Drafts/*", false),
        ("drafts/*", false),
        ("Drafts\\*", false),
        ("projects/tides/Drafts/*", false),
        ("!Drafts/*", false),
        ("# Drafts/*", false),
        ("Drafts/{sketch,other}.recipe.json", false),
    ] {
        for lies in ["", "projects/tides/"] {
            let place = Place::new();
            workspace(&place, "");
            if !lies.is_empty() {
                fs::remove_file(place.path(".workato-ignore")).expect("removed");
            }
            place.write(&format!("{lies}.workato-ignore"), rule);
            let run = export(&place, ["projects/tides"]);
            assert_eq!(run.code, 0, "{rule}: {}", run.stderr);
            let is_packed = packed(&place).contains(&"Drafts/sketch.recipe.json".to_owned());
            assert_eq!(is_packed, !is_out, "{rule} in {lies:?}");
        }
    }
}

#[test]
fn marks_and_line_ends_of_other_systems_do_no_harm() {
    for text in [
        "\u{feff}Drafts/*\n",
        "\u{feff}Drafts/*\r\n*.md\r\n",
        "*.md\r\nDrafts/*",
        "*.md\rDrafts/*\r",
        "\tDrafts/*\u{a0}\n",
    ] {
        let place = Place::new();
        project(&place, "tides");
        place.write("tides/.workato-ignore", text);
        let (code, document) = check(&place, "tides");
        assert_eq!(
            (code, &document["ignored"][0]["assets"]),
            (0, &json!(1)),
            "{text:?}"
        );
        let place = Place::new();
        project(&place, "tides");
        place.write(
            "tides/.wkignore",
            &text
                .replace(['\t', '\u{a0}'], "")
                .replace('\r', "\r\n")
                .replace("\n\n", "\n"),
        );
        let (code, document) = check(&place, "tides");
        assert_eq!(
            (code, &document["ignored"][0]["assets"]),
            (0, &json!(1)),
            "{text:?}"
        );
    }
}

#[test]
fn a_rule_that_takes_nothing_is_told_with_what_it_means() {
    for (rule, right) in [
        ("Drafts/", "Drafts"),
        ("Drafts\\*", "Drafts/*"),
        ("/Drafts/*", "Drafts/*"),
        ("./Drafts/*", "Drafts/*"),
        ("drafts", "Drafts/*"),
        ("!Drafts/*", "Drafts/*"),
    ] {
        let place = Place::new();
        project(&place, "tides");
        place.write("tides/.workato-ignore", &format!("# rules\n{rule}\n"));
        let (code, document) = check(&place, "tides");
        assert_eq!(code, 0);
        let told = found(&document, "ignore-rule-ineffective");
        assert_eq!(told.len(), 1, "{rule}: {document}");
        let message = format!("line 2, `{rule}`, leaves nothing out");
        assert_eq!(told[0]["message"], message);
        assert_eq!(told[0]["file"], ".workato-ignore");
        let help = told[0]["help"].as_str().expect("help");
        assert!(
            help.ends_with(&format!("write `{right}`")),
            "{rule}: {help}"
        );
    }
    // What the client writes by itself, and what is about hidden files, is never told.
    let place = Place::new();
    project(&place, "tides");
    place.write(
        "tides/.workato-ignore",
        "dist/\nbuild/\nLICENSE\n*~\n.vscode/settings.json\n",
    );
    let (_, document) = check(&place, "tides");
    assert_eq!(
        document["findings"].as_array().map(Vec::len),
        Some(1),
        "{document}"
    );
    place.write("tides/.workato-ignore", "Old/*\n");
    let (_, document) = check(&place, "tides");
    let told = found(&document, "ignore-rule-unused");
    assert_eq!(
        (told.len(), &told[0]["severity"]),
        (1, &json!("note")),
        "{document}"
    );
}

#[test]
fn wk_s_file_is_read_from_its_own_folder() {
    let place = Place::new();
    project(&place, "work/tides");
    place.write("work/.wk/config", "");
    place.write(
        "work/.wkignore",
        "tides/Drafts/\n!tides/Drafts/\ntides/Drafts/**\n",
    );
    let (code, document) = check(&place, "work/tides");
    assert_eq!(code, 0);
    assert_eq!(
        document["ignored"],
        json!([{"by": "../.wkignore", "assets": 1}])
    );
    place.write("work/.wkignore", "tides/Drafts/\n");
    let (_, document) = check(&place, "work/tides");
    assert_eq!(
        document["ignored"],
        json!([{"by": "../.wkignore", "assets": 1}])
    );
    assert!(found(&document, "ignore-rule-unused").is_empty());
    // A line that is no pattern is named, and nothing is packed.
    place.write("work/.wkignore", "tides/Drafts/\n\ntides/[z-a]\n");
    let (code, document) = check(&place, "work/tides");
    let told = found(&document, "ignore-file-unreadable");
    assert_eq!((code, told.len()), (1, 1), "{document}");
    assert!(
        told[0]["message"]
            .as_str()
            .is_some_and(|m| m.starts_with("line 3 ")),
        "{told:?}"
    );
}

#[test]
fn the_nearest_file_holds_and_the_other_is_told() {
    let place = Place::new();
    workspace(&place, "Tides/*\n");
    place.write("projects/tides/.workato-ignore", "Drafts/*\n");
    let (code, document) = check(&place, "projects/tides");
    assert_eq!(code, 0);
    assert_eq!(
        document["ignored"],
        json!([{"by": ".workato-ignore", "assets": 1}])
    );
    let told = found(&document, "ignore-file-unused");
    assert_eq!(
        (told.len(), &told[0]["file"]),
        (1, &json!("../../.workato-ignore"))
    );
    // Above the workspace, or where there is none, nothing is anybody's.
    let place = Place::new();
    project(&place, "projects/tides");
    place.write(".workato-ignore", "Drafts/*\n");
    let (_, document) = check(&place, "projects/tides");
    assert_eq!(document["ignored"], Value::Null);
    fs::create_dir(place.path(".git")).expect("made");
    let (_, document) = check(&place, "projects/tides");
    assert_eq!(document["ignored"][0]["by"], "../../.workato-ignore");
}

#[test]
fn names_that_nothing_reads_are_told() {
    for name in [
        ".workatoignore",
        ".workato_ignore",
        "workato-ignore",
        ".Workato-Ignore",
        ".workato-ignore.txt",
        ".wk-ignore",
        "wkignore",
        "Tides/.workato-ignore",
        "Tides/.wkignore",
        "../.workatoignore",
    ] {
        let place = Place::new();
        workspace(&place, "");
        let path = place
            .path("projects/tides")
            .join(name.replace("../", "../../"));
        fs::write(path, "Drafts/*\n").expect("written");
        let (code, document) = check(&place, "projects/tides");
        let told = found(&document, "ignore-file-unused");
        assert_eq!((code, told.len()), (0, 1), "{name}: {document}");
    }
}

#[test]
fn only_plain_files_of_a_sane_size_are_read() {
    let unread = |prepare: &dyn Fn(&Place), what: &str| {
        for name in [".workato-ignore", ".wkignore"] {
            let place = Place::new();
            project(&place, "tides");
            prepare(&place);
            fs::rename(place.path("ignore"), place.path(&format!("tides/{name}"))).expect("moved");
            let (code, document) = check(&place, "tides");
            let told = found(&document, "ignore-file-unreadable");
            assert_eq!((code, told.len()), (1, 1), "{what}: {document}");
            let message = told[0]["message"].as_str().expect("a message");
            assert!(message.contains(what), "{message}");
        }
    };
    unread(
        &|place| {
            place.write("rules", "Drafts/*\n");
            std::os::unix::fs::symlink("../rules", place.path("ignore")).expect("linked");
        },
        "symbolic link",
    );
    unread(
        &|place| {
            let made = place.shell("mkfifo ignore").status().expect("it runs");
            assert!(made.success());
        },
        "not a file",
    );
    unread(
        &|place| fs::create_dir(place.path("ignore")).expect("made"),
        "not a file",
    );
    unread(
        &|place| fs::write(place.path("ignore"), [b'a', 0xff]).expect("written"),
        "not UTF-8",
    );
    unread(
        &|place| fs::write(place.path("ignore"), b"\xff\xfeD\0r\0").expect("written"),
        "UTF-16",
    );
    unread(
        &|place| fs::write(place.path("ignore"), "x\n".repeat(600_000)).expect("written"),
        "more than",
    );
    unread(
        &|place| fs::write(place.path("ignore"), "x".repeat(5000)).expect("written"),
        "line 1 ",
    );
}

#[test]
fn a_rule_that_takes_everything_is_named() {
    for name in [".workato-ignore", ".wkignore"] {
        let place = Place::new();
        project(&place, "tides");
        place.write(&format!("tides/{name}"), "# all\n*\n");
        let run = place.run(["check", "tides"]);
        assert_eq!(run.code, 1, "{}", run.stdout);
        let note = format!("{name} has rules that match all of 4 assets");
        assert!(run.stderr.contains(&note), "{}", run.stderr);
    }
}

#[test]
fn patterns_that_want_much_are_harmless() {
    let place = Place::new();
    project(&place, "tides");
    let rules: String = (0..20_000)
        .map(|n| format!("{}*{n}[a-z]?*x\n", "*a".repeat(n % 20)))
        .collect();
    place.write("tides/.workato-ignore", &rules);
    let (code, document) = check(&place, "tides");
    assert!(
        code == 0 || !found(&document, "ignore-file-unreadable").is_empty(),
        "{code}"
    );
}

/// Whether the ignore file beside it holds is not known then.
#[test]
fn settings_that_can_not_be_read_are_not_none() {
    let place = Place::new();
    workspace(&place, "*\n");
    place.write(".workatoenv", "{");
    let (code, document) = check(&place, "projects/tides");
    let told = found(&document, "ignore-file-unreadable");
    assert_eq!((code, told.len()), (1, 1), "{document}");
    assert_eq!(told[0]["file"], "../../.workatoenv");
}

#[test]
fn more_rules_than_a_person_writes_are_refused_at_once() {
    for (name, rule) in [(WORKATO_IGNORE, "Old"), (WK_IGNORE, "[")] {
        let place = Place::new();
        project(&place, "p");
        let rules: String = (0..=RULES).map(|n| format!("{rule}{n}\n")).collect();
        fs::write(place.path("p").join(name), rules).expect("written");
        let (code, document) = check(&place, "p");
        assert_eq!(code, 1, "{name}");
        let told = found(&document, "ignore-file-unreadable");
        let last = told.last().expect("it is told");
        assert_eq!(last["message"], "it has more than 10000 rules", "{name}");
    }
}

/// Short texts of the characters that mean something; the same on every run.
fn short_texts(count: usize) -> Vec<(String, String)> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    let mut text = |longest: usize, alphabet: &[char]| -> String {
        let length = next(longest + 1);
        (0..length)
            .map(|_| alphabet[next(alphabet.len())])
            .collect()
    };
    let pattern = ['[', ']', '!', '^', '-', 'a', 'b', 'c', '*', '?', '\\', '&'];
    let plain = ['[', ']', '!', '^', '-', 'a', 'b', 'c', '&'];
    (0..count)
        .map(|_| (text(9, &pattern), text(3, &plain)))
        .collect()
}

#[test]
fn python_reads_patterns_in_the_same_way_where_it_is_at_hand() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let cases = short_texts(4000);
    let script = "import fnmatch,json,sys\n\
        print(json.dumps([fnmatch.fnmatchcase(t, p) for p, t in json.load(sys.stdin)]))";
    let started = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut python) = started else { return };
    let mut pipe = python.stdin.take().expect("a pipe");
    serde_json::to_writer(&mut pipe, &cases).expect("written");
    pipe.flush().expect("written");
    drop(pipe);
    let output = python.wait_with_output().expect("it ends");
    let said: Vec<bool> = serde_json::from_slice(&output.stdout).expect("a list");
    assert_eq!(said.len(), cases.len());
    for ((pattern, text), said) in cases.iter().zip(said) {
        let patterns = Patterns::new([pattern.as_str()]).expect("small");
        assert_eq!(
            !patterns.matches(text).is_empty(),
            said,
            "{pattern:?} on {text:?}"
        );
    }
}
