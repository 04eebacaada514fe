//! Shared connectors and their life, from end to end by the program itself: built in the admin
//! workspace, shared, updated, switched back and removed, as the customers' workspaces see it.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Place, Run, copy, entries, fixture};
use recipack::workspace::Workspace as _;
use recipack::workspace::local::{LocalPlatform, LocalWorkspace, Writing};
use serde_json::Value;

/// The moment that stands in the internal names of the fixtures.
const NOW: &str = "1701388800";
const NAME: &str = "parcel_tracker_connector_48213_1701388800";
const RECIPE: &str = "Orders/track_new_parcels.recipe.json";

fn run(place: &Place, arguments: &[&str]) -> Run {
    let mut command = place.command();
    command.env("SOURCE_DATE_EPOCH", NOW);
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.args(arguments);
    command.output().expect("it starts").into()
}

fn done(place: &Place, arguments: &[&str]) -> Run {
    ends(place, arguments, 0)
}

fn ends(place: &Place, arguments: &[&str], code: i32) -> Run {
    let run = run(place, arguments);
    assert_eq!(
        run.code, code,
        "{arguments:?}: {}{}",
        run.stdout, run.stderr
    );
    run
}

/// A command line in words; what holds spaces stands in quotes.
fn words(line: &str) -> Vec<&str> {
    line.split('\'')
        .enumerate()
        .flat_map(|(i, part)| {
            if i % 2 == 1 {
                vec![part]
            } else {
                part.split_whitespace().collect()
            }
        })
        .collect()
}

pub(crate) fn line(place: &Place, line: &str) -> Run {
    done(place, &words(line))
}

fn refused(place: &Place, line: &str, code: i32) -> String {
    let run = ends(place, &words(line), code);
    assert_eq!(run.stdout, "", "{line}");
    run.stderr
}

