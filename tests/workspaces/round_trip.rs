//! What goes into a workspace comes out again: equal but for what an import loses or renames
//! (platform.md §6). With real projects where they are at hand, and with our own always.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::{Place, Run, corpus, entries, fixture, real_projects};
use serde_json::Value;

fn run(place: &Place, arguments: &[&str]) -> Run {
    let mut command = place.command();
    command.env("SOURCE_DATE_EPOCH", "1700000000");
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.args(arguments);
    command.output().expect("it starts").into()
}

fn done(place: &Place, arguments: &[&str]) -> Run {
    let run = run(place, arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
    run
}

/// How an asset that came out differs from the one that went in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// The same values in the platform's own spelling.
    Spelling,
    /// A recipe's or connector's number counts the workspace's versions.
    VersionNumber,
    /// A file is named after what it holds.
    FileName,
    /// Custom connectors are called as the workspace calls them.
    InternalName,
    /// A connector's files that the platform knows nothing of stay behind.
    UnknownFile,
}

/// A package's JSON without what may differ, and what of that does.
struct Compared {
    kinds: BTreeSet<Difference>,
    /// By type, then by the JSON: paths, numbers and internal names left out.
    assets: BTreeMap<String, Vec<(String, String)>>,
}

fn compared(package: &Path) -> Compared {
    let mut compared = Compared {
        kinds: BTreeSet::new(),
        assets: BTreeMap::new(),
    };
    for (path, bytes) in entries(package) {
        let kind = path.rsplit('.').nth(1).unwrap_or_default().to_owned();
        if !path.ends_with(".json") {
            // A file beside an asset: its bytes, whatever it is called.
            let text = recipack::model::ident::Digest::of(&bytes).to_string();
            let extension = path.rsplit('.').next().unwrap_or_default();
            compared
                .assets
                .entry(format!("{kind}.{extension}"))
                .or_default()
                .push((path, text));
            continue;
        }
        let mut value: Value = serde_json::from_slice(&bytes).expect("JSON");
        normalise(&mut value, true);
        compared
            .assets
            .entry(kind)
            .or_default()
            .push((path, value.to_string()));
    }
    for assets in compared.assets.values_mut() {
        assets.sort_by(|a, b| a.1.cmp(&b.1));
    }
    compared
}

