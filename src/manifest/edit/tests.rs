use super::*;
use proptest::prelude::*;

fn include(pattern: &str) -> Change {
    Change::Include(pattern.parse().expect("a pattern"))
}

fn connector(title: &str, word: ConnectorPolicy) -> Change {
    let title = title.parse().expect("a title");
    Change::Connector { title, word }
}

fn target(name: &str, kind: TargetKind, data_center: Option<&str>) -> Change {
    Change::Target {
        name: name.parse().expect("a name"),
        kind,
        data_center: data_center.map(|name| name.parse().expect("a data center")),
    }
}

fn edit(text: &str) -> ManifestEdit {
    ManifestEdit::parse(text).expect(text)
}

#[test]
fn what_is_added_takes_the_form_of_its_surroundings() {
    use Outcome::{Added, Changed, Unchanged};
    use TargetKind::{Customer, External};
    let folder = Change::Folder("Orders/EU".parse().expect("a folder"));
    let catalog = Change::Catalog("c.json".to_owned());
    for (before, change, outcome, after) in [
        (
            "",
            &include("a/**"),
            Added,
            "[select]\ninclude = [\"a/**\"]\n",
        ),
        (
            "# top\n[select] # what\n# end\n",
            &include("a"),
            Added,
            "# top\n[select] # what\ninclude = [\"a\"]\n# end\n",
        ),
        (
            "[select]\n  tags = ['x'] # t\n[connectors]\n",
            &include("a"),
            Added,
            "[select]\n  tags = ['x'] # t\n  include = [\"a\"]\n[connectors]\n",
        ),
        (
            "[select]\ninclude = [\n  'x', # because\n]\n",
            &include("a"),
            Added,
            "[select]\ninclude = [\n  'x', # because\n  \"a\",\n]\n",
        ),
        (
            "select = { tags = ['x'] }\n",
            &include("a"),
            Added,
            "select = { tags = ['x'], include = [\"a\"] }\n",
        ),
        (
            "select.tags = ['x'] # t\n[package]\n",
            &include("a"),
            Added,
            "select.tags = ['x'] # t\nselect.include = [\"a\"]\n[package]\n",
        ),
        (
            "[select]\ninclude = ['a']",
            &include("a"),
            Unchanged,
            "[select]\ninclude = ['a']",
        ),
        (
            "[select]\nfolders = ['Orders/EU/']",
            &folder,
            Unchanged,
            "[select]\nfolders = ['Orders/EU/']",
        ),
        (
            "[connectors]\n\"A\" = \"auto\" # a\n",
            &connector("B \"2\"", ConnectorPolicy::Exclude),
            Added,
            "[connectors]\n\"A\" = \"auto\" # a\n\"B \\\"2\\\"\" = \"exclude\"\n",
        ),
        (
            "[connectors]\n'A' = 'auto' # a",
            &connector("A", ConnectorPolicy::Include),
            Changed,
            "[connectors]\n'A' = \"include\" # a",
        ),
        (
            "[connectors]\n'A' = 'auto'",
            &connector("A", ConnectorPolicy::Auto),
            Unchanged,
            "[connectors]\n'A' = 'auto'",
        ),
        (
            "[package]\nname = 'x'\r\n",
            &catalog,
            Added,
            "[package]\nname = 'x'\r\ncatalog = \"c.json\"\r\n",
        ),
        (
            "[package]\ncatalog = 'x' # c\n",
            &catalog,
            Changed,
            "[package]\ncatalog = \"c.json\" # c\n",
        ),
        (
            "[targets.a]\nkind = 'external'",
            &target("b c", Customer, Some("eu")),
            Added,
            "[targets.a]\nkind = 'external'\n\n[targets.\"b c\"]\nkind = \"customer\"\ndata-center = \"eu\"\n",
        ),
        (
            "targets.a.kind = 'external' # a\n",
            &target("b", Customer, Some("eu")),
            Added,
            "targets.a.kind = 'external' # a\ntargets.b = { kind = \"customer\", data-center = \"eu\" }\n",
        ),
        (
            "targets = { a.kind = 'external' }\n",
            &target("b", Customer, None),
            Added,
            "targets = { a.kind = 'external', b = { kind = \"customer\" } }\n",
        ),
        (
            "[targets]\na = { kind = 'external' }\n",
            &target("b", External, None),
            Added,
            "[targets]\na = { kind = 'external' }\n\n[targets.b]\nkind = \"external\"\n",
        ),
        (
            "[targets.a]\nkind = 'external' # k\n[targets.a.connectors]\nX = 'auto'\n",
            &target("a", Customer, Some("us")),
            Changed,
            "[targets.a]\nkind = \"customer\" # k\ndata-center = \"us\"\n[targets.a.connectors]\nX = 'auto'\n",
        ),
        (
            "[targets.a]\nkind = 'external'\ndata-center = 'eu'\n",
            &target("a", External, None),
            Unchanged,
            "[targets.a]\nkind = 'external'\ndata-center = 'eu'\n",
        ),
        (
            "[targets]\na.kind = 'external'\n",
            &target("a", External, Some("eu")),
            Changed,
            "[targets]\na.kind = 'external'\na.data-center = \"eu\"\n",
        ),
    ] {
        let mut edit = edit(before);
        assert_eq!(edit.add(change), Ok(outcome), "{before}");
        assert_eq!(edit.text(), after, "{before}");
        assert_eq!(edit.done().len(), 1);
        // A second time there is nothing to do.
        assert_eq!(edit.add(change), Ok(Unchanged), "{after}");
    }
}