fn json(place: &Place, line: &str) -> Value {
    let mut arguments = words(line);
    arguments.push("--json");
    let run = done(place, &arguments);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

/// The sources of a connector: the second lacks an action of the first, the third is no Ruby.
fn sources(place: &Place) {
    copy(&fixture("partner"), &place.path("partner"));
    let first = fs::read_to_string(fixture("connectors/parcel_tracker.custom_adapter.rb"));
    let first = first.expect("text");
    let second = first.replacen("get_parcel: {", "find_parcel: {", 1);
    assert_ne!(first, second);
    place.write("one.rb", &first);
    place.write("two.rb", &second);
    place.write("bad.rb", "{\n  title: \"Bad\",\n  actions: [\n}\n");
}

/// An admin workspace whose connector has two released versions, the first of them shared.
fn shared() -> Place {
    let place = Place::new();
    sources(&place);
    for command in [
        "workspace create studio --kind admin --id 48213",
        "customer create acme --of studio",
        "customer create beta --of studio",
        "connector push one.rb --title 'Parcel Tracker' --note First --in local:studio",
        "connector release 'Parcel Tracker' --in local:studio",
        "connector push two.rb --title 'Parcel Tracker' --note Second --into local:studio",
        "connector release 'Parcel Tracker' --in local:studio",
        "catalog share 'Parcel Tracker' --version 1 --in local:studio",
    ] {
        line(&place, command);
    }
    place
}

/// The same with a recipe at both customers, which runs at the first.
pub(crate) fn used() -> Place {
    let place = shared();
    line(
        &place,
        &format!(
            "export partner --include {RECIPE} --for customer --catalog local:studio -o c.zip"
        ),
    );
    for customer in ["acme", "beta"] {
        line(&place, &format!("import c.zip --into local:{customer}"));
        line(
            &place,
            &format!("connection authorize --all --in local:{customer}"),
        );
    }
    line(&place, "recipe start --all --in local:acme");
    place
}

pub(crate) fn open(place: &Place, name: &str) -> LocalWorkspace {
    let writing = Writing {
        purpose: "test".to_owned(),
        patience: Duration::from_secs(30),
        stop: Default::default(),
    };
    LocalPlatform::open(&place.path("p.db"), writing)
        .expect("a platform")
        .workspace(&name.parse().expect("a name"))
        .expect("a workspace")
}

#[test]
fn the_life_of_a_shared_connector() {
    let place = Place::new();
    sources(&place);
    line(&place, "workspace create studio --kind admin --id 48213");
    line(&place, "workspace create moon --kind external --id 7");
    line(&place, "customer create acme --of studio --label ring=1");
    line(&place, "customer create beta --of studio");

    // Built: two versions, both released; code that does not parse is kept and not released.
    let push = "connector push one.rb --title 'Parcel Tracker' --note First --in local:studio";
    assert_eq!(
        line(&place, push).stdout,
        format!(
            "connector \"Parcel Tracker\": created with v1, as {NAME}\n  no version is released; to release it: \
             recipack connector release 'Parcel Tracker' --in local:studio\n"
        )
    );
    let again = line(&place, push).stdout;
    assert!(again.contains("v1 is the same already"), "{again}");
    let early = "catalog share 'Parcel Tracker' --in local:studio";
    let told = refused(&place, early, 1);
    assert!(told.contains("no version of the connector"), "{told}");
    let release = "connector release 'Parcel Tracker' --in local:studio";
    line(&place, release);
    line(
        &place,
        "connector push two.rb --title 'Parcel Tracker' --note Second --into local:studio",
    );
    line(&place, release);
    let bad = "connector push bad.rb --title 'Parcel Tracker' --in local:studio";
    let warned = line(&place, bad).stderr;
    assert!(warned.contains("warning[connector-source]"), "{warned}");
    assert!(warned.contains("bad.rb:3:"), "{warned}");
    let told = refused(&place, release, 1);
    assert!(told.contains("v3 of the connector"), "{told}");
    assert!(told.contains("Parcel Tracker@3:3:"), "{told}");
    assert!(told.contains("can't be released"), "{told}");

    // Shared in its first version: every customer has it, and not as a connector of its own.
    let share = "catalog share 'Parcel Tracker' --version 1 --in local:studio";
    let told = line(&place, share).stdout;
    assert_eq!(
        told,
        "+ Parcel Tracker  share v1 open-source\n    reaches 2 customers\n    \
         no recipe uses it\nlocal:studio: 1 connector changed\n"
    );
    assert!(line(&place, share).stdout.contains("nothing to change"));
    let connectors = json(&place, "connector list --in local:acme");
    assert_eq!(connectors["connectors"][0]["origin"], "shared");
    assert_eq!(connectors["connectors"][0]["internal_name"], NAME);
    let counted = json(&place, "workspace list");
    assert_eq!(counted["workspaces"][0]["connectors"], 0);

    // Exported for customers: left out, with the version that they will run.
    let for_customers =
        format!("export partner --include {RECIPE} --for customer --catalog local:studio -o c.zip");
    let told = line(&place, &for_customers).stderr;
    assert!(
        told.contains("\"Parcel Tracker\" is left out: customers run the shared v1"),
        "{told}"
    );
    assert!(!entries(&place.path("c.zip")).contains_key("parcel_tracker.custom_adapter.rb"));
    for customer in ["acme", "beta"] {
        let told = line(&place, &format!("import c.zip --into local:{customer}")).stdout;
        assert!(told.contains("Parcel Tracker  uses shared v1"), "{told}");
        let authorize = format!("connection authorize --all --in local:{customer}");
        line(&place, &authorize);
        line(&place, &format!("recipe start --all --in local:{customer}"));
    }

    // Updated: who is affected, and what they would miss.
    let update = "catalog update 'Parcel Tracker' --in local:studio";
    let affected = line(&place, &format!("{update} --plan")).stdout;
    assert_eq!(
        affected,
        "~ Parcel Tracker  update v1 → v2, open-source\n    reaches 2 customers\n    \
         code    breaking: something was removed or changed\n    \
         local:acme (us): v1 → v2\n      running  3  Orders/Track new parcels\n        \
         ? trigger `new_scan` (step 0): both versions compute its output fields\n        \
         ! action `get_parcel` (step 4): is not there\n    \
         local:beta (us): v1 → v2\n      running  3  Orders/Track new parcels\n        \
         ? trigger `new_scan` (step 0): both versions compute its output fields\n        \
         ! action `get_parcel` (step 4): is not there\n"
    );
    let told = refused(&place, update, 3);
    assert!(
        told.contains("2 running recipes would run another version"),
        "{told}"
    );
    assert!(told.contains("--yes"), "{told}");
    let changed = json(&place, &format!("{update} --yes"));
    assert_eq!(changed["outcome"], "changed");
    let shown = json(&place, "customer show acme");
    assert_eq!(shown["shared"][0]["version"], 2);
    let unchanged = json(&place, update);
    assert_eq!(unchanged["outcome"], "unchanged", "it is up to date");

    // Switched back.
    let back = line(
        &place,
        "catalog switch 'Parcel Tracker' 1 --in local:studio --yes",
    );
    assert!(
        back.stdout.contains("switch v2 → v1, open-source"),
        "{}",
        back.stdout
    );
    let told = line(&place, &for_customers).stderr;
    assert!(told.contains("customers run the shared v1"), "{told}");

    // For another account it goes along: it installs there, then updates.
    let external =
        format!("export partner --include {RECIPE} --for external --catalog local:studio -o x.zip");
    line(&place, &external);
    let told = line(&place, "import x.zip --into local:moon").stdout;
    assert!(told.contains("Parcel Tracker  install v1"), "{told}");
    let packed = "partner/parcel_tracker.custom_adapter.rb";
    let code = fs::read_to_string(place.path(packed)).expect("text");
    place.write(
        packed,
        &format!(
            "{code}# Labels take a weight
"
        ),
    );
    line(&place, &external);
    let told = line(&place, "import x.zip --into local:moon").stdout;
    assert!(told.contains("Parcel Tracker  update v1 → v2"), "{told}");

    // Removed only when nothing runs that uses it, with the title said once more.
    let remove = "catalog remove 'Parcel Tracker' --in local:studio";
    let confirmed = format!("{remove} --confirm 'Parcel Tracker'");
    let told = refused(&place, &confirmed, 3);
    assert_eq!(
        told,
        "error[in-use]: \"Parcel Tracker\" can't be removed: 2 running recipes of 2 customers would lose it
   = note: local:acme: Orders/Track new parcels (3)
   = note: local:beta: Orders/Track new parcels (3)
   = help: stop them first:
             recipack recipe stop 3 --in local:acme
             recipack recipe stop 3 --in local:beta

"
    );
    line(&place, "recipe stop 3 --in local:acme");
    line(&place, "recipe stop 3 --in local:beta");
    let told = refused(&place, remove, 3);
    assert!(told.contains("there is nobody to ask"), "{told}");
    assert!(told.contains("--confirm 'Parcel Tracker'"), "{told}");
    let told = refused(&place, &format!("{remove} --confirm 'Parcel tracker'"), 64);
    assert!(
        told.contains("the connector is \"Parcel Tracker\""),
        "{told}"
    );
    let told = line(&place, &confirmed).stdout;
    assert!(told.contains("local:acme (us): v1 → none"), "{told}");
    let told = refused(&place, remove, 1);
    assert!(told.contains("is not shared"), "{told}");

    // From then on its recipes can't start and say why, and exports say so.
    let told = refused(&place, "recipe start --all --in local:acme", 1);
    assert!(
        told.contains("its connector \"Parcel Tracker\" is not shared with the workspace"),
        "{told}"
    );
    let told = line(&place, &format!("{for_customers} --verbose")).stderr;
    assert!(
        told.contains("\"Parcel Tracker\" is not shared: it installs as the customer's own"),
        "{told}"
    );
    assert!(entries(&place.path("c.zip")).contains_key("parcel_tracker.custom_adapter.rb"));
}

/// Typing the title needs a terminal, which `script` makes.
#[test]
fn the_title_is_typed_on_a_terminal() {
    let place = used();
    let version = std::process::Command::new("script")
        .arg("--version")
        .output();
    if !version.is_ok_and(|output| output.status.success()) {
        return;
    }
    let typed = |command: &str, answer: &str| {
        let program = env!("CARGO_BIN_EXE_recipack");
        let mut child = std::process::Command::new("script")
            .args(["-qec", &format!("{program} {command}"), "/dev/null"])
            .current_dir(place.folder.path())
            .env("RECIPACK_PLATFORM", place.path("p.db"))
            .env("TERM", "dumb")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script starts");
        let mut input = child.stdin.take().expect("an input");
        input.write_all(answer.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text)
    };
    let update = "catalog update 'Parcel Tracker' --in local:studio";
    let (code, told) = typed(update, "n\n");
    assert_eq!(code, Some(3), "{told}");
    assert!(
        told.contains("1 running recipe would run another version"),
        "{told}"
    );
    let (code, told) = typed(update, "y\n");
    assert_eq!(code, Some(0), "{told}");
    line(&place, "recipe stop --all --in local:acme");
    let remove = "catalog remove 'Parcel Tracker' --in local:studio";
    let (code, told) = typed(remove, "Parcel\n");
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("another title was typed"), "{told}");
    let (code, told) = typed(remove, "Parcel Tracker\n");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("local:studio: 1 connector changed"), "{told}");
}

