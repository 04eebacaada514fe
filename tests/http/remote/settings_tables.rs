//! Settings that give tables their rows: what is sent is an edited copy, the reviewed package stays as it
//! is, and the rows are read back. In memory, in the local platform and over the API they do the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use recipack::model::table::RowsPolicy;
use recipack::ops::approval::ImportRefusal;
use recipack::ops::import::{AskedSettings, ImportDocument, ImportError, ImportRequest};
use recipack::ops::{Silent, import};
use recipack::plan::import::document::Permission;
use recipack::settings::{Resolved, SettingsFile, ValueSource, Whom};
use recipack::workspace::Workspace;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::contract::{local, memory, remote, request, running};
use super::settings::Runs;
use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::project::ProjectFolder;
use crate::support::sandbox::{Sandbox, done, local as local_command, partner};
use crate::support::{Place, entries};

const ROWS: &str = "Region,Code\n\"Fells, upper\",N2\nSouth vale,S1\n";
const DATA: &str = "N2,\"Fells, upper\"\nS1,South vale\n";
const OTHER: &str = "Code,Region\nW1,\"West \"\"end\"\"\"\n";

fn column(number: usize, label: &str, in_use: bool) -> Value {
    json!({
        "control_type": "text", "label": label, "name": format!("col{number}"), "type": "string",
        "sticky": in_use,
    })
}

/// A package with a lookup table that has rows, one that has none, and a data table.
fn packed(place: &Place) {
    let schema = json!([
        column(1, "Code", true),
        column(2, "Region", true),
        column(3, "Untitled column 3", false),
    ]);
    ProjectFolder::new(place, "tables")
        .json(
            "regions.lookup_table.json",
            &json!({"name": "Regions", "schema": schema, "data": "X,Nowhere\n"}),
        )
        .json(
            "depots.lookup_table.json",
            &json!({"name": "Depots", "schema": schema, "max_allowed_entries_count": 2}),
        )
        .json(
            "Orders/parcels.workato_db_table.json",
            &json!({"name": "Parcels", "schema": [], "project_name": "Orders"}),
        );
    let export = "export tables --for external -o t.zip";
    let export: Vec<&str> = export.split(' ').collect();
    done(&local_command(place, &export), &export);
}

struct Files(BTreeMap<String, String>);

impl ValueSource for Files {
    fn env(&self, _: &str) -> Result<SecretString, String> {
        Err("there is none".to_owned())
    }

    fn file(&self, _: &str, _: &str) -> Result<SecretString, String> {
        Err("there is none".to_owned())
    }

    fn rows(&self, path: &str, _: &str) -> Result<(String, Vec<u8>), String> {
        let text = self.0.get(path).ok_or("there is none")?;
        Ok((path.to_owned(), text.clone().into_bytes()))
    }
}

/// A request with these settings for tables.
fn with(place: &Place, tables: &str) -> ImportRequest {
    let text = format!("[all.tables]\n{tables}\n");
    let file = SettingsFile::parse("s.toml", &text).expect("settings");
    let files = [("rows.csv", ROWS), ("other.csv", OTHER)];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let resolved = Resolved::of(&[file], &Whom::default()).expect("resolved");
    let resolved = resolved.fill(&Files(files.into())).expect("filled");
    let mut request = request(&place.path("t.zip"));
    request.settings = Some(AskedSettings {
        files: Vec::new(),
        labels: Vec::new(),
        customer: None,
        environment: None,
        resolved,
    });
    request
}

fn imported(
    workspace: &mut dyn Workspace,
    request: &ImportRequest,
    granted: &[Permission],
) -> Result<ImportDocument, ImportError> {
    import::run(request, workspace, granted, &running(), &mut Silent)
}

/// What the plan says of a table: what happens, from what and to what, and why not.
fn told(document: &ImportDocument, name: &str) -> String {
    let settings = document.plan.plan.settings.as_ref().expect("settings");
    let mut actions = settings.actions.iter();
    let action = actions
        .find(|action| action.name == name)
        .expect("an action");
    let words = action.wording();
    format!("{} {}", words.sign, words.what)
}

/// The rows that the workspace's table holds.
fn held(workspace: &dyn Workspace, name: &str) -> Option<String> {
    let inventory = workspace.inventory().expect("an inventory");
    let mut assets = inventory.assets.iter();
    let asset = assets
        .find(|asset| *asset.key.name == *name)
        .expect("it is there");
    let mut bytes = Vec::new();
    let json = &asset.body.files.first().expect("its JSON").content;
    workspace.content(json, &mut bytes).expect("readable");
    let table: Value = serde_json::from_slice(&bytes).expect("JSON");
    table["data"].as_str().map(str::to_owned)
}

