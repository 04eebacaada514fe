//! Real projects in memory and behind the API; `tests/round_trip.rs` has them in a file.

use std::fs;

use crate::support::real_projects;
use crate::support::sandbox::{Sandbox, partner};
use crate::support::table;

use super::contract::{imports_as_planned, memory, remote};

#[test]
fn real_projects_import_as_planned() {
    table::each(&real_projects(), |_, project| {
        let place = partner();
        let package = place.path("real.zip");
        if project.is_dir() {
            let project = project.to_str().expect("a name");
            let run = place.run([
                "export",
                project,
                "--for",
                "external",
                "--one-project",
                "-q",
                "-o",
                "real.zip",
            ]);
            assert_eq!(run.code, 0, "{}", run.stderr);
        } else {
            fs::copy(project, &package).expect("copied");
        }
        imports_as_planned(&mut memory(), &package);
        let sandbox = Sandbox::of(&place, &[]);
        imports_as_planned(&mut remote(&place, &sandbox), &package);
    });
}
