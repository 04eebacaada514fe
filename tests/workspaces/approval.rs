//! What nobody answers for is refused by the library itself, whoever calls it.

use crate::catalog::{line, open, used};
use crate::import::{done, export_external, partner};
use crate::support::Place;
use recipack::model::span::Origin;
use recipack::model::target::TargetKind;
use recipack::model::workspace::{Address, RecipeState, RevisionNumber, Timestamp};
use recipack::ops::approval::{Approved, ExportRefusal, ImportRefusal};
use recipack::ops::export::{ExportError, ExportRequest};
use recipack::ops::import::rollback::{RollbackRequest, plan as plan_rollback};
use recipack::ops::import::{ImportError, ImportRequest};
use recipack::ops::workspace::catalog::{
    Asked, Moves, PlannedChange, Removals, SharingGrants, plan,
};
use recipack::ops::workspace::operate::{Which, set_recipes};
use recipack::ops::{Interrupt, Running, Silent, export, import};
use recipack::plan::commit::Commit;
use recipack::plan::export::Destination;
use recipack::plan::import::document::Permission;
use recipack::plan::rollback::CreatedSince;
use recipack::plan::sharing::Wish;
use recipack::workspace::local::LocalWorkspace;
use recipack::workspace::{NoContents, Workspace as _, WorkspaceError};

fn running() -> Running {
    Running {
        threads: std::num::NonZeroUsize::MIN,
        interrupt: Interrupt::default(),
    }
}

fn osprey(place: &Place) -> LocalWorkspace {
    open(place, "osprey")
}

fn request(place: &Place, package: &str) -> ImportRequest {
    ImportRequest::new(
        place.path(package),
        "local:osprey".parse().expect("an address"),
        place.folder.path().to_owned(),
        Timestamp(1_700_000_000),
    )
}

/// An external account in which a recipe runs, and a package that would change that recipe.
fn with_a_running_recipe() -> Place {
    let place = partner();
    for words in [
        "import external.zip --into local:osprey",
        "connection authorize --all --in local:osprey",
    ] {
        done(&place, &words.split(' ').collect::<Vec<_>>());
    }
    let start = [
        "recipe",
        "start",
        "Track new parcels",
        "--in",
        "local:osprey",
    ];
    done(&place, &start);
    let recipe = place.path("partner/Orders/track_new_parcels.recipe.json");
    let text = std::fs::read_to_string(&recipe).expect("text");
    let changed = text.replace("\"concurrency\": 1", "\"concurrency\": 3");
    assert_ne!(changed, text);
    std::fs::write(&recipe, changed).expect("written");
    export_external(&place, "second.zip");
    place
}

#[test]
fn a_running_recipe_is_overwritten_and_rolled_back_only_by_permission() {
    let place = with_a_running_recipe();
    let mut workspace = osprey(&place);
    let request = request(&place, "second.zip");
    for granted in [&[][..], &[Permission::Downgrade, Permission::MoveRecipes]] {
        let refused = import::run(&request, &mut workspace, granted, &running(), &mut Silent);
        let Err(ImportError::Refused(ImportRefusal::NotPermitted(needed))) = refused else {
            panic!("{refused:?}");
        };
        let needed: Vec<_> = needed.iter().map(|needed| needed.permission).collect();
        assert_eq!(needed, [Permission::RestartRecipes]);
        let facts = workspace.facts().expect("facts");
        assert_eq!(facts.revision, RevisionNumber(1));
    }
    let granted = [Permission::RestartRecipes];
    let imported = import::run(&request, &mut workspace, &granted, &running(), &mut Silent);
    let imported = imported.expect("imported");
    assert_eq!(imported.astray, [""; 0]);
    assert_eq!(imported.receipt.revision, Some(RevisionNumber(2)));
    assert_eq!(imported.plan.plan.summary.overwrites, 1);

    let back = RollbackRequest {
        address: "local:osprey".parse().expect("an address"),
        to: RevisionNumber(1),
        created: CreatedSince::Keep,
        at: Timestamp(1_700_000_001),
        who: String::new(),
        scratch: std::env::temp_dir(),
    };
    let planned = plan_rollback(&back, &workspace, &running()).expect("a plan");
    let refusal = planned.approve(&[]).expect_err("refused");
    let needed: Vec<_> = refusal.needed.iter().map(|n| n.permission).collect();
    assert_eq!((needed, refusal.blocked.len()), (granted.to_vec(), 0));
    let approved = planned.approve(&granted).expect("approved");
    let receipt = approved.apply(&back, &mut workspace, &running());
    let receipt = receipt.expect("rolled back");
    assert_eq!(receipt.revision, Some(RevisionNumber(3)));
}