#[test]
fn what_can_not_be_shared_is_refused_with_a_way_out() {
    let place = used();
    line(&place, "workspace create moon --kind external");
    line(
        &place,
        "connector push bad.rb --title 'Parcel Tracker' --in local:studio",
    );
    line(
        &place,
        "connector push one.rb --title Draft --in local:studio",
    );
    for (command, code, says) in [
        (
            "catalog share 'Parcel Tracker' --version 3 --in local:studio",
            1,
            "v3 of the connector \"Parcel Tracker\" is not released",
        ),
        (
            "catalog switch 'Parcel Tracker' 9 --in local:studio",
            1,
            "v9 of the connector \"Parcel Tracker\" is not there",
        ),
        (
            "catalog share 'Parcel Tracker' --version 2 --in local:studio",
            1,
            "catalog update 'Parcel Tracker'",
        ),
        (
            "catalog share Draft --in local:studio",
            1,
            "recipack connector release Draft --in local:studio",
        ),
        (
            "catalog update Draft --in local:studio",
            1,
            "recipack catalog share Draft --in local:studio",
        ),
        (
            "catalog share 'Parcel Trackr' --in local:studio",
            1,
            "did you mean \"Parcel Tracker\"?",
        ),
        (
            "catalog list --in local:acme",
            64,
            "only an admin workspace shares connectors, and this one is a customer's",
        ),
        ("catalog pull --in local:moon", 64, "this one is external"),
        (
            "catalog share 'Parcel Tracker' --version 1 --closed-source --in local:studio",
            3,
            "Customer Success enables it",
        ),
        (
            "workspace set acme --closed-source allowed",
            64,
            "only an admin workspace shares connectors",
        ),
        (
            "workspace create x --kind external --may-close-source",
            64,
            "goes with --kind admin only",
        ),
        (
            "connector push one.rb --title X --in local:acme",
            3,
            "recipack catalog share X --in local:studio",
        ),
        (
            "connector push bad.rb --title X --logo one.rb --in local:studio",
            1,
            "one.rb is neither PNG nor JPEG",
        ),
        (
            "connector push nowhere.rb --title X --in local:studio",
            1,
            "can't read nowhere.rb",
        ),
        (
            "connector release 'Parcel Tracker' --in local:acme",
            1,
            "recipack connector release 'Parcel Tracker' --in local:studio",
        ),
        (
            "connector diff 'Parcel Tracker@1' two.rb",
            64,
            "say it with --in local:NAME",
        ),
        (
            "connector diff 'Parcel Tracker@8' two.rb --in local:studio",
            1,
            "it has 1, 2, 3",
        ),
        (
            "connector diff 'Parcel Tracker@1' two.rb --in local:acme",
            1,
            "is not known",
        ),
        ("connector diff one.rb bad.rb", 1, "bad.rb:3:"),
        (
            "customer create acme --of studio",
            1,
            "there is a workspace `acme`",
        ),
        (
            "customer create x --of moon",
            64,
            "can't be a customer of `moon`",
        ),
        (
            "customer show studio",
            64,
            "it is no customer's, but one of kind admin",
        ),
        ("customer label acme plan", 64, "neither KEY=VALUE nor KEY-"),
    ] {
        let told = refused(&place, command, code);
        assert!(told.contains(says), "{command}: {told}");
    }
    fs::write(place.path("latin.rb"), b"{ a: \"\xe9\" }").expect("written");
    let told = refused(
        &place,
        "connector push latin.rb --title X --in local:studio",
        1,
    );
    assert!(told.contains("not UTF-8"), "{told}");
}