#[test]
fn what_is_removed_leaves_everything_else() {
    let include = Removal::Include("a".parse().expect("a pattern"));
    let folder = Removal::Folder("a".parse().expect("a folder"));
    let connector = Removal::Connector("A b".parse().expect("a title"));
    let target = Removal::Target("t".parse().expect("a name"));
    for (before, removal, after) in [
        (
            "[select]\ninclude = ['a', 'b', 'a'] # both\n",
            &include,
            "[select]\ninclude = ['b'] # both\n",
        ),
        (
            "[select]\nfolders = [\n  'a/', # with a slash\n  'b',\n]\n",
            &folder,
            "[select]\nfolders = [\n  # with a slash\n  'b',\n]\n",
        ),
        (
            "[connectors]\n# about A\n'A b' = 'auto' # v3\nC = 'auto'\n",
            &connector,
            "[connectors]\n# about A\n# v3\nC = 'auto'\n",
        ),
        (
            "connectors = { 'A b' = 'auto', C = 'include' }\n",
            &connector,
            "connectors = { C = 'include' }\n",
        ),
        ("connectors.'A b' = 'auto'\n", &connector, ""),
        (
            "# one\n[targets.s]\nkind = 'external'\n\n# two\n[targets.t] # t\nkind = 'customer'\n# dc\n\
                 data-center = 'us'\n\n[targets.t.connectors]\nX = 'auto'\n\n[targets.u]\nkind = 'external'\n",
            &target,
            "# one\n[targets.s]\nkind = 'external'\n\n# two\n# t\n# dc\n\n[targets.u]\nkind = 'external'\n",
        ),
        (
            "[targets]\nt.kind = 'customer'\ns.kind = 'external'\nt.data-center = 'eu'\n",
            &target,
            "[targets]\ns.kind = 'external'\n",
        ),
        (
            "targets = { s.kind = 'external', t.kind = 'customer' }\n",
            &target,
            "targets = { s.kind = 'external' }\n",
        ),
        (
            "[package]\nname = 'x'\n  catalog = 'y' # from the platform\n",
            &Removal::Catalog,
            "[package]\nname = 'x'\n  # from the platform\n",
        ),
    ] {
        let mut edit = edit(before);
        assert_eq!(edit.remove(removal), Ok(Outcome::Removed), "{before}");
        assert_eq!(edit.text(), after, "{before}");
        let error = edit.remove(removal).expect_err("it is gone");
        assert!(matches!(error, EditError::NotThere { .. }), "{error}");
    }
}

