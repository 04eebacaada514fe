use std::sync::Arc;

use thin_vec::{ThinVec, thin_vec};

use super::*;
use crate::model::facts::{Detail, Facts, RecipeFacts};
use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::reference::{ActionUse, Step};
use crate::model::workspace::{AssetPlace, Body, ConnectorId, HeldVersion, VersionsKnown};

fn held(state: HeldState) -> WorkspaceAsset {
    WorkspaceAsset {
        id: AssetId(7),
        key: AssetKey {
            place: AssetPlace::Folder(FolderPath::home()),
            kind: AssetKind::Recipe,
            name: "Quote".into(),
            twin: 0,
        },
        version: Version(1),
        body: Body {
            files: ThinVec::new(),
            origin: Digest::of(b""),
            renames: BTreeMap::new(),
            bindings: ThinVec::new(),
            providers: ThinVec::new(),
        },
        state,
    }
}

#[test]
fn the_platform_says_who_stopped_a_recipe_or_nobody_does() {
    let running = RecipeState::Running;
    let stopped = RecipeState::Stopped;
    let limit = || StopCause::Platform("trigger_errors_limit".to_owned());
    for (state, cause, expected, told) in [
        (running, None, SeenRunning::Running, None),
        // The word may be of an earlier stop.
        (running, Some(limit()), SeenRunning::Running, None),
        (stopped, None, SeenRunning::StoppedUnsaid, None),
        (
            stopped,
            Some(StopCause::Unsaid),
            SeenRunning::StoppedUnsaid,
            None,
        ),
        (
            stopped,
            Some(StopCause::NotByPlatform),
            SeenRunning::Stopped,
            None,
        ),
        (
            stopped,
            Some(limit()),
            SeenRunning::StoppedByPlatform,
            Some("trigger_errors_limit"),
        ),
    ] {
        let stops = cause.iter().map(|cause| (AssetId(7), cause.clone()));
        let seen = recipe(
            &held(HeldState::Recipe(state)),
            state,
            &stops.collect(),
            None,
        );
        let found = (seen.state, seen.cause.as_deref());
        assert_eq!(found, (expected, told), "{state:?} {cause:?}");
    }
}

#[test]
fn a_connection_is_lost_only_if_it_worked_once() {
    let (yes, no) = (Authorization::Authorized, Authorization::Placeholder);
    for (authorization, lost, expected) in [
        (yes, None, SeenAuthorization::Authorized),
        (yes, Some(AssetId(7)), SeenAuthorization::Authorized),
        (no, None, SeenAuthorization::NotAuthorized),
        (no, Some(AssetId(8)), SeenAuthorization::NotAuthorized),
        (no, Some(AssetId(7)), SeenAuthorization::Lost),
    ] {
        let reasons = StateReasons {
            lost: lost.into_iter().collect(),
            ..StateReasons::default()
        };
        let held = held(HeldState::Connection(authorization));
        let seen = connection(&held, authorization, &reasons);
        assert_eq!(seen.state, expected, "{authorization:?} {lost:?}");
    }
}

#[test]
fn steps_that_are_skipped_use_nothing_and_others_are_told_once() {
    let step = |provider: &str, name: &str, kind, activity| ActionUse {
        provider: provider.into(),
        name: name.into(),
        kind,
        step: Step {
            number: 1,
            activity,
        },
        offset: 0,
    };
    let (action, trigger) = (ActionKind::Action, ActionKind::Trigger);
    let (active, skipped) = (Activity::Active, Activity::Skipped);
    let actions = thin_vec![
        step("b_connector_1_2", "get", action, active),
        step("b_connector_1_2", "get", action, active),
        step("b_connector_1_2", "drop", action, skipped),
        step("b_connector_1_2", "added", trigger, active),
        step("old_name_connector_1_2", "put", action, active),
        step("nobodys_connector_1_2", "get", action, active),
    ];
    let asset = Asset {
        kind: AssetKind::Recipe,
        path: "r.recipe.json".parse().expect("safe"),
        files: thin_vec![],
        facts: Arc::new(Facts {
            detail: Detail::Recipe(RecipeFacts {
                actions,
                ..RecipeFacts::default()
            }),
            ..Facts::default()
        }),
    };
    // One connector may be spelt in two ways.
    let spelt = BTreeMap::from([("b_connector_1_2", 1), ("old_name_connector_1_2", 1)]);
    let used = SeenUse {
        connector: 1,
        actions: vec!["get".to_owned(), "put".to_owned()],
        triggers: vec!["added".to_owned()],
    };
    assert_eq!(uses(&asset, &spelt), [used]);
}

#[test]
fn versions_are_told_with_the_workspace_in_which_they_count() {
    let own = |source_version| WorkspaceConnector {
        id: ConnectorId(4),
        title: "B".parse().expect("a title"),
        internal_name: "b_connector_9_2".parse().expect("a name"),
        released: Some(Version(1)),
        versions: vec![HeldVersion {
            number: Version(1),
            note: None,
            json: None,
            code: None,
            logo: None,
            source_version,
            created_at: Timestamp(1),
            released_at: None,
            source_workspace: Some(WorkspaceId(12)),
        }],
        known: VersionsKnown::All,
    };
    let planned = |action, from: Option<u64>| PlannedConnector {
        connector: "B".to_owned(),
        title: "B".parse().ok(),
        action,
        direction: None,
        from: from.map(Version),
        to: None,
        packaged: true,
        packaged_version: Some(Version(5)),
        packaged_from: Some(WorkspaceId(12)),
        code: None,
        internal_names: Vec::new(),
        internal_name: "b_connector_9_2".parse().ok(),
        recipes: Vec::new(),
        moves: Vec::new(),
    };
    let built = |version, workspace| {
        Some(BuiltVersion {
            version: Version(version),
            workspace: WorkspaceId(workspace),
        })
    };
    use ConnectorAction as Action;
    for (action, from, whose, expected) in [
        (Action::UsesShared, Some(3), SeenWhose::Shared, built(3, 9)),
        (Action::UsesShared, None, SeenWhose::Shared, None),
        // Its code is the packaged one.
        (Action::Same, Some(1), SeenWhose::Own, built(5, 12)),
        (Action::Same, None, SeenWhose::Own, built(5, 12)),
        // It is other code, and nothing says where it was built.
        (Action::Update, Some(1), SeenWhose::Own, None),
        (Action::UsesOwn, Some(1), SeenWhose::Own, None),
        (Action::Install, None, SeenWhose::Missing, None),
        (Action::Blocked, None, SeenWhose::Missing, None),
        (Action::Elsewhere, None, SeenWhose::Unknown, None),
        (Action::Unknown, None, SeenWhose::Unknown, None),
    ] {
        let seen = connector(&planned(action, from), &[own(None)]);
        assert_eq!((seen.whose, seen.built), (whose, expected), "{action:?}");
        assert_eq!(seen.version, from.map(Version), "{action:?}");
    } // What an earlier package brought is remembered there.
    let update = planned(Action::Update, Some(1));
    let seen = connector(&update, &[own(Some(Version(4)))]);
    assert_eq!(seen.built, built(4, 12));
}