#[test]
fn versions_of_a_connector_are_compared() {
    let place = shared();
    let diff = "connector diff 'Parcel Tracker@1' 'Parcel Tracker@2' --in local:studio";
    assert_eq!(
        line(&place, diff).stdout,
        "~ trigger `new_scan`  can't tell\n    ? both versions compute its output fields\n\
         + action `find_parcel`  compatible\n- action `get_parcel`  breaking\n\
         Parcel Tracker@1 → Parcel Tracker@2: breaking\n"
    );
    ends(&place, &words(&format!("{diff} --detailed-exitcode")), 2);
    let same = "connector diff one.rb 'Parcel Tracker@1' --in local:studio --detailed-exitcode";
    assert!(line(&place, same).stdout.ends_with("the same source\n"));
    let document = json(&place, diff);
    assert_eq!(document["diff"]["verdict"], "breaking");
    assert_eq!(
        document["diff"]["actions"]["get_parcel"]["difference"],
        "removed"
    );
}

#[test]
fn a_push_keeps_what_it_does_not_say() {
    let place = Place::new();
    sources(&place);
    line(&place, "workspace create studio --kind admin");
    let logo = fixture("connectors/parcel_tracker.custom_adapter.png");
    fs::copy(&logo, place.path("logo.png")).expect("copied");
    let push = "connector push one.rb --title 'P & Q' --in local:studio";
    line(
        &place,
        &format!("{push} --note 'The first' --logo logo.png --description 'Two\tlines'"),
    );
    line(
        &place,
        "connector push two.rb --title 'P & Q' --in local:studio",
    );
    let studio = open(&place, "studio");
    let inventory = studio.inventory().expect("an inventory");
    let versions = &inventory.connectors[0].versions;
    let json = |index: usize| {
        let mut bytes = Vec::new();
        let digest = versions[index].json.expect("JSON");
        studio.content(&digest, &mut bytes).expect("content");
        String::from_utf8(bytes).expect("UTF-8")
    };
    let expected = |version: u32, note: &str| {
        format!(
            "{{\n  \"title\": \"P & Q\",\n  \"description\": \"Two\\tlines\",\n  \
             \"logo_file_name\": \"logo.png\",\n  \"logo_content_type\": \"image/png\",\n  \
             \"version_no\": {version},\n  \"note\": {note}\n}}"
        )
    };
    assert_eq!(json(0), expected(1, "\"The first\""));
    assert_eq!(json(1), expected(2, "null"));
    assert_eq!(versions[0].logo, versions[1].logo);
    // Code that is the same makes a version only with something else that is new.
    let same = "connector push two.rb --title 'P & Q' --in local:studio";
    for (more, version, effect) in [
        ("", 2, "unchanged"),
        (" --note 'Only a note'", 2, "unchanged"),
        (" --logo logo.png", 2, "unchanged"),
        (" --description New", 3, "adds"),
        (" --description New", 3, "unchanged"),
    ] {
        let document = self::json(&place, &format!("{same}{more}"));
        assert_eq!(document["version"], version, "{more}");
        assert_eq!(document["effect"], effect, "{more}");
    }
}