#[test]
fn a_targets_own_words_stand_in_it() {
    let target = || "t".parse().expect("a name");
    let word = Change::TargetConnector {
        target: target(),
        title: "A b".parse().expect("a title"),
        word: ConnectorPolicy::Include,
    };
    let catalog = Change::TargetCatalog {
        target: target(),
        catalog: "none".to_owned(),
    };
    for (before, after) in [
        (
            "[targets.t] # t\nkind = 'customer' # k\n",
            "[targets.t] # t\nkind = 'customer' # k\ncatalog = \"none\"\n\n[targets.t.connectors]\n\"A b\" = \"include\"\n",
        ),
        (
            "targets = { t = { kind = 'customer' } }\n",
            "targets = { t = { kind = 'customer', connectors = { \"A b\" = \"include\" }, catalog = \"none\" } }\n",
        ),
        (
            "[targets]\nt.kind = 'customer'\n",
            "[targets]\nt.kind = 'customer'\nt.connectors = { \"A b\" = \"include\" }\nt.catalog = \"none\"\n",
        ),
        (
            "[targets.t]\nkind = 'customer'\nconnectors = { X = 'auto' }\n",
            "[targets.t]\nkind = 'customer'\nconnectors = { X = 'auto', \"A b\" = \"include\" }\ncatalog = \"none\"\n",
        ),
    ] {
        let mut edit = edit(before);
        assert_eq!(edit.add(&word), Ok(Outcome::Added), "{before}");
        assert_eq!(edit.add(&catalog), Ok(Outcome::Added), "{before}");
        assert_eq!(edit.text(), after, "{before}");
        assert_eq!(edit.add(&word), Ok(Outcome::Unchanged), "{before}");
        let removal = Removal::TargetConnector {
            target: target(),
            title: "A b".parse().expect("a title"),
        };
        assert_eq!(edit.remove(&removal), Ok(Outcome::Removed), "{before}");
        let removal = Removal::TargetCatalog(target());
        assert_eq!(edit.remove(&removal), Ok(Outcome::Removed), "{before}");
        let error = edit.remove(&removal).expect_err("it is gone");
        assert_eq!(error.to_string(), "`targets` has no `t: catalog`");
    }
    let mut edit = edit("[targets.tea]\nkind = 'customer'\n");
    let error = edit.add(&word).expect_err("no such target");
    assert_eq!(error.to_string(), "`targets` has no `t`");
}

#[test]
fn what_cannot_be_done_is_told_and_changes_nothing() {
    let text = "[connectors]\n'Parcel Tracker' = 'auto'\n";
    let mut edit = edit(text);
    let title = "Parcel Traker".parse().expect("a title");
    let error = edit
        .remove(&Removal::Connector(title))
        .expect_err("no such");
    assert_eq!(error.to_string(), "`connectors` has no `Parcel Traker`");
    assert_eq!(
        error.help().as_deref(),
        Some("did you mean `Parcel Tracker`?")
    );
    let error = edit.remove(&Removal::Catalog).expect_err("none");
    assert_eq!(error.to_string(), "`package` has no `catalog`");
    let error = edit
        .add(&Change::Catalog(" ".to_owned()))
        .expect_err("empty");
    assert_eq!(
        error.to_string(),
        "` ` can't stand in `package.catalog`: line 5, column 11: invalid path ` `: it is empty"
    );
    assert_eq!(edit.text(), text);
    assert!(edit.done().is_empty());

    let scattered = "targets = { t.kind = 'customer', s.kind = 'external', t.data-center = 'eu' }";
    let mut edit = ManifestEdit::parse(scattered).expect("a manifest");
    let target = Removal::Target("t".parse().expect("a name"));
    let error = edit.remove(&target).expect_err("an odd form");
    assert!(matches!(error, EditError::Form { .. }), "{error}");
    assert_eq!(edit.text(), scattered);
    assert!(ManifestEdit::parse("x").is_err());
}

/// The comments of a manifest that has no `#` outside of them.
fn comments(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.split_once('#'))
        .map(|(_, comment)| comment.trim().to_owned())
        .collect()
}

