//! What somebody changed in a workspace since an import is seen, and stays unless somebody says
//! otherwise: in the local platform, which keeps its versions, and over the API, where this machine
//! keeps what it sent.

use recipack::model::kind::AssetKind;
use serde_json::Value;

use super::slim::{edit_recipe, held, newer, rewrite_recipe};
use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::Run;
use crate::support::sandbox::{Sandbox, done, export_external, local, partner};
use crate::support::{Place, root};

const RECIPE: &str = "Quote shipping";
const FILE: &str = "Functions/quote_shipping.recipe.json";
const WORDS: &str = "words of the customer's own";

/// A workspace, and how commands get to it.
struct Target<'p> {
    place: &'p Place,
    caller: Caller<'p>,
    into: String,
}

impl Target<'_> {
    #[track_caller]
    fn exits(&self, code: i32, arguments: &[&str]) -> Run {
        let run = match self.into.starts_with("local:") {
            true => local(self.place, arguments),
            false => self.caller.run(arguments),
        };
        assert_eq!(
            run.code, code,
            "{arguments:?}: {}{}",
            run.stdout, run.stderr
        );
        run
    }

    /// Imports the newer package.
    #[track_caller]
    fn import(&self, code: i32, more: &[&str]) -> Run {
        let import = ["import", "newer.zip", "--into", &self.into, "--yes"];
        self.exits(code, &[&import[..], more].concat())
    }

    #[track_caller]
    fn plan(&self, code: i32, more: &[&str]) -> Value {
        let plan = ["plan", "newer.zip", "--into", &self.into, "--json"];
        let run = self.exits(code, &[&plan[..], more].concat());
        serde_json::from_str(&run.stdout).expect("JSON")
    }

    fn edit(&self) {
        edit_recipe(&self.place.path("p.db"), RECIPE, WORDS);
    }

    fn recipe(&self) -> Value {
        serde_json::from_str(&held(self.place, &AssetKind::Recipe, RECIPE)).expect("JSON")
    }
}

/// Runs a story in the local platform, and behind the API.
fn everywhere(story: impl Fn(&Target<'_>)) {
    for behind_the_api in [false, true] {
        let place = partner();
        let sandbox = Sandbox::of(&place, &[]);
        let target = Target {
            place: &place,
            caller: Caller::of(&place, &sandbox, "osprey"),
            into: match behind_the_api {
                true => sandbox.url.clone(),
                false => "local:osprey".to_owned(),
            },
        };
        target.exits(0, &["import", "external.zip", "--into", &target.into]);
        newer(&place);
        story(&target);
    }
}

#[test]
fn what_was_changed_is_not_overwritten_unasked() {
    everywhere(|target| {
        let into = &target.into;
        target.edit();

        // Held, whether it is planned or done.
        let planned = target.plan(3, &[]);
        let edited = &planned["edited"][0];
        assert_eq!(edited["path"], FILE, "{into}");
        assert_eq!(edited["edit"], "changed", "{into}");
        assert_eq!(edited["since"], 1, "{into}");
        assert_eq!(planned["needs"][0]["permission"], "overwrite-edits");
        let refused = target.import(3, &[]);
        for line in [
            "error[not-permitted]: recipe \"Functions/Quote shipping\" would lose what was changed there since an import",
            "--edits keep; or have recipes merged: --edits merge; or say that it is meant: --overwrite-edits",
        ] {
            assert!(refused.stderr.contains(line), "{line}: {}", refused.stderr);
        }
        assert_eq!(target.recipe()["description"], WORDS);

        // Kept, twice, and the next import is held as before.
        let planned = target.plan(0, &["--edits", "keep"]);
        assert_eq!(planned["summary"]["overwrites"], 0, "{into}");
        assert_eq!(planned["summary"]["keeps_edits"], 1, "{into}");
        for _ in 0..2 {
            let kept = target.import(0, &["--edits", "keep", "--json"]);
            let kept: Value = serde_json::from_str(&kept.stdout).expect("JSON");
            assert_eq!(kept["astray"], Value::Array(Vec::new()), "{into}");
            assert_eq!(target.recipe()["description"], WORDS, "{into}");
        }
        target.import(3, &[]);

        // Who starts a recipe as it is has not said that it may be overwritten.
        let authorize = ["connection", "authorize", "--all", "--in", "local:osprey"];
        done(&local(target.place, &authorize), &authorize);
        let wish = format!("[all.recipes]\n\"{RECIPE}\" = \"start\"\n");
        target.place.write("started.toml", &wish);
        target.import(0, &["--edits", "keep", "--settings", "started.toml"]);
        let refused = target.import(3, &["--restart-recipes"]);
        let told = "would lose what was changed there since an import";
        assert!(refused.stderr.contains(told), "{}", refused.stderr);

        // Overwritten, and nothing is left to do.
        target.import(0, &["--overwrite-edits", "--restart-recipes"]);
        assert_eq!(target.recipe()["private"], false, "{into}");
        assert_ne!(target.recipe()["description"], WORDS, "{into}");
        let planned = target.plan(0, &["--detailed-exitcode"]);
        assert_eq!(planned.get("edited"), None, "{into}");
    });
}

#[test]
fn a_version_without_other_words_is_no_change() {
    everywhere(|target| {
        // The same JSON, spelled in another way, as a new version.
        rewrite_recipe(&target.place.path("p.db"), RECIPE, |_| {});
        assert_eq!(target.plan(0, &[]).get("edited"), None, "{}", target.into);
        target.import(0, &[]);
        assert_eq!(target.recipe()["private"], false, "{}", target.into);
    });
}

#[test]
fn a_plan_holds_what_was_said_of_changes() {
    everywhere(|target| {
        target.edit();
        target.plan(0, &["--edits", "keep", "-o", "plan.json"]);
        let other = target.exits(3, &["import", "plan.json", "--edits", "hold"]);
        assert!(
            other.stderr.contains("error[other-edits]"),
            "{}",
            other.stderr
        );
        target.exits(0, &["import", "plan.json"]);
        assert_eq!(target.recipe()["description"], WORDS, "{}", target.into);
    });
}

#[test]
fn what_is_not_kept_any_more_is_unknown() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let target = Target {
        place: &place,
        caller: Caller::of(&place, &sandbox, "osprey"),
        into: sandbox.url.clone(),
    };
    target.exits(0, &["import", "external.zip", "--into", &target.into]);
    newer(&place);
    std::fs::remove_dir_all(place.path("state/recipack/imports/packages")).expect("removed");
    assert_eq!(target.plan(3, &[])["edited"][0]["edit"], "unknown");
    let refused = target.import(3, &[]);
    let told = "may have been changed there since an import: what that sent is not kept any more";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);
}