#[test]
fn a_catalogue_file_is_pulled_compared_and_applied() {
    let place = used();
    line(
        &place,
        "connector push one.rb --title Vault --in local:studio",
    );
    line(&place, "connector release Vault --in local:studio");
    line(&place, "catalog pull -o now.json --in local:studio");
    let now = fs::read_to_string(place.path("now.json")).expect("text");
    assert_eq!(
        line(&place, "catalog pull --in local:studio").stdout,
        now,
        "stdout has the file"
    );
    let pulled = json(&place, "catalog pull --in local:studio");
    assert_eq!(pulled["connectors"][0]["shared_version"], 1);
    assert_eq!(pulled["connectors"][1]["shared_version"], Value::Null);
    let same = line(
        &place,
        "catalog diff now.json --in local:studio --detailed-exitcode",
    );
    assert_eq!(same.stdout, "local:studio shares what now.json says\n");

    // A reviewed file shares one and updates the other.
    let edited = |from: &str, to: &str, text: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let next = edited(
        "\"oem_shared_version\": 1",
        "\"oem_shared_version\": 2",
        &now,
    );
    let next = edited(
        "\"oem_shared_version\": null",
        "\"oem_shared_version\": 1",
        &next,
    );
    place.write("next.json", &next);
    let diff = words("catalog diff next.json --in local:studio --detailed-exitcode");
    assert_eq!(
        ends(&place, &diff, 2).stdout,
        "~ Parcel Tracker  update v1 → v2, open-source\n+ Vault  share v1 open-source\n"
    );
    let apply = "catalog apply next.json --in local:studio";
    let told = refused(&place, apply, 3);
    assert!(told.contains("--yes"), "{told}");
    assert_eq!(line(&place, "catalog pull --in local:studio").stdout, now);
    let planned = json(&place, &format!("{apply} --plan"));
    assert_eq!(planned["outcome"], "planned");
    let applied = line(&place, &format!("{apply} --yes")).stdout;
    assert!(
        applied.ends_with("local:studio: 2 connectors changed\n"),
        "{applied}"
    );
    assert_eq!(line(&place, "catalog pull --in local:studio").stdout, next);
    assert!(line(&place, apply).stdout.contains("nothing to change"));

    // What the file does not share is removed only if that is meant, and nothing runs that uses it.
    place.write("none.json", "{\"result\": []}");
    let none = "catalog apply none.json --in local:studio --yes";
    let told = refused(&place, none, 3);
    assert!(told.contains("\"Parcel Tracker\", \"Vault\""), "{told}");
    assert!(told.contains("--allow-removals"), "{told}");
    assert!(
        told.contains("recipack recipe stop 3 --in local:acme"),
        "{told}"
    );
    line(&place, "recipe stop --all --in local:acme");
    let gone = line(&place, &format!("{none} --allow-removals")).stdout;
    assert!(
        gone.contains("- Parcel Tracker  remove v2 open-source"),
        "{gone}"
    );
    assert!(gone.contains("- Vault  remove v1 open-source"), "{gone}");
    let listed = json(&place, "catalog list --in local:studio");
    assert_eq!(listed["connectors"][0]["shared"], Value::Null);

    // Files that say what can't be: everything wrong is told at once, and nothing is done.
    let wrong = edited(
        "\"oem_shared_version\": 2",
        "\"oem_shared_version\": 7",
        &next,
    );
    let wrong = edited("\"title\": \"Vault\"", "\"title\": \"Vaults\"", &wrong);
    place.write("wrong.json", &wrong);
    let told = refused(&place, "catalog apply wrong.json --in local:studio", 1);
    assert!(
        told.contains("v7 of the connector \"Parcel Tracker\" is not there"),
        "{told}"
    );
    assert!(told.contains("has no connector \"Vaults\""), "{told}");
    let other = edited("\"data_center\": \"us\"", "\"data_center\": \"eu\"", &next);
    let other = edited(NAME, "parcel_tracker_connector_1_1", &other);
    place.write("other.json", &other);
    let told = refused(&place, "catalog diff other.json --in local:studio", 1);
    assert!(
        told.contains("and `parcel_tracker_connector_1_1` in the file"),
        "{told}"
    );
    let closed = edited(
        "\"visibility\": \"open\"",
        "\"visibility\": \"closed\"",
        &next,
    );
    place.write("closed.json", &closed);
    refused(&place, "catalog apply closed.json --in local:studio", 3);
}