const COMMENTED: &str = "# 1\n[package] # 2\nname = 'x' # 3\n# 4\ncatalog = 'c' # 5\n\n\
        [select] # 6\n# 7\ninclude = [ # 8\n  # 9\n  'a', # 10\n  # 11\n  'b' # 12\n  # 13\n] # 14\n\
        exclude = ['b', 'a',] # 15\ntypes = [] # 16\n# 17\n[connectors] # 18\n'A' = 'auto' # 19\n\
        # 20\n'B' = 'include' # 21\n\n# 22\n[targets.a] # 23\nkind = 'customer' # 24\n\
        connectors = { A = 'auto' } # 25\n# 26\n[targets.b] # 27\n# 28\nkind = 'external' # 29\n# 30";

#[derive(Clone, Debug)]
enum Step {
    Add(Change),
    Remove(Removal),
}

fn step() -> impl Strategy<Value = Step> {
    let name = "[a-c]";
    let word = prop_oneof![
        Just(ConnectorPolicy::Auto),
        Just(ConnectorPolicy::Include),
        Just(ConnectorPolicy::Exclude)
    ];
    let kind = prop_oneof![Just(TargetKind::Customer), Just(TargetKind::External)];
    let change = (0..11, name, word, kind, proptest::option::of("us|eu|jp")).prop_map(
        |(which, name, word, kind, data_center)| match which {
            0 => Change::Include(name.parse().expect("valid")),
            1 => Change::Exclude(name.parse().expect("valid")),
            2 => Change::Type(name.parse().expect("valid")),
            3 => Change::Folder(name.parse().expect("valid")),
            4 => Change::Tag(name.parse().expect("valid")),
            5 => connector(&name.to_uppercase(), word),
            6 => target(&name, kind, data_center.as_deref()),
            7 => Change::Project(name),
            8 => Change::TargetConnector {
                target: name.parse().expect("valid"),
                title: "A".parse().expect("valid"),
                word,
            },
            9 => Change::TargetCatalog {
                target: name.parse().expect("valid"),
                catalog: "c".to_owned(),
            },
            _ => Change::Catalog(name),
        },
    );
    let removal = (0..11, name).prop_map(|(which, name)| match which {
        0 => Removal::Include(name.parse().expect("valid")),
        1 => Removal::Exclude(name.parse().expect("valid")),
        2 => Removal::Type(name.parse().expect("valid")),
        3 => Removal::Folder(name.parse().expect("valid")),
        4 => Removal::Tag(name.parse().expect("valid")),
        5 => Removal::Connector(name.to_uppercase().parse().expect("valid")),
        6 => Removal::Target(name.parse().expect("valid")),
        7 => Removal::Project,
        8 => Removal::TargetConnector {
            target: name.parse().expect("valid"),
            title: "A".parse().expect("valid"),
        },
        9 => Removal::TargetCatalog(name.parse().expect("valid")),
        _ => Removal::Catalog,
    });
    prop_oneof![change.prop_map(Step::Add), removal.prop_map(Step::Remove)]
}

proptest! {
    #[test]
    fn no_edit_loses_a_comment_or_meets_a_form_it_made_itself(
        steps in proptest::collection::vec(step(), 1..12),
        is_windows in any::<bool>(),
    ) {
        let text = match is_windows {
            true => COMMENTED.replace('\n', "\r\n"),
            false => COMMENTED.to_owned(),
        };
        let mut edit = edit(&text);
        for step in steps {
            let result = match &step {
                Step::Add(change) => edit.add(change),
                Step::Remove(removal) => edit.remove(removal),
            };
            if let Err(error) = result {
                prop_assert!(matches!(error, EditError::NotThere { .. }), "{error}\n{}", edit.text());
            }
            prop_assert_eq!(comments(edit.text()), comments(&text), "{:?}\n{}", step, edit.text());
            let reread = Manifest::parse(edit.text()).expect("checked").listing();
            prop_assert_eq!(&reread, edit.listing());
            if is_windows {
                prop_assert!(!edit.text().replace("\r\n", "").contains('\n'));
            }
        }
    }
}
