//! All workspaces do the same, whatever is committed.

use proptest::prelude::*;
use recipack::model::kind::AssetKind;
use recipack::model::workspace::{AssetId, Authorization, FolderPath, RecipeState};
use recipack::plan::commit::{Change, Commit};
use recipack::workspace::Workspace as _;

use crate::contract::committing::{MISFITS, release};
use crate::contract::{LEDGER, PARCELS, local, memory, reopened};
use crate::support::Place;
use crate::support::changes::{
    Bag, Seen, body, create, create_connector, folder, key, revision, seen, version,
};

/// A change to be, of what is there by then.
#[derive(Clone, Debug)]
enum Step {
    Folder(u8),
    Create {
        place: u8,
        kind: u8,
        name: u8,
        text: u8,
    },
    Update {
        which: u8,
        text: u8,
    },
    Remove {
        which: u8,
    },
    Move {
        which: u8,
        place: u8,
        name: u8,
    },
    RemoveFolder(u8),
    Run {
        which: u8,
        running: bool,
    },
    Authorize {
        which: u8,
        authorized: bool,
    },
    Connector(u8),
    Version {
        which: u8,
        text: u8,
    },
    Release {
        which: u8,
        version: u8,
    },
    Wrong(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let (any, text) = (any::<u8>, 0..6_u8);
    prop_oneof![
        4 => any().prop_map(Step::Folder),
        8 => (any(), any(), 0..40_u8, text.clone())
            .prop_map(|(place, kind, name, text)| Step::Create { place, kind, name, text }),
        6 => (any(), text.clone()).prop_map(|(which, text)| Step::Update { which, text }),
        2 => any().prop_map(|which| Step::Remove { which }),
        2 => (any(), any(), 0..40_u8)
            .prop_map(|(which, place, name)| Step::Move { which, place, name }),
        1 => any().prop_map(Step::RemoveFolder),
        3 => (any(), proptest::bool::ANY).prop_map(|(which, running)| Step::Run { which, running }),
        2 => (any(), proptest::bool::ANY)
            .prop_map(|(which, authorized)| Step::Authorize { which, authorized }),
        3 => (0..4_u8).prop_map(Step::Connector),
        4 => (any(), text).prop_map(|(which, text)| Step::Version { which, text }),
        3 => (any(), 0..4_u8).prop_map(|(which, version)| Step::Release { which, version }),
        1 => any().prop_map(Step::Wrong),
    ]
}

const FOLDERS: [&str; 5] = ["A", "A/B", "A/B/C", "D", "D/E"];

/// One of those that are there, if any is.
fn one_of<T: Clone>(there: &[T], which: u8) -> Option<T> {
    there.get(usize::from(which) % there.len().max(1)).cloned()
}

fn changes(steps: &[Step], seen: &Seen, commit: &mut Commit, bag: &mut Bag) {
    let of_kind = |kind: Option<AssetKind>| -> Vec<AssetId> {
        let assets = seen.assets.iter();
        let assets =
            assets.filter(|asset| kind.as_ref().is_none_or(|kind| asset.key.kind == *kind));
        assets.map(|asset| asset.id).collect()
    };
    let connectors: Vec<_> = seen.connectors.iter().map(|held| held.id).collect();
    let mut file = |text: u8| match text % 2 {
        0 => bag.put(&[text]),
        _ => bag.put_deflated(&[text; 300]),
    };
    let providers = [&[][..], &[LEDGER], &[LEDGER, PARCELS], &["gmail"]];
    for step in steps {
        match *step {
            Step::Folder(which) => {
                let new = FOLDERS.map(folder).into_iter().filter(|folder| {
                    let parent = folder.parent().unwrap_or_default();
                    let held = parent.is_home() || seen.folders.contains(&parent);
                    held && !seen.folders.contains(folder)
                });
                let new: Vec<_> = new.collect();
                if let Some(folder) = one_of(&new, which) {
                    commit.changes.push(Change::CreateFolder(folder));
                }
            }
            Step::Create {
                place,
                kind,
                name,
                text,
            } => {
                let mut places = vec!["", "/"];
                places.extend(seen.folders.iter().map(FolderPath::as_str));
                let place = one_of(&places, place).unwrap_or_default();
                let kind = match kind % 4 {
                    0 | 1 => AssetKind::Recipe,
                    2 => AssetKind::Connection,
                    _ => AssetKind::from_word("loyalty_card"),
                };
                let key = key(place, kind, &format!("N{name}"));
                create(
                    commit,
                    key,
                    body(file(text), providers[usize::from(text) % 4]),
                );
            }
            Step::Update { which, text } => {
                let Some(id) = one_of(&of_kind(None), which) else {
                    continue;
                };
                let body = body(file(text), providers[usize::from(which) % 4]);
                commit.changes.push(Change::UpdateAsset { id, body });
            }
            Step::Remove { which } => {
                let Some(id) = one_of(&of_kind(None), which) else {
                    continue;
                };
                commit.changes.push(Change::RemoveAsset(id));
            }
            Step::Move { which, place, name } => {
                let moved = one_of(&seen.assets, which);
                let Some(moved) = moved else { continue };
                let mut places = vec!["", "/"];
                places.extend(seen.folders.iter().map(FolderPath::as_str));
                let place = one_of(&places, place).unwrap_or_default();
                let key = key(place, moved.key.kind.clone(), &format!("N{name}"));
                commit.changes.push(Change::MoveAsset { id: moved.id, key });
            }
            Step::RemoveFolder(which) => {
                let folders: Vec<_> = seen.folders.iter().cloned().collect();
                if let Some(folder) = one_of(&folders, which) {
                    commit.changes.push(Change::RemoveFolder(folder));
                }
            }
            Step::Run { which, running } => {
                let Some(id) = one_of(&of_kind(Some(AssetKind::Recipe)), which) else {
                    continue;
                };
                let state = match running {
                    true => RecipeState::Running,
                    false => RecipeState::Stopped,
                };
                commit.changes.push(Change::SetRecipe { id, state });
            }
            Step::Authorize { which, authorized } => {
                let Some(id) = one_of(&of_kind(Some(AssetKind::Connection)), which) else {
                    continue;
                };
                let authorization = match authorized {
                    true => Authorization::Authorized,
                    false => Authorization::Placeholder,
                };
                commit
                    .changes
                    .push(Change::SetConnection { id, authorization });
            }
            Step::Connector(which) => {
                let names = [LEDGER, PARCELS, "x_connector_1_1", "y_connector_1_1"];
                let title = format!("T{which}");
                create_connector(commit, &title, names[usize::from(which) % 4]);
            }
            Step::Version { which, text } => {
                let Some(id) = one_of(&connectors, which) else {
                    continue;
                };
                let held = seen.connectors.iter().find(|held| held.id == id);
                let latest = held.map_or(0, |held| held.versions.len() as u64);
                let version = version(latest + 1, &file(text));
                commit.changes.push(Change::AddVersion { id, version });
            }
            Step::Release { which, version } => {
                let Some(id) = one_of(&connectors, which) else {
                    continue;
                };
                commit.changes.push(release(id.0, u64::from(version)));
            }
            Step::Wrong(which) => {
                let (_, spoil) = MISFITS[usize::from(which) % MISFITS.len()];
                spoil(commit, &mut Bag::default());
            }
        }
    }
}

/// How much of what the model check tries comes about.
#[derive(Default)]
struct Tried {
    done: u32,
    refused: u32,
}

fn the_same_on_all(
    commits: &[(Vec<Step>, bool, bool)],
    tried: &mut Tried,
) -> Result<(), TestCaseError> {
    let place = Place::new();
    let (mut memory, mut local) = (memory(), local(&place));
    for (steps, is_revision, reopen) in commits {
        if *reopen {
            drop(local);
            local = reopened(&place);
        }
        let before = seen(&memory);
        let mut commit = Commit::on(&before.facts);
        let (mut one, mut other) = (Bag::default(), Bag::default());
        changes(steps, &before, &mut commit, &mut one);
        changes(steps, &before, &mut Commit::on(&before.facts), &mut other);
        if *is_revision && commit.revision.is_none() {
            let number = before.facts.revision.0 + 1;
            commit.revision = Some(revision(number, "p.zip", Vec::new()));
        }
        let outcomes = (
            memory.commit(&commit, &mut one).map_err(|e| e.to_string()),
            local.commit(&commit, &mut other).map_err(|e| e.to_string()),
        );
        prop_assert_eq!(&outcomes.0, &outcomes.1);
        prop_assert_eq!(&one.asked, &other.asked);
        let after = seen(&memory);
        prop_assert_eq!(&after, &seen(&local));
        if outcomes.0.is_ok() {
            tried.done += 1;
            prop_assert_eq!(after.facts.state, commit.state_after());
        } else {
            tried.refused += 1;
            prop_assert_eq!(after, before);
        }
    }
    Ok(())
}

/// Random commits, some of which don't fit, do the same to every workspace.
#[test]
#[expect(clippy::print_stdout, reason = "figures for whoever asks for them")]
fn whatever_is_committed_does_the_same_to_all() {
    let config = ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let commits = prop::collection::vec(
        (
            prop::collection::vec(step(), 1..5),
            proptest::bool::weighted(0.4),
            proptest::bool::weighted(0.1),
        ),
        1..14,
    );
    let tried = std::cell::RefCell::new(Tried::default());
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&commits, |commits| {
            the_same_on_all(&commits, &mut tried.borrow_mut())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let Tried { done, refused } = tried.into_inner();
    println!("{done} commits carried out, {refused} refused");
    assert!(done > 100 && refused > 20, "both ways out are taken");
}