#[test]
fn closed_source_stays_in_its_data_center() {
    let place = used();
    line(&place, "workspace set studio --closed-source allowed");
    line(
        &place,
        "workspace create far --kind customer --of studio --data-center eu",
    );
    line(&place, "import c.zip --into local:far");
    line(&place, "connection authorize --all --in local:far");
    line(&place, "recipe start --all --in local:far");
    let close = "catalog share 'Parcel Tracker' --version 1 --closed-source --in local:studio";
    let told = refused(&place, close, 3);
    assert!(
        told.contains("can't be closed: 1 running recipe of 1 customer"),
        "{told}"
    );
    line(&place, "recipe stop --all --in local:far");
    let told = line(&place, close).stdout;
    assert!(
        told.contains("visibility v1 open-source → v1 closed-source\n    reaches 2 customers\n"),
        "{told}"
    );
    assert!(told.contains("local:far (eu): v1 → none"), "{told}");
    assert!(told.contains("local:acme (us): v1, as before"), "{told}");
    let told = refused(&place, "recipe start --all --in local:far", 1);
    assert!(
        told.contains("is shared closed-source in us only"),
        "{told}"
    );

    // Packages for customers: the same data center, another one, and the ways out of that.
    let export = format!("export partner --include {RECIPE} --for customer --catalog local:studio");
    let near = line(&place, &format!("{export} --data-center us -o near.zip")).stdout;
    assert!(
        near.contains("left out, the target runs the shared v1"),
        "{near}"
    );
    let told = run(
        &place,
        &words(&format!("{export} --data-center eu -o far.zip")),
    );
    assert_eq!(told.code, 1, "{}", told.stderr);
    assert!(
        told.stderr.contains("shared-connector-unreachable"),
        "{}",
        told.stderr
    );
    let own = line(
        &place,
        &format!("{export} --data-center eu --connector 'Parcel Tracker=include' -o far.zip"),
    );
    assert!(
        own.stdout.contains("Parcel Tracker: included"),
        "{}",
        own.stdout
    );
    let told = line(&place, "import far.zip --into local:far --folder New").stdout;
    assert!(told.contains("install v1"), "{told}");
    line(
        &place,
        "catalog share 'Parcel Tracker' --version 1 --in local:studio",
    );
    line(&place, &format!("{export} --data-center eu -o far.zip"));
}

