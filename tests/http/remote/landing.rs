//! Where what belongs into Home goes, and whether tags come along: said to `plan` and `import`, kept in
//! the plan, and done alike by the local platform and over the API.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::between::Fate;
use super::{Between, Caller};
use crate::support::sandbox::{Sandbox, done, local, partner};
use crate::support::{Place, entries};

const FOLDERS: [&str; 4] = ["--folder", "Shop", "--home-folder", "Shared"];

/// The folders of the connection that lies in Home where the package comes from.
fn mailboxes(place: &Place, workspace: &str) -> Vec<String> {
    let list = ["connection", "list", "--in", workspace, "--json"];
    let run = local(place, &list);
    done(&run, &list);
    let list: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let all = list["connections"].as_array().expect("a list").iter();
    all.filter(|one| one["name"] == "Notices mailbox")
        .map(|one| one["folder"].as_str().expect("text").to_owned())
        .collect()
}

/// The tags of the recipe that has some in the package, and whether the workspace describes any.
fn tags(place: &Place, workspace: &str) -> Value {
    let export = ["workspace", "export", workspace, "-o", "w.zip", "--force"];
    done(&local(place, &export), &export);
    let entries = entries(&place.path("w.zip"));
    let (_, bytes) = entries
        .iter()
        .find(|(path, _)| path.ends_with("post_freight_costs.recipe.json"))
        .expect("the recipe");
    let recipe: Value = serde_json::from_slice(bytes).expect("JSON");
    recipe["tags"].clone()
}

#[test]
fn home_assets_go_to_another_folder_and_tags_stay_out() {
    let place = partner();
    let create = ["workspace", "create", "heron", "--kind", "external"];
    done(&local(&place, &create), &create);
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    between.rule(move |asked, _| {
        if asked.path.contains("/packages/import/") {
            seen.lock().expect("not poisoned").push(asked.query.clone());
        }
        Fate::Passes
    });
    let osprey = Caller::of(&place, &sandbox, "osprey").through(&between);
    let url = osprey.url.clone();
    let run = |arguments: &[&str]| match arguments.contains(&&*url) {
        true => osprey.run(arguments),
        false => local(&place, arguments),
    };
    for (into, held) in [("local:heron", "local:heron"), (&*url, "local:osprey")] {
        let ask = ["external.zip", "--into", into];
        let skip = [&ask[..], &FOLDERS, &["--tags", "skip"]].concat();
        let planned = run(&[
            &["plan"],
            &skip[..],
            &["--json", "-o", "plan.json", "--force"],
        ]
        .concat());
        assert_eq!(planned.code, 0, "{into}: {}", planned.stderr);
        let plan: Value = serde_json::from_str(&planned.stdout).expect("JSON");
        assert_eq!(plan["home_folder"], "Shared");
        assert_eq!(plan["tags"], "skip");
        assert_eq!(plan["creates_folders"][1], json!("Shop"), "{into}");
        let placed = plan["assets"].as_array().expect("a list").iter();
        let placed: Vec<&Value> = placed
            .filter(|asset| asset["path"] == "notices_mailbox.connection.json")
            .map(|asset| &asset["folder"])
            .collect();
        assert_eq!(placed, [&json!("Shared")], "{into}");
        // The plan was approved as it is.
        for (other, code) in [
            (["--tags", "apply"], "other-tags"),
            (["--home-folder", "Other"], "other-folder"),
        ] {
            let refused = run(&[&["import", "plan.json", "--into", into], &other[..]].concat());
            assert_eq!(refused.code, 3, "{}", refused.stderr);
            let start = format!("error[{code}]");
            assert!(refused.stderr.starts_with(&start), "{}", refused.stderr);
        }
        let imported = run(&["import", "plan.json", "--into", into]);
        assert_eq!(
            imported.code, 0,
            "{into}: {}{}",
            imported.stdout, imported.stderr
        );
        assert!(
            imported
                .stdout
                .contains("read back, everything is as planned"),
            "{}",
            imported.stdout
        );
        assert_eq!(mailboxes(&place, held), ["Shared"], "{into}");
        assert_eq!(tags(&place, held), Value::Null, "{into}");
        // What the tags are is not looked at then, and nothing is left to do.
        let again = run(&[&["plan"], &skip[..], &["--detailed-exitcode"]].concat());
        assert_eq!(again.code, 0, "{into}: {}", again.stdout);
        // Where they count, they are what is left.
        let tagged = [&ask[..], &FOLDERS].concat();
        let differs = run(&[&["plan"], &tagged[..], &["--detailed-exitcode"]].concat());
        assert_eq!(differs.code, 2, "{into}: {}", differs.stdout);
        let imported = run(&[&["import"], &tagged[..], &["--yes"]].concat());
        assert_eq!(imported.code, 0, "{into}: {}", imported.stderr);
        assert_eq!(tags(&place, held), json!(["release"]), "{into}");
        assert_eq!(mailboxes(&place, held), ["Shared"], "{into}");
    }
    let sent = sent.lock().expect("not poisoned");
    let tags: Vec<&str> = sent.iter().map(|query| &*query["include_tags"]).collect();
    assert_eq!(tags, ["false", "true"]);
    assert_eq!(
        sent[0]["folder_id_for_home_assets"],
        sent[1]["folder_id_for_home_assets"]
    );
}

#[test]
fn where_it_can_mean_nothing_it_is_refused() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    for option in [&["--tags", "skip"][..], &FOLDERS] {
        let plan = ["plan", "customer.zip", "--into", "customer:K-1"];
        let refused = studio.exits(1, &[&plan[..], option].concat());
        assert_eq!(
            refused.stderr,
            "error[not-offered]: customer:K-1: an import into a customer's workspace with --home-folder or --tags skip can't be done over the API\n   = help: import with a token of that workspace\n\n"
        );
    }
    let into = ["plan", "external.zip", "--into", "local:osprey"];
    let refused = local(&place, &[&into[..], &["--home-folder", "Shared"]].concat());
    assert_eq!(refused.code, 64);
    assert_eq!(
        refused.stderr,
        "error[usage]: --home-folder goes with an import into another folder than Home\n   = help: say which with --folder\n\n"
    );
    let refused = local(&place, &[&into[..], &["--tags", "perhaps"]].concat());
    assert_eq!(refused.code, 64, "{}", refused.stderr);
}