/// Without a catalogue nobody knows whether a customer has the connectors.
#[test]
fn no_package_is_made_of_a_plan_with_errors() {
    let place = partner();
    let destination = Destination {
        name: None,
        kind: TargetKind::Customer,
        data_center: None,
        origin: Origin::CommandLine,
    };
    let request = ExportRequest::new(place.path("partner"), destination);
    let package = place.path("refused.zip");
    let limit = 100_000_000;
    let made = export::run(&request, &package, limit, "a test", &running(), &mut Silent);
    let Err(ExportError::Refused(ExportRefusal(errors))) = made else {
        panic!("{made:?}");
    };
    assert!(!errors.is_empty());
    assert!(!package.exists());
}

#[test]
fn what_is_shared_changes_only_as_somebody_answers_for_it() {
    let place = used();
    let address: Address = "local:studio".parse().expect("an address");
    let remove = Asked::One {
        named: "Parcel Tracker",
        wish: Wish::Remove,
    };
    let studio = open(&place, "studio");
    let at = Timestamp(0);
    let nothing = SharingGrants {
        moves: Moves::NotGranted,
        removals: Removals::None,
    };
    let everything = SharingGrants {
        moves: Moves::Granted,
        removals: Removals::All,
    };
    let refused = |granted| {
        let planned = plan(&studio, &address, remove, at).expect("a plan");
        let refusal = planned.approve(granted).err()?;
        let in_use = refusal.in_use.iter();
        let in_use: Vec<_> = in_use
            .map(|consequence| consequence.step.title.to_string())
            .collect();
        let removals: Vec<_> = refusal.removals.iter().map(ToString::to_string).collect();
        Some((in_use, removals, refusal.moves))
    };
    let title = || vec!["Parcel Tracker".to_owned()];
    // Recipes that run lose nothing, whatever is granted.
    assert_eq!(refused(nothing), Some((title(), title(), 0)));
    assert_eq!(refused(everything), Some((title(), vec![], 0)));
    line(&place, "recipe stop --all --in local:acme");
    assert_eq!(refused(nothing), Some((vec![], title(), 0)));
    for (removals, approved) in [
        (Removals::None, false),
        (Removals::Of("Another Title"), false),
        (Removals::Of("Parcel Tracker"), true),
        (Removals::All, true),
    ] {
        let granted = SharingGrants {
            removals,
            ..nothing
        };
        assert_eq!(refused(granted).is_none(), approved, "{removals:?}");
    }
}

/// A change that somebody answers for.
fn approved(planned: &PlannedChange) -> Approved<&PlannedChange> {
    let granted = SharingGrants {
        moves: Moves::Granted,
        removals: Removals::All,
    };
    planned.approve(granted).expect("approved")
}

/// Nothing that was decided about customers holds when they changed meanwhile, and the other way
/// round.
#[test]
fn changes_depend_on_the_other_side() {
    let place = used();
    line(&place, "recipe stop --all --in local:acme");
    let address: Address = "local:studio".parse().expect("an address");
    let remove = Asked::One {
        named: "Parcel Tracker",
        wish: Wish::Remove,
    };
    let mut studio = open(&place, "studio");
    let at = Timestamp(0);
    let planned = plan(&studio, &address, remove, at).expect("a plan");
    assert!(planned.document().consequences[0].in_use().is_empty());
    let acme: Address = "local:acme".parse().expect("an address");
    let mut customer = open(&place, "acme");
    set_recipes(&mut customer, &acme, &Which::All, RecipeState::Running).expect("started");
    let error = approved(&planned)
        .carry_out(&mut studio)
        .expect_err("refused");
    assert!(matches!(error, WorkspaceError::Stale { .. }), "{error}");

    let inventory = customer.inventory().expect("an inventory");
    let start = Commit::on_inventory(&inventory);
    set_recipes(&mut customer, &acme, &Which::All, RecipeState::Stopped).expect("stopped");
    let mut start = Commit {
        base: customer.facts().expect("facts").state,
        ..start
    };
    let planned = plan(&studio, &address, remove, at).expect("a plan");
    approved(&planned).carry_out(&mut studio).expect("removed");
    let error = customer
        .commit(&start, &mut NoContents)
        .expect_err("refused");
    assert!(matches!(error, WorkspaceError::Stale { .. }), "{error}");
    start.depends.clear();
    customer
        .commit(&start, &mut NoContents)
        .expect("nothing depends");
}