#[test]
fn an_admin_workspace_is_a_catalogue_for_manifests_and_records() {
    let place = shared();
    place.write(
        "recipack.toml",
        "[package]\nname = 'orders'\nproject = 'partner'\ncatalog = 'local:studio'\n\
         [select]\ninclude = ['Orders/track_new_parcels.recipe.json']\n\
         [targets.customers]\nkind = 'customer'\n",
    );
    line(&place, "check --to customers");
    let why = line(&place, "why 'Parcel Tracker' --to customers").stdout;
    assert!(why.contains("shared v1, open"), "{why}");
    line(&place, "export --to customers");
    line(&place, "catalog pull -o pulled.json --in local:studio");
    let record = fs::read_to_string(place.path("orders.recipack.json")).expect("a record");
    let record: Value = serde_json::from_str(&record).expect("JSON");
    let pulled = json(&place, "catalog pull --in local:studio");
    assert_eq!(record["catalog"]["sha256"], pulled["sha256"]);
    assert_eq!(record["catalog"]["connectors"], pulled["connectors"]);
    // The record holds what was shared then.
    line(&place, "catalog update 'Parcel Tracker' --in local:studio");
    line(&place, "verify orders.zip --rebuild-from partner");
    let before = fs::read(place.path("orders.zip")).expect("a package");
    line(&place, "export --to customers --catalog pulled.json");
    assert_eq!(
        fs::read(place.path("orders.zip")).expect("a package"),
        before
    );
    for (catalog, code, says) in [
        (
            "local:acme",
            64,
            "give an admin workspace, or a catalogue file",
        ),
        ("local:nobody", 1, "there is no workspace `nobody`"),
        ("local:a/b", 64, "invalid workspace name"),
    ] {
        let told = refused(
            &place,
            &format!("check --to customers --catalog {catalog}"),
            code,
        );
        assert!(told.contains(says), "{catalog}: {told}");
    }
    place.write("bad.toml", "[package]\ncatalog = 'local:a/b'\n");
    let told = refused(&place, "check partner -m bad.toml", 1);
    assert!(told.contains("bad.toml:2:"), "{told}");
}