fn rows_come_with_the_import_and_are_read_back(workspace: &mut dyn Workspace, place: &Place) {
    let before = std::fs::read(place.path("t.zip")).expect("there");
    let request = with(place, "Regions = { rows = 'rows.csv' }");
    let first = imported(workspace, &request, &[]).expect("imported");
    assert_eq!(told(&first, "Regions"), "+ 2 rows of rows.csv");
    assert_eq!(first.astray, Vec::<String>::new());
    let sent = first.receipt.sent.expect("another copy was sent");
    assert_eq!(sent.package, first.plan.plan.package.digest);
    assert_ne!(sent.package, sent.copy);
    assert_eq!(held(workspace, "Regions").as_deref(), Some(DATA));
    let again = imported(workspace, &request, &[]).expect("imported");
    assert_eq!(told(&again, "Regions"), "= is so already");
    assert_eq!((again.receipt.revision, again.receipt.sent), (None, None));
    assert!(again.plan.plan.is_empty());
    assert_eq!(std::fs::read(place.path("t.zip")).expect("there"), before);
    // A table that is there keeps its rows, if the settings say so.
    let kept = with(place, "Regions = { rows = 'other.csv', existing = 'keep' }");
    let kept = imported(workspace, &kept, &[]).expect("imported");
    assert_eq!(told(&kept, "Regions"), "= keeps its rows: 2 rows");
    assert_eq!(kept.receipt.revision, None);
    assert_eq!(held(workspace, "Regions").as_deref(), Some(DATA));
}

fn other_rows_need_their_permission(workspace: &mut dyn Workspace, place: &Place) {
    let request = with(place, "Regions = { rows = 'rows.csv' }");
    imported(workspace, &request, &[]).expect("imported");
    let request = with(place, "Regions = { rows = 'other.csv' }");
    let refused = imported(workspace, &request, &[]).expect_err("refused");
    let ImportError::Refused(ImportRefusal::NotPermitted(needed)) = refused else {
        panic!("{refused}");
    };
    assert_eq!(
        needed[0].because,
        "the lookup table \"Regions\" would lose its rows: 2 rows → 1"
    );
    assert_eq!(held(workspace, "Regions").as_deref(), Some(DATA));
    let done = imported(workspace, &request, &[Permission::OverwriteRows]).expect("imported");
    assert_eq!(told(&done, "Regions"), "~ 2 rows → 1 row of other.csv");
    assert_eq!(done.astray, Vec::<String>::new());
    let rows = "W1,\"West \"\"end\"\"\"\n";
    assert_eq!(held(workspace, "Regions").as_deref(), Some(rows));
}

fn what_is_said_of_one_table_counts_for_it(workspace: &mut dyn Workspace, place: &Place) {
    let mut request = with(
        place,
        "Regions = 'leave-out'\nDepots = { rows = 'rows.csv' }",
    );
    request.rows = RowsPolicy::Keep;
    let first = imported(workspace, &request, &[]).expect("imported");
    assert_eq!(told(&first, "Regions"), "= comes without rows");
    assert_eq!(told(&first, "Depots"), "+ 2 rows of rows.csv");
    assert_eq!(first.astray, Vec::<String>::new());
    assert_eq!(
        held(workspace, "Regions").filter(|rows| !rows.is_empty()),
        None
    );
    assert_eq!(held(workspace, "Depots").as_deref(), Some(DATA));
    let again = imported(workspace, &request, &[]).expect("imported");
    assert_eq!(again.receipt.revision, None);
}

/// Each test once for every way in which workspaces are kept.
macro_rules! everywhere {
    ($($test:ident,)*) => {
        mod in_memory {
            $(#[test] fn $test() {
                let place = super::partner();
                super::packed(&place);
                super::$test(&mut super::memory(), &place);
            })*
        }
        mod in_a_file {
            $(#[test] fn $test() {
                let place = super::partner();
                super::packed(&place);
                super::$test(&mut super::local(&place), &place);
            })*
        }
        mod behind_the_api {
            $(#[test] fn $test() {
                let place = super::partner();
                super::packed(&place);
                let sandbox = super::Sandbox::of(&place, &[]);
                super::$test(&mut super::remote(&place, &sandbox), &place);
            })*
        }
    };
}

everywhere![
    rows_come_with_the_import_and_are_read_back,
    other_rows_need_their_permission,
    what_is_said_of_one_table_counts_for_it,
];

fn said(place: &Place, tables: &str) {
    place.write("settings.toml", &format!("[all.tables]\n{tables}\n"));
}

