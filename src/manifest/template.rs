//! The manifest that a project starts with.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::quote::quoted;
use crate::model::ident::{ConnectorTitle, PackageName, TagName, TypeWord, Version};
use crate::model::path::PackagePath;

/// What is known of a project when its manifest is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFacts {
    /// The package's name.
    pub name: PackageName,
    /// The project's folder or package zip, relative to the manifest.
    pub project: String,
    /// Its custom connectors.
    pub connectors: Vec<ConnectorFact>,
    /// Its folders.
    pub folders: Vec<PackagePath>,
    /// How many assets it has of each type.
    pub types: Vec<(TypeWord, usize)>,
    /// The tags of its assets.
    pub tags: Vec<TagName>,
    /// The catalogue.
    pub catalog: TemplateCatalog,
}

/// What is known of the catalogue when a manifest is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateCatalog {
    /// It is this: a file, relative to the manifest; an address; or `none`.
    Named(String),
    /// It is needed, and not known.
    Missing,
    /// The project has no custom connectors, so none is needed.
    NotNeeded,
}

/// What is known of a custom connector when its manifest is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorFact {
    /// Its title.
    pub title: ConnectorTitle,
    /// The version that the project holds, if it says so.
    pub version: Option<Version>,
    /// How many recipes and connections use it.
    pub users: usize,
}

/// How many names a comment lists before it is cut short.
const MOST_NAMES: usize = 12;

/// The text of a manifest, every part of it explained: everything is selected, each connector is
/// decided by the rule, and there is one target of each kind. What is optional is commented out.
pub fn template(facts: &TemplateFacts) -> String {
    let mut text = String::from(
        "# What goes into the package, and where it goes.\n\
         # Edit it by hand, or with `recipack manifest add|remove|list`.\n\
         # Paths of files are relative to this one.\n\n",
    );
    package(&mut text, facts);
    select(&mut text, facts);
    connectors(&mut text, &facts.connectors);
    targets(&mut text, &facts.catalog);
    text
}

fn targets(text: &mut String, catalog: &TemplateCatalog) {
    text.push_str(
        "# Targets: where the package goes, under names of your choice (`recipack export --to customers`).\n",
    );
    if *catalog == TemplateCatalog::Missing {
        text.push_str(
            "# Incomplete: which connectors customers share is not known until `catalog` says it, above.\n",
        );
    }
    text.push_str(TARGETS);
}

fn package(text: &mut String, facts: &TemplateFacts) {
    let name = quoted(facts.name.as_str());
    let project = quoted(&facts.project);
    add(
        text,
        format_args!(
            "[package]\n\
             # The zip's file name, without `.zip`.\n\
             name = {name}\n\
             # The project: a folder in the platform's export layout, or a package zip.\n\
             project = {project}\n\
             # Larger packages are refused. The platform's limit is 100.\n\
             # limit-mb = 100\n\
             # The connectors that customers share. A file from `recipack catalog pull`, an admin\n\
             # workspace's address (https://www.workato.com, local:ADMIN), or none: nothing is shared.\n"
        ),
    );
    match &facts.catalog {
        TemplateCatalog::Named(catalog) => {
            add(text, format_args!("catalog = {}\n\n", quoted(catalog)))
        }
        TemplateCatalog::Missing | TemplateCatalog::NotNeeded => {
            text.push_str("# catalog = \"catalog.json\"\n\n");
        }
    }
}