/// Leaves out numbers of versions, where references point in the package, and names of connectors.
fn normalise(value: &mut Value, top: bool) {
    match value {
        Value::Object(members) => {
            if top {
                members.remove("version");
                members.remove("version_no");
            }
            if members.contains_key("zip_name") && members.contains_key("name") {
                members.remove("zip_name");
                members.remove("folder");
                members.remove("folder_full_path");
            }
            members
                .values_mut()
                .for_each(|member| normalise(member, false));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| normalise(item, false)),
        Value::String(text) => *text = without_names(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text without the internal names of custom connectors in it.
fn without_names(text: &str) -> String {
    let word = |c: char| c == '_' || c.is_alphanumeric();
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(word) {
        let end = rest[start..]
            .find(|c| !word(c))
            .map_or(rest.len(), |end| start + end);
        out.push_str(&rest[..start]);
        let name = &rest[start..end];
        let custom = recipack::model::ident::InternalName::custom(name).is_some();
        out.push_str(if custom { "CONNECTOR" } else { name });
        rest = &rest[end..];
    }
    out + rest
}

/// What differs between the package that went in and the one that came out, by kind.
fn differences(before: &Path, after: &Path) -> BTreeSet<Difference> {
    let mut kinds = BTreeSet::new();
    let (was, is) = (entries(before), entries(after));
    for (path, bytes) in &was {
        match is.get(path) {
            Some(now) if now == bytes => {}
            Some(now) if path.ends_with(".json") => {
                let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON");
                let (a, b) = (parse(bytes), parse(now));
                if a == b {
                    kinds.insert(Difference::Spelling);
                }
                if a.get("version") != b.get("version")
                    || a.get("version_no") != b.get("version_no")
                {
                    kinds.insert(Difference::VersionNumber);
                }
                let text = a.to_string();
                if without_names(&text) != text {
                    kinds.insert(Difference::InternalName);
                }
            }
            Some(_) => panic!("{path} holds something else"),
            None if path.contains(".custom_adapter.") && path.ends_with(".txt") => {
                kinds.insert(Difference::UnknownFile);
            }
            None => {
                kinds.insert(Difference::FileName);
            }
        }
    }
    let (mut was, is) = (compared(before), compared(after));
    was.assets.remove("custom_adapter.txt");
    assert_eq!(
        was.assets.keys().collect::<Vec<_>>(),
        is.assets.keys().collect::<Vec<_>>()
    );
    for (kind, assets) in &was.assets {
        let now = &is.assets[kind];
        assert_eq!(assets.len(), now.len(), "{kind}");
        for ((path, was), (_, is)) in assets.iter().zip(now) {
            let at = was
                .bytes()
                .zip(is.bytes())
                .take_while(|(a, b)| a == b)
                .count();
            let near = |text: &str| {
                text.get(at.saturating_sub(40)..)
                    .unwrap_or_default()
                    .chars()
                    .take(90)
                    .collect::<String>()
            };
            assert!(was == is, "{path}: {} became {}", near(was), near(is));
        }
    }
    kinds.extend(was.kinds);
    kinds
}

#[test]
fn every_project_comes_out_as_it_went_in_and_converges() {
    let mut all = BTreeMap::<Difference, usize>::new();
    for project in real_projects() {
        let place = Place::new();
        let name = project.display().to_string();
        let packed = place.path("in.zip");
        if project.is_dir() {
            done(
                &place,
                &[
                    "export",
                    &name,
                    "--for",
                    "external",
                    "--one-project",
                    "-o",
                    "in.zip",
                ],
            );
        } else {
            fs::copy(&project, &packed).expect("copied");
            // The other one of the pair lacks the connector that an external account needs.
            if name.ends_with("before.zip") {
                done(
                    &place,
                    &["export", &name, "--for", "external", "-o", "same.zip"],
                );
                assert!(
                    entries(&project) == entries(&place.path("same.zip")),
                    "{name}"
                );
            }
        }
        for workspace in ["first", "second"] {
            done(
                &place,
                &["workspace", "create", workspace, "--kind", "external"],
            );
        }
        if project.is_dir() {
            carries_its_source(&packed, &project);
        }
        into_a_customers_workspace(&place, &packed);
        let import = |package: &str, workspace: &str| {
            done(
                &place,
                &[
                    "import",
                    package,
                    "--into",
                    workspace,
                    "--folder",
                    "Project",
                    "--allow-missing-connectors",
                ],
            );
        };
        import("in.zip", "local:first");
        let export = |workspace: &str, output: &str| {
            done(
                &place,
                &[
                    "workspace",
                    "export",
                    workspace,
                    "--folder",
                    "Project",
                    "--data",
                    "--all-unfiled",
                    "-o",
                    output,
                ],
            );
        };
        export("local:first", "out.zip");
        for kind in differences(&packed, &place.path("out.zip")) {
            *all.entry(kind).or_default() += 1;
        }
        import("out.zip", "local:second");
        for (package, workspace) in [
            ("out.zip", "local:second"),
            ("out.zip", "local:first"),
            ("in.zip", "local:first"),
        ] {
            let plan = run(
                &place,
                &[
                    "plan",
                    package,
                    "--into",
                    workspace,
                    "--folder",
                    "Project",
                    "--detailed-exitcode",
                    "-q",
                ],
            );
            assert!(
                plan.stdout.contains("Plan: 0 to create, 0 to overwrite"),
                "{name}, {package} into {workspace}: {}",
                plan.stdout
            );
        }
        export("local:second", "again.zip");
        let (out, again) = (
            entries(&place.path("out.zip")),
            entries(&place.path("again.zip")),
        );
        assert_eq!(
            out.keys().collect::<Vec<_>>(),
            again.keys().collect::<Vec<_>>(),
            "{name}"
        );
        for (path, bytes) in &out {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(
                without_names(&text(bytes)),
                without_names(&text(&again[path])),
                "{name}: {path}"
            );
        }
    }
    // Our own projects show some of the kinds, and the real ones all.
    let expected: &[Difference] = if cfg!(real_projects) {
        use Difference::{FileName, InternalName, Spelling, UnknownFile, VersionNumber};
        &[Spelling, VersionNumber, FileName, InternalName, UnknownFile]
    } else {
        use Difference::{InternalName, UnknownFile, VersionNumber};
        &[VersionNumber, InternalName, UnknownFile]
    };
    assert!(
        expected.iter().all(|kind| all.contains_key(kind)),
        "{all:?}"
    );
}

/// A package for an external account holds the files of its project as they are.
fn carries_its_source(package: &Path, project: &Path) {
    for (path, bytes) in entries(package) {
        let file = project.join(&path);
        let source = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(source == bytes, "{path} is not as in {}", project.display());
    }
}

/// A customer's empty workspace takes the package, and has nothing to do the second time.
fn into_a_customers_workspace(place: &Place, package: &Path) {
    // Without its record, nobody said for whom it was made.
    fs::copy(package, place.path("bare.zip")).expect("copied");
    done(place, &["workspace", "create", "studio", "--kind", "admin"]);
    done(
        place,
        &[
            "workspace",
            "create",
            "client",
            "--kind",
            "customer",
            "--of",
            "studio",
        ],
    );
    let into = ["bare.zip", "--into", "local:client", "--folder", "Project"];
    done(
        place,
        &[&["import"], &into[..], &["--allow-missing-connectors"]].concat(),
    );
    let compared = [
        "diff",
        "bare.zip",
        "local:client",
        "--folder",
        "Project",
        "--detailed-exitcode",
    ];
    done(place, &compared);
    let plan = run(place, &[&["plan"], &into[..], &["-q"]].concat());
    assert!(
        plan.stdout.contains("Plan: 0 to create, 0 to overwrite"),
        "{}: {}",
        package.display(),
        plan.stdout
    );
}

/// The custom connectors that the JSON of a package names, wherever they stand.
fn names(package: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (path, bytes) in entries(package) {
        if !path.ends_with(".json") {
            continue;
        }
        let text = String::from_utf8(bytes).expect("UTF-8");
        let words = text.split(|c: char| c != '_' && !c.is_alphanumeric());
        // The letter of an escape such as `\n` sticks to the word.
        let words = words.flat_map(|word| [word, word.get(1..).unwrap_or_default()]);
        for name in words.filter_map(recipack::model::ident::InternalName::custom) {
            names.insert(name.to_string());
        }
    }
    names
}

#[test]
fn each_workspace_has_its_own_internal_names_everywhere() {
    let mut projects = vec![(fixture("partner"), "parcel_tracker_connector_")];
    if cfg!(real_projects) {
        projects.push((
            corpus("dewy-resort-wk/home-assistant"),
            "nabu_casa_home_assistant_cloud__connector_",
        ));
    }
    for (project, own) in projects {
        let place = Place::new();
        let project = project.display().to_string();
        done(
            &place,
            &["export", &project, "--for", "external", "-o", "in.zip"],
        );
        let mut held = Vec::new();
        for workspace in ["first", "second"] {
            done(
                &place,
                &["workspace", "create", workspace, "--kind", "external"],
            );
            let address = format!("local:{workspace}");
            done(&place, &["import", "in.zip", "--into", &address]);
            let output = format!("{workspace}.zip");
            done(&place, &["workspace", "export", &address, "-o", &output]);
            held.push(names(&place.path(&output)));
        }
        let ours = |names: &BTreeSet<String>| -> BTreeSet<String> {
            names
                .iter()
                .filter(|name| name.contains(own))
                .cloned()
                .collect()
        };
        let source = ours(&names(&place.path("in.zip")));
        let (first, second) = (ours(&held[0]), ours(&held[1]));
        assert!(!source.is_empty() && !first.is_empty() && !second.is_empty());
        assert!(first.is_disjoint(&second), "{first:?} {second:?}");
        assert!(first.is_disjoint(&source), "{first:?} {source:?}");
        assert!(second.is_disjoint(&source), "{second:?} {source:?}");
    }
}