fn words<'a>(command: &'a str, into: &'a str) -> Vec<&'a str> {
    let settings = ["--settings", "settings.toml"];
    [&[command, "t.zip", "--into", into][..], &settings].concat()
}

fn osprey() -> Place {
    let place = partner();
    packed(&place);
    place.write("rows.csv", ROWS);
    said(&place, "Regions = { rows = 'rows.csv' }");
    place
}

/// The command says it in the local platform and over the API; what is uploaded differs from the package
/// in the rows of the table alone.
#[test]
fn the_command_says_how_many_rows_come_and_go() {
    let place = osprey();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let uploads: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let seen = Arc::clone(&uploads);
    between.rule(move |asked, _| {
        if asked.method == "POST" && asked.path.contains("/packages/import") {
            seen.lock().expect("not poisoned").push(asked.body.clone());
        }
        Fate::Passes
    });
    let caller = Caller::of(&place, &sandbox, "osprey");
    let through = caller.through(&between);
    let into = through.url.clone();
    let rows: [(&dyn super::settings::Shown, &str); 2] =
        [(&&place, "local:kestrel"), (&through, &into)];
    for (runs, at) in rows {
        place.write("rows.csv", ROWS);
        let run = |code: i32, more: &[&str], command: &str| {
            let run = runs.shown(&[&words(command, at)[..], more].concat(), &[]);
            assert_eq!(run.code, code, "{at}: {}{}", run.stdout, run.stderr);
            run
        };
        let planned = run(0, &["--other-target"], "plan");
        let line = "  + table        Regions  2 rows of rows.csv\n";
        assert!(planned.stdout.contains(line), "{}", planned.stdout);
        let first = run(0, &["--other-target"], "import");
        assert!(
            first
                .stdout
                .contains("read back, everything is as planned."),
            "{}",
            first.stdout
        );
        let again = run(0, &["--other-target"], "import");
        let nothing = "is as the package and the settings have it already.";
        assert!(again.stdout.contains(nothing), "{}", again.stdout);
        place.write("rows.csv", OTHER);
        let refused = run(3, &["--other-target", "--yes"], "import");
        assert!(
            refused
                .stderr
                .contains("the lookup table \"Regions\" would lose its rows: 2 rows → 1"),
            "{}",
            refused.stderr
        );
        let more = ["--other-target", "--yes", "--overwrite-rows"];
        let changed = run(0, &more, "import");
        let line = "  ~ table        Regions  2 rows → 1 row of rows.csv\n";
        assert!(changed.stdout.contains(line), "{}", changed.stdout);
    }
    let uploads = uploads.lock().expect("not poisoned");
    assert_eq!(uploads.len(), 2);
    std::fs::write(place.path("sent.zip"), &uploads[0]).expect("written");
    let (sent, packed) = (
        entries(&place.path("sent.zip")),
        entries(&place.path("t.zip")),
    );
    assert_eq!(
        sent.keys().collect::<Vec<_>>(),
        packed.keys().collect::<Vec<_>>()
    );
    for (path, bytes) in &sent {
        let own = String::from_utf8_lossy(&packed[path]).into_owned();
        let quoted = |data: &str| json!(data).to_string();
        let expected = own.replace(&quoted("X,Nowhere\n"), &quoted(DATA));
        assert_eq!(String::from_utf8_lossy(bytes), expected, "{path}");
    }
}