fn select(text: &mut String, facts: &TemplateFacts) {
    text.push_str(
        "[select]\n\
         # Which assets. An asset has to pass every list that is given; without lists, all do.\n\
         # What a selected asset needs comes along.\n",
    );
    let counts: Vec<String> = facts
        .types
        .iter()
        .map(|(word, count)| format!("{word} {count}"))
        .collect();
    note(text, "Assets in the project", &counts);
    text.push_str(
        "#\n\
         # Paths to take and paths to leave: `*` stays in a folder, `**` crosses folders. The path\n\
         # of a folder takes all that is below it. In a pattern, the `[` of a name is `[[]`.\n\
         # include = [\"**\"]\n\
         # exclude = [\"Drafts/**\"]\n\
         # Types, as file names spell them.\n",
    );
    let types: Vec<&str> = facts.types.iter().map(|(word, _)| word.as_str()).collect();
    example(text, "types", types.first().copied().unwrap_or("recipe"));
    let folders: Vec<&str> = facts.folders.iter().map(PackagePath::as_str).collect();
    text.push_str("# Folders, each with all that is below it.\n");
    note(text, "In the project", &all_quoted(&folders));
    example(
        text,
        "folders",
        folders.first().copied().unwrap_or("Orders"),
    );
    let tags: Vec<&str> = facts.tags.iter().map(TagName::as_str).collect();
    text.push_str("# Tags, of which an asset must carry one.\n");
    note(text, "In the project", &all_quoted(&tags));
    example(text, "tags", tags.first().copied().unwrap_or("release"));
    text.push('\n');
}

fn connectors(text: &mut String, connectors: &[ConnectorFact]) {
    text.push_str(
        "[connectors]\n\
         # Custom connectors, by title, for every target:\n\
         #   auto     in for external accounts; out for customers, if the catalogue says that it is\n\
         #            shared with them\n\
         #   include  in, even against that rule\n\
         #   exclude  out, even against that rule\n",
    );
    let mut written = BTreeSet::new();
    for ConnectorFact {
        title,
        version,
        users,
    } in connectors
    {
        // A key can stand only once, and two connectors of one title are one to the platform.
        if !written.insert(title) {
            continue;
        }
        let version = version.map_or(String::new(), |version| format!("{version}, "));
        let users = match users {
            0 => "not used".to_owned(),
            1 => "used by 1 asset".to_owned(),
            users => format!("used by {users} assets"),
        };
        let title = quoted(title.as_str());
        add(
            text,
            format_args!("{title} = \"auto\" # {version}{users}\n"),
        );
    }
    if connectors.is_empty() {
        text.push_str("# \"Parcel Tracker\" = \"auto\"\n");
    }
    text.push('\n');
}

const TARGETS: &str = "\
[targets.customers]
# Workspaces under this partner: shared connectors are there already.
kind = \"customer\"
# The data center, which decides whether closed-source connectors reach it: us, eu, jp, sg, au, …
# data-center = \"us\"
# For this target only:
# connectors = { \"Parcel Tracker\" = \"include\" }
# catalog = \"other-catalog.json\"

[targets.external]
# Any other account: it has nothing that the package doesn't bring.
kind = \"external\"
# data-center = \"us\"

[checks]
# How much findings matter: error, warning, note or off. `recipack explain` lists their codes.
# raw-id = \"error\"
";

fn add(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = text.write_fmt(arguments);
}