#[test]
fn customers_have_labels() {
    let place = Place::new();
    line(
        &place,
        "workspace create studio --kind admin --data-center eu",
    );
    line(&place, "workspace create atelier --kind admin --id 2000");
    let created = line(
        &place,
        "customer create acme --of studio --external-id A-1 --id 7 --label plan=gold --label 'note=a b=c'",
    );
    assert_eq!(
        created.stdout,
        "local:acme\n  of        studio\n  lives in  eu\n  number    7\n  known as  A-1\n  \
         labels    note=a b=c, plan=gold\n"
    );
    line(&place, "customer create beta --of atelier");
    let labelled = line(&place, "customer label acme plan=silver note- ring=2").stdout;
    assert_eq!(labelled, "local:acme: plan=silver, ring=2\n");
    let told = line(&place, "customer label acme note-").stderr;
    assert_eq!(told, "acme has no label `note`\n");
    assert_eq!(
        line(&place, "customer list").stdout,
        "local:acme  of studio   eu  A-1  0 recipes  plan=silver, ring=2\n\
         local:beta  of atelier  us       0 recipes\n"
    );
    let own = json(&place, "customer list --of atelier");
    assert_eq!(own["customers"].as_array().map(Vec::len), Some(1));
    line(&place, "workspace delete acme --yes");
    line(&place, "customer create acme --of studio --id 7");
    let shown = json(&place, "customer show acme");
    assert_eq!(shown["customer"]["labels"], serde_json::json!({}));
}

/// Files of the format before labels are brought to this one when they are opened.
#[test]
fn an_older_platform_is_upgraded() {
    let place = used();
    let connection = rusqlite::Connection::open(place.path("p.db")).expect("a database");
    connection
        .execute_batch(
            "DROP TABLE checksum; DROP TABLE label; DROP INDEX workspace_admin; DROP INDEX uses_name;
             ALTER TABLE workspace DROP COLUMN closed_source; PRAGMA user_version = 1;",
        )
        .expect("as it was");
    drop(connection);
    let shown = line(&place, "catalog show 'Parcel Tracker' --in local:studio").stdout;
    assert!(
        shown.contains("2 recipes of 2 customers, 1 running"),
        "{shown}"
    );
    line(&place, "customer label acme plan=gold");
    refused(
        &place,
        "catalog share 'Parcel Tracker' --version 1 --closed-source --in local:studio",
        3,
    );
    let connection = rusqlite::Connection::open(place.path("p.db")).expect("a database");
    let format: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("a number");
    assert_eq!(format, 7);
    connection
        .pragma_update(None, "user_version", 8)
        .expect("newer");
    drop(connection);
    let told = refused(&place, "workspace list", 1);
    assert!(told.contains("format 8, known is 7"), "{told}");
}