/// Each has a message and an exit code of its own, and nothing is imported.
#[test]
fn what_rows_can_get_wrong() {
    let place = osprey();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    type Row<'r> = (&'r str, &'r str, i32, &'r str);
    let rows: [Row<'_>; 16] = [
        (
            "Region = { rows = 'rows.csv' }",
            ROWS,
            3,
            "error[setting-unmatched]: the settings name a table \"Region\", and the package neither brings nor uses one\n   = note: said in settings.toml:2 [all]\n   = help: did you mean `Regions`?",
        ),
        (
            "Parcels = { rows = 'rows.csv' }",
            ROWS,
            3,
            "error[setting-rows-misfit]: the rows in rows.csv do not fit the table \"Parcels\": each row of a data table has an id that the platform gives",
        ),
        (
            "Regions = { rows = 'rows.csv' }",
            "Code,Regoin\nN,North\n",
            3,
            "error[setting-rows-misfit]: the rows in rows.csv do not fit the table \"Regions\": it has no column `Regoin`\n   = note: the columns are named in rows.csv:1\n   = note: said in settings.toml:2 [all]\n   = help: did you mean `Region`?",
        ),
        (
            "Regions = { rows = 'rows.csv' }",
            "Code\nN\n",
            3,
            "they have no column `Region`",
        ),
        (
            "Depots = { rows = 'rows.csv' }",
            "Code,Region\nA,a\nB,b\nC,c\n",
            3,
            "error[setting-rows-misfit]: the rows in rows.csv do not fit the table \"Depots\": there are 3, and it takes 2",
        ),
        (
            "Regions = { rows = 'raws.csv' }",
            ROWS,
            1,
            "error[invalid-settings]: table \"Regions\": can't read the file raws.csv: ",
        ),
        (
            "Regions = { rows = 'rows.csv' }",
            "Code,Region\nN,North\nS\n",
            1,
            "error[invalid-settings]: the row has 1 cell, and there are 2 columns\n --> rows.csv:3:1",
        ),
        (
            "Regions = { rows = 'rows.csv' }",
            "Code;Region\nN;North\n",
            1,
            "error[invalid-settings]: there is one column, with ';' in its name\n --> rows.csv:1:1\n  = help: put commas between the cells",
        ),
        (
            "Regions = { rows = 'rows.csv' }",
            "Code,Region\n",
            1,
            "error[invalid-settings]: it has no rows",
        ),
        (
            "Regions = { rows = 'rows.csv', existing = 'leave' }",
            ROWS,
            1,
            "error[invalid-settings]: unknown choice for rows that are there `leave`\n --> settings.toml:2:32\n  = help: possible are `keep`, `overwrite`",
        ),
        (
            "Regions = { rows = { env = 'ROWS' } }",
            ROWS,
            1,
            "error[invalid-settings]: `rows` should be a text\n --> settings.toml:2:13\n  = help: name a CSV file; rows are no secrets, and stand in no variable",
        ),
        (
            "Regions = { row = 'rows.csv' }",
            ROWS,
            1,
            "error[invalid-settings]: unknown key `row`\n --> settings.toml:2:13\n  = help: did you mean `rows`?",
        ),
        (
            "Regions = { existing = 'keep' }",
            ROWS,
            1,
            "error[invalid-settings]: `Regions` should be { rows = \"FILE.csv\" }, perhaps with `existing`, or one of `keep`, `overwrite`, `leave-out`",
        ),
        (
            "Regions = 'replace'",
            ROWS,
            1,
            "error[invalid-settings]: unknown choice for rows `replace`",
        ),
        (
            "Regions = { fill-in = 'the regions of this customer' }",
            ROWS,
            1,
            "error[invalid-settings]: table \"Regions\" is not filled in: the regions of this customer",
        ),
        (
            "Regions = 3",
            ROWS,
            1,
            "`Regions` should be { rows = \"FILE.csv\" }",
        ),
    ];
    for (text, rows, code, expected) in rows {
        said(&place, text);
        place.write("rows.csv", rows);
        let own = (&place).told(
            code,
            &[&words("import", "local:kestrel")[..], &["--other-target"]].concat(),
        );
        let other = caller.told(code, &words("import", &caller.url));
        for run in [own, other] {
            let told = run
                .stderr
                .replace("\n   --> ", "\n --> ")
                .replace("\n  --> ", "\n --> ")
                .replace("\n    = ", "\n  = ")
                .replace("\n   = ", "\n  = ");
            let expected = expected.replace("\n   = ", "\n  = ");
            assert!(told.contains(&expected), "{text}: {expected}\n{told}");
        }
        let check = ["settings", "check", "t.zip", "--settings", "settings.toml"];
        if !text.contains("fill-in") {
            (&place).told(1, &check);
        }
    }
    // A file of bytes that are no text.
    said(&place, "Regions = { rows = 'rows.csv' }");
    std::fs::write(place.path("rows.csv"), b"Code,Region\nN,S\xfcd\n").expect("written");
    let run = (&place).told(1, &words("plan", "local:kestrel"));
    assert!(
        run.stderr
            .contains("it is not UTF-8: a byte 0xfc stands here\n  --> rows.csv:2:4"),
        "{}",
        run.stderr
    );
}