/// A comment that lists names, cut short when there are many.
fn note(text: &mut String, lead: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let shown = names.len().min(MOST_NAMES);
    let list = names[..shown].join(", ");
    let more = match names.len() - shown {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    add(text, format_args!("# {lead}: {list}{more}.\n"));
}

/// A list that is commented out.
fn example(text: &mut String, key: &str, entry: &str) {
    add(text, format_args!("# {key} = [{}]\n", quoted(entry)));
}

/// In quotes, so that nothing in a name can end the comment it stands in.
fn all_quoted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| quoted(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Change, Manifest, ManifestEdit};
    use crate::model::target::{ConnectorPolicy, TargetKind};
    use proptest::prelude::*;

    fn facts(titles: &[&str]) -> TemplateFacts {
        TemplateFacts {
            name: "orders".parse().expect("a name"),
            project: ".".to_owned(),
            connectors: titles
                .iter()
                .enumerate()
                .map(|(index, title)| ConnectorFact {
                    title: title.parse().expect("a title"),
                    version: (index != 1).then_some(Version(3)),
                    users: 2 - index.min(2),
                })
                .collect(),
            folders: vec!["Orders/EU".parse().expect("a path")],
            types: vec![
                ("recipe".parse().expect("a type"), 12),
                ("connection".parse().expect("a type"), 3),
            ],
            tags: vec!["release".parse().expect("a tag")],
            catalog: TemplateCatalog::NotNeeded,
        }
    }

    #[test]
    fn the_template_reads_as_written_down_here() {
        insta::assert_snapshot!(template(&facts(&["Parcel Tracker", "Ledger Sync", "Odd \"\\ é"])), @r#"
        # What goes into the package, and where it goes.
        # Edit it by hand, or with `recipack manifest add|remove|list`.
        # Paths of files are relative to this one.

        [package]
        # The zip's file name, without `.zip`.
        name = "orders"
        # The project: a folder in the platform's export layout, or a package zip.
        project = "."
        # Larger packages are refused. The platform's limit is 100.
        # limit-mb = 100
        # The connectors that customers share. A file from `recipack catalog pull`, an admin
        # workspace's address (https://www.workato.com, local:ADMIN), or none: nothing is shared.
        # catalog = "catalog.json"

        [select]
        # Which assets. An asset has to pass every list that is given; without lists, all do.
        # What a selected asset needs comes along.
        # Assets in the project: recipe 12, connection 3.
        #
        # Paths to take and paths to leave: `*` stays in a folder, `**` crosses folders. The path
        # of a folder takes all that is below it. In a pattern, the `[` of a name is `[[]`.
        # include = ["**"]
        # exclude = ["Drafts/**"]
        # Types, as file names spell them.
        # types = ["recipe"]
        # Folders, each with all that is below it.
        # In the project: "Orders/EU".
        # folders = ["Orders/EU"]
        # Tags, of which an asset must carry one.
        # In the project: "release".
        # tags = ["release"]

        [connectors]
        # Custom connectors, by title, for every target:
        #   auto     in for external accounts; out for customers, if the catalogue says that it is
        #            shared with them
        #   include  in, even against that rule
        #   exclude  out, even against that rule
        "Parcel Tracker" = "auto" # v3, used by 2 assets
        "Ledger Sync" = "auto" # used by 1 asset
        "Odd \"\\ é" = "auto" # v3, not used

        # Targets: where the package goes, under names of your choice (`recipack export --to customers`).
        [targets.customers]
        # Workspaces under this partner: shared connectors are there already.
        kind = "customer"
        # The data center, which decides whether closed-source connectors reach it: us, eu, jp, sg, au, …
        # data-center = "us"
        # For this target only:
        # connectors = { "Parcel Tracker" = "include" }
        # catalog = "other-catalog.json"

        [targets.external]
        # Any other account: it has nothing that the package doesn't bring.
        kind = "external"
        # data-center = "us"

        [checks]
        # How much findings matter: error, warning, note or off. `recipack explain` lists their codes.
        # raw-id = "error"
        "#);
    }

    #[test]
    fn a_catalogue_is_named_or_its_lack_is_told() {
        for (catalog, named, told) in [
            (TemplateCatalog::NotNeeded, None, false),
            (TemplateCatalog::Missing, None, true),
            (
                TemplateCatalog::Named("none".to_owned()),
                Some("none"),
                false,
            ),
            (
                TemplateCatalog::Named("a \"b\".json".to_owned()),
                Some("a \"b\".json"),
                false,
            ),
        ] {
            let text = template(&TemplateFacts {
                catalog,
                ..facts(&["Parcel Tracker"])
            });
            let manifest = Manifest::parse(&text).expect(&text);
            let customers = manifest.targets.get("customers");
            let found = manifest.catalog(customers.map(|target| &target.value));
            assert_eq!(found.map(|catalog| catalog.value.as_str()), named);
            assert_eq!(text.contains("# Incomplete"), told, "{text}");
            assert_eq!(
                manifest.without_catalogue().count(),
                usize::from(named.is_none())
            );
        }
    }

    #[test]
    fn the_template_says_what_it_should() {
        let titles = [
            "Parcel Tracker",
            "a.b",
            "Parcel Tracker",
            "# \"\\\u{2028}会計",
        ];
        let manifest = Manifest::parse(&template(&facts(&titles))).expect("a manifest");
        assert_eq!(
            manifest.package.name.map(String::from).as_deref(),
            Some("orders")
        );
        assert_eq!(
            manifest.package.project.map(|p| p.value).as_deref(),
            Some(".")
        );
        assert_eq!(manifest.package.catalog, None);
        assert!(manifest.select.is_everything());
        let connectors: Vec<&str> = manifest.connectors.keys().map(|t| t.as_str()).collect();
        assert_eq!(connectors, [titles[3], "Parcel Tracker", "a.b"]);
        assert!(
            manifest
                .connectors
                .values()
                .all(|word| word.value == ConnectorPolicy::Auto)
        );
        let kinds: Vec<_> = manifest
            .targets
            .iter()
            .map(|(name, target)| (name.as_str(), target.value.kind))
            .collect();
        assert_eq!(
            kinds,
            [
                ("customers", TargetKind::Customer),
                ("external", TargetKind::External)
            ]
        );
    }

    #[test]
    fn what_is_commented_out_would_be_read_too() {
        let text = template(&facts(&["Parcel Tracker"]));
        let live: String = text
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest)
                    if rest
                        .split_once(" = ")
                        .is_some_and(|(key, _)| !key.contains(' ')) =>
                {
                    rest
                }
                _ => line,
            })
            .flat_map(|line| [line, "\n"])
            .collect();
        let listing = Manifest::parse(&live).expect(&live).listing();
        assert_eq!(listing.select.include, ["**"]);
        assert_eq!(listing.select.exclude, ["Drafts/**"]);
        assert_eq!(listing.select.types.len(), 1);
        assert_eq!(listing.select.folders.len(), 1);
        assert_eq!(listing.select.tags.len(), 1);
        assert_eq!(listing.package.catalog.as_deref(), Some("catalog.json"));
        assert_eq!(listing.checks.len(), 1);
        let customers = &listing.targets["customers"];
        assert_eq!(customers.connectors.len(), 1);
        assert!(customers.catalog.is_some() && customers.data_center.is_some());
    }

    proptest! {
        #[test]
        fn any_titles_folders_and_tags_give_a_manifest(
            titles in proptest::collection::vec("\\PC{1,20}", 0..5),
            names in proptest::collection::vec("\\PC{1,20}", 0..20),
            project in "\\PC{0,10}[a-z]",
        ) {
            let mut facts = facts(&[]);
            facts.connectors = titles
                .iter()
                .filter_map(|title| title.parse().ok())
                .map(|title| ConnectorFact { title, version: None, users: 0 })
                .collect();
            facts.folders = names.iter().filter_map(|name| name.parse().ok()).collect();
            facts.tags = names.iter().filter_map(|name| name.parse().ok()).collect();
            facts.project = project;
            let text = template(&facts);
            let manifest = Manifest::parse(&text).expect(&text);
            let expected: BTreeSet<_> = facts.connectors.iter().map(|c| c.title.clone()).collect();
            let read: BTreeSet<_> = manifest.connectors.keys().cloned().collect();
            prop_assert_eq!(read, expected);
            prop_assert_eq!(manifest.package.project.map(|p| p.value), Some(facts.project));

            let mut edit = ManifestEdit::parse(&text).expect("a manifest");
            for name in &facts.tags {
                edit.add(&Change::Tag(name.clone())).expect("a tag");
            }
            for fact in &facts.connectors {
                let change = Change::Connector { title: fact.title.clone(), word: ConnectorPolicy::Exclude };
                edit.add(&change).expect("a connector");
            }
            let comments = |text: &str| text.matches("# ").count();
            prop_assert!(comments(edit.text()) >= comments(&text));
        }
    }
}