/// An import that perhaps never arrived says nothing of what was changed before it.
#[test]
fn an_import_whose_end_nobody_saw_hides_no_change() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "osprey").through(&between);
    let target = Target {
        place: &place,
        into: caller.url.clone(),
        caller,
    };
    target.exits(0, &["import", "external.zip", "--into", &target.into]);
    newer(&place);
    target.edit();
    between.rule(|asked, _| match asked.path.contains("/packages/import/") {
        true => Fate::Kept(Told::default()),
        false => Fate::Passes,
    });
    target.import(69, &["--overwrite-edits", "--job-timeout", "1"]);
    between.rule(|_, _| Fate::Passes);
    let planned = target.plan(3, &[]);
    assert_eq!(planned["edited"][0]["path"], FILE);
    assert_eq!(planned["edited"][0]["edit"], "changed");
    assert_eq!(planned["edited"][0]["since"], 1);
    assert_eq!(target.recipe()["description"], WORDS);
}

/// Says the same of a file of the project, exported anew.
fn another(place: &Place, from: &str, to: &str) {
    let recipe = place.path("partner/Functions/quote_shipping.recipe.json");
    let text = std::fs::read_to_string(&recipe).expect("readable");
    let edited = text.replacen(from, to, 1);
    assert_ne!(edited, text);
    std::fs::write(&recipe, edited).expect("written");
    export_external(place, "newer.zip");
}

/// What a plan says of what customers changed is what the page of imports shows.
#[track_caller]
fn told_as_documented(target: &Target<'_>) {
    let told = target.exits(
        0,
        &[
            "plan",
            "newer.zip",
            "--into",
            &target.into,
            "--edits",
            "merge",
        ],
    );
    let lines = told.stdout.lines();
    let lines = lines.skip_while(|line| !line.contains("customised"));
    let told: Vec<&str> = lines.take(3).collect();
    let page = std::fs::read_to_string(root().join("docs/imports.md")).expect("readable");
    assert!(page.contains(&told.join("\n")), "{told:?}");
}

#[test]
fn other_parts_of_both_sides_are_merged() {
    everywhere(|target| {
        let into = &target.into;
        target.edit();
        let planned = target.plan(0, &["--edits", "merge", "-o", "plan.json"]);
        if into.starts_with("local:") {
            told_as_documented(target);
        }
        let edited = &planned["edited"][0];
        assert_eq!(edited["becomes"], "merged", "{into}: {edited}");
        assert_eq!(edited["relation"], "disjoint", "{into}");
        assert_eq!(edited["theirs"][0]["name"], "description", "{into}");
        assert_eq!(edited["ours"][0]["name"], "private", "{into}");
        let imported = target.exits(0, &["import", "plan.json", "--json"]);
        let imported: Value = serde_json::from_str(&imported.stdout).expect("JSON");
        assert_eq!(imported["astray"], Value::Array(Vec::new()), "{into}");
        let merged = target.recipe();
        assert_eq!(merged["description"], WORDS, "{into}");
        assert_eq!(merged["private"], false, "{into}");

        // The package is there, and what the customer made of it is still the customer's.
        let merge = ["--edits", "merge"];
        target.plan(0, &["--edits", "merge", "--detailed-exitcode"]);
        let planned = target.plan(3, &[]);
        assert_eq!(planned["edited"][0]["relation"], "theirs-only", "{into}");
        assert_eq!(planned["edited"][0]["since"], 2, "{into}");
        another(target.place, "\"concurrency\": 1", "\"concurrency\": 2");
        target.import(3, &[]);
        target.import(0, &merge);
        let merged = target.recipe();
        assert_eq!(merged["description"], WORDS, "{into}");
        assert_eq!(merged["concurrency"], 2, "{into}");

        // What both changed is held, with the part.
        another(
            target.place,
            "\"description\": \"",
            "\"description\": \"other ",
        );
        let refused = target.import(3, &merge);
        let told = "can't merge what was changed there since an import: recipe \"Functions/Quote shipping\" (setting description: changed on both sides)";
        assert!(refused.stderr.contains(told), "{}", refused.stderr);
        let of_file = format!("{FILE}=overwrite");
        target.import(0, &["--edits", "merge", "--edits", &of_file]);
        assert_ne!(target.recipe()["description"], WORDS, "{into}");
        target.plan(0, &["--detailed-exitcode"]);
    });
}