/// A plan holds for the rows that it was made with.
/// A table that recipes look up, and that stays in the workspace: an import has no rows for it, and
/// whoever gives it some is told what to do, by each command.
#[test]
fn a_table_that_is_only_used_gets_no_rows() {
    let place = osprey();
    let code = json!({
        "number": 0, "keyword": "trigger", "provider": "clock", "name": "tick", "block": [],
        "input": {"depot": "=lookup('Depots', 'Code': 'N2')['Region']"},
    });
    ProjectFolder::new(&place, "user").recipe_with("r.recipe.json", "Reads depots", &[], &code);
    let export = "export user --for external -o t.zip --quiet";
    let export: Vec<&str> = export.split(' ').collect();
    done(&local_command(&place, &export), &export);
    let into = "local:osprey";
    for (name, expected) in [
        ("Depots", "the package uses it and does not bring it"),
        ("Depot", "the package neither brings nor uses"),
    ] {
        said(&place, &format!("{name} = {{ rows = 'rows.csv' }}"));
        let check = ["settings", "check", "t.zip", "--settings", "settings.toml"];
        for (code, command) in [
            (1, &check[..]),
            (3, &words("plan", into)),
            (3, &words("import", into)),
        ] {
            let run = (&place).told(code, command);
            let all = format!("{}{}", run.stdout, run.stderr);
            assert!(all.contains(expected), "{command:?}: {all}");
            let is_used = all.contains("put the table into the package (its");
            assert_eq!(is_used, name == "Depots", "{command:?}: {all}");
        }
    }
}

#[test]
fn a_plan_is_bound_to_its_rows() {
    let place = osprey();
    let more = ["--other-target", "-o", "plan.json"];
    (&place).told(0, &[&words("plan", "local:kestrel")[..], &more].concat());
    let plan: Value =
        serde_json::from_slice(&std::fs::read(place.path("plan.json")).expect("there"))
            .expect("JSON");
    assert_eq!(plan["settings"]["rows"][0]["path"], "rows.csv");
    place.write("rows.csv", OTHER);
    let run = (&place).told(3, &["import", "plan.json"]);
    assert!(
        run.stderr.contains(
            "error[stale-plan]: the plan no longer holds: the rows in rows.csv are other ones"
        ),
        "{}",
        run.stderr
    );
    place.write("rows.csv", ROWS);
    (&place).told(0, &["import", "plan.json"]);
}

/// Whether the upload arrived or not, the same import leads where the settings say.
#[test]
fn a_lost_answer_leaves_the_rows_as_they_were_or_as_they_are_said() {
    let place = osprey();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "osprey");
    let through = caller.through(&between);
    let into = through.url.clone();
    let import = [&words("import", &into)[..], &["--job-timeout", "1"]].concat();
    // It does not get there.
    between.rule(|asked, _| {
        match asked.method == "POST" && asked.path.contains("/packages/import") {
            true => Fate::Kept(Told::default()),
            false => Fate::Passes,
        }
    });
    let lost = through.told(69, &import);
    assert!(
        lost.stderr
            .contains("it is not known whether the upload arrived"),
        "{}",
        lost.stderr
    );
    // It gets there, and nobody hears of it.
    between.rule(|asked, _| {
        match asked.method == "POST" && asked.path.contains("/packages/import") {
            true => Fate::Spoiled(Told::default()),
            false => Fate::Passes,
        }
    });
    let import = words("import", &into);
    let run = through.told(0, &import);
    assert!(
        run.stdout.contains("read back, everything is as planned."),
        "{}",
        run.stdout
    );
    between.rule(|_, _| Fate::Passes);
    let again = through.told(0, &import);
    assert!(
        again
            .stdout
            .contains("is as the package and the settings have it already."),
        "{}",
        again.stdout
    );
}

/// A mark for a table that nobody has rows for; those of the package stand there as a remark.
#[test]
fn a_file_to_fill_in_names_the_columns() {
    let place = osprey();
    let run = (&place).told(0, &["settings", "init", "t.zip", "-o", "new.toml"]);
    assert_eq!(run.code, 0);
    let text = std::fs::read_to_string(place.path("new.toml")).expect("written");
    for line in [
        "[all.tables]\n",
        "\"Depots\" = { fill-in = \"the package has no rows for it: Code, Region\" }\n",
        "# \"Regions\" = { rows = \"FILE.csv\" }  # the package has 1 row: Code, Region\n",
        "# \"Orders/Parcels\": the package has no rows for it\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let checked = (&place).told(0, &["settings", "check", "t.zip", "--settings", "new.toml"]);
    assert!(
        checked
            .stdout
            .contains("nothing is wrong, and 1 mark to fill in"),
        "{}",
        checked.stdout
    );
    said(
        &place,
        "Regions = { rows = 'rows.csv', existing = 'keep' }\nDepots = 'leave-out'",
    );
    let shown = (&place).told(
        0,
        &[
            "settings",
            "show",
            "--of",
            "kestrel",
            "--settings",
            "settings.toml",
        ],
    );
    assert_eq!(
        shown.stdout,
        "table \"Depots\": the package's rows: leave-out\n  settings.toml:3 [all]\ntable \"Regions\": rows of rows.csv; those that are there: keep\n  settings.toml:2 [all]\n"
    );
}
