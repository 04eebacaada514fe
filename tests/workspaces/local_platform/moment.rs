//! Several workspaces are looked at as they are at one moment, whoever writes meanwhile.

use recipack::workspace::{Workspace as _, WorkspaceError};

use super::{create, open, platform};
use crate::support::Place;
use crate::support::changes::{Bag, body, commit, recipe, revision, seen};

fn write(place: &Place, name: &str, number: u64) -> Result<(), WorkspaceError> {
    let mut workspace = open(place, name);
    commit(&mut workspace, &mut Bag::default(), |commit, bag| {
        let key = recipe("", &format!("R{number}"));
        let body = body(bag.put(b"text"), &[]);
        crate::support::changes::create(commit, key, body);
        commit.revision = Some(revision(number, "p.zip", Vec::new()));
    })
    .map(drop)
}

#[test]
fn what_is_written_meanwhile_is_not_seen() {
    let place = Place::new();
    create(&place, "moon");
    create(&place, "mars");
    write(&place, "moon", 1).expect("written");
    write(&place, "mars", 1).expect("written");
    let platform = platform(&place);
    let moment = platform.one_moment().expect("a moment");
    let moon = seen(
        &moment
            .workspace(&"moon".parse().expect("a name"))
            .expect("moon"),
    );
    write(&place, "moon", 2).expect("readers hold nobody up");
    write(&place, "mars", 2).expect("written");
    create(&place, "venus");
    let mars = moment.workspace(&"mars".parse().expect("a name"));
    let mut mars = mars.expect("mars");
    assert_eq!(mars.facts().expect("facts").revision.0, 1);
    let summaries = moment.workspaces().expect("a list");
    let told: Vec<_> = summaries
        .iter()
        .map(|summary| (summary.facts.name.as_str(), summary.recipes))
        .collect();
    assert_eq!(told, [("mars", 1), ("moon", 1)]);
    let again = moment.workspace(&"moon".parse().expect("a name"));
    assert_eq!(seen(&again.expect("moon")), moon);
    let written = commit(&mut mars, &mut Bag::default(), |_, _| {});
    assert!(
        written.is_err(),
        "a moment that is over can't be written to"
    );
    drop(moment);
    assert_eq!(mars.facts().expect("facts").revision.0, 2);
    assert_eq!(seen(&open(&place, "moon")).facts.revision.0, 2);
}
