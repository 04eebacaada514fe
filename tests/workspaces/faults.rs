//! When the world fails: no room, a signal, files that change meanwhile, files that make no sense.
//! Nothing is half written, what was there stays, and nothing panics.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{Place, Run, copy, files, fixture};
use proptest::prelude::*;
use recipack::archive::Limits;
use recipack::manifest::Selection;
use recipack::model::catalogue::{Catalogue, SharedConnectors};
use recipack::model::finding::{Code, Severity};
use recipack::model::span::Origin;
use recipack::model::target::TargetKind;
use recipack::ops::export::{ExportError, ExportRequest, prepare};
use recipack::ops::provenance::verify::{VerifyRequest, verify};
use recipack::ops::read::{OpenError, Roots};
use recipack::ops::{Interrupt, Observer, Running, Silent, Stage};
use recipack::plan::export::Destination;

/// Puts something at the output that must stay as it is unless the export succeeds.
fn with_older_package(place: &Place) {
    place.write("p.zip", "an older package");
    place.write("p.recipack.json", "its record");
}

#[track_caller]
fn assert_older_package(place: &Place, of: &str) {
    let read = |name| fs::read_to_string(place.path(name)).expect("text");
    assert_eq!(read("p.zip"), "an older package", "{of}");
    assert_eq!(read("p.recipack.json"), "its record", "{of}");
}

/// How many bytes `ulimit -f` counts as one.
const BLOCK: u64 = 512;

/// Runs the program where no file may grow over a number of blocks, as on a disk that is full then.
fn run_with_room_for(place: &Place, blocks: u64, arguments: &[&str]) -> Run {
    // The signal would end the process; what ignores it is told by an error instead.
    let script = "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"";
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            script,
            "sh",
            &blocks.to_string(),
            env!("CARGO_BIN_EXE_recipack"),
        ])
        .args(arguments)
        .current_dir(place.folder.path());
    Run::from(command.output().expect("sh starts"))
}

#[test]
fn without_room_nothing_is_written_and_what_was_there_stays() {
    let partner = fixture("partner");
    let partner = partner.to_str().expect("UTF-8");
    let export = [
        "export", partner, "--for", "external", "-q", "--force", "-o", "p.zip",
    ];
    let place = Place::new();
    assert_eq!(place.run(export).code, 0);
    let size = |name| fs::metadata(place.path(name)).expect("there").len();
    let (package, record) = (size("p.zip"), size("p.recipack.json"));
    let enough = package.max(record).div_ceil(BLOCK);
    let mut room: Vec<u64> = (0..enough).step_by(3).collect();
    room.extend([(package - 1) / BLOCK, (record - 1) / BLOCK, enough - 1]);
    room.retain(|blocks| blocks * BLOCK < package.max(record));
    for blocks in room {
        for older in [true, false] {
            let place = Place::new();
            if older {
                with_older_package(&place);
            }
            let run = run_with_room_for(&place, blocks, &export);
            assert_eq!(run.code, 1, "{blocks}: {}", run.stderr);
            assert_eq!(run.stdout, "", "{blocks}");
            let path = place.folder.path().display();
            assert!(
                run.stderr.starts_with(&format!(
                    "error[unwritable]: can't write {path}/./.recipack-"
                )),
                "{blocks}: {}",
                run.stderr
            );
            assert!(
                run.stderr.contains(" = note: File too large\n"),
                "{blocks}: {}",
                run.stderr
            );
            if older {
                assert_older_package(&place, &blocks.to_string());
                assert_eq!(place.names(), ["p.recipack.json", "p.zip"], "{blocks}");
            } else {
                assert_eq!(place.names(), [""; 0], "{blocks}");
            }
        }
    }
    let place = Place::new();
    assert_eq!(run_with_room_for(&place, enough, &export).code, 0);
}

#[test]
fn without_room_a_manifest_stays_as_it_was() {
    let place = Place::new();
    copy(&fixture("shared-form"), &place.path("project"));
    let run = run_with_room_for(&place, 0, &["init", "project"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(place.names(), ["project"]);
    assert_eq!(place.run(["init", "project"]).code, 0);
    let manifest = fs::read(place.path("recipack.toml")).expect("there");
    for arguments in [
        vec!["manifest", "add", "include", "Orders/**"],
        vec!["init", "project", "--force"],
    ] {
        let run = run_with_room_for(&place, 0, &arguments);
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.stderr.contains("File too large"), "{}", run.stderr);
        assert_eq!(place.names(), ["project", "recipack.toml"]);
        assert_eq!(
            fs::read(place.path("recipack.toml")).expect("there"),
            manifest
        );
    }
}

/// A result that can't be printed was not given.
#[test]
fn results_that_cannot_be_printed_are_a_failure() {
    let place = Place::new();
    let partner = fixture("partner");
    for arguments in [["show"], ["graph"], ["check"]] {
        let mut command = place.command();
        command.args(arguments).arg("-q").arg(&partner);
        let full = fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("a full device");
        let run = Run::from(command.stdout(full).output().expect("it starts"));
        assert_eq!(run.code, 1, "{arguments:?}");
        assert_eq!(
            run.stderr,
            "error[output]: can't print the result\n   = note: No space left on device\n\n",
            "{arguments:?}"
        );
    }
}

/// Where only the telling failed, what was done is told, and not taken for undone.
#[test]
fn what_was_done_is_told_where_its_result_can_not_be() {
    let place = crate::support::place_with(&["partner"]);
    let command = |line: &str| {
        let mut command = place.command();
        command.env("RECIPACK_PLATFORM", place.path("p.db"));
        command.args(line.split(' '));
        command
    };
    let full = || {
        let device = fs::File::options().write(true).open("/dev/full");
        device.expect("a full device")
    };
    for (line, done) in [
        (
            "export partner --for external -o k.zip",
            &["k.zip was written", "k.recipack.json was written"][..],
        ),
        (
            "workspace create osprey --kind external",
            &["local:osprey was created"],
        ),
        (
            "plan k.zip --into local:osprey -o plan.json",
            &["plan.json was written"],
        ),
        (
            "import k.zip --into local:osprey",
            &["imported into local:osprey as revision 1"],
        ),
        (
            "rollback local:osprey --created remove --yes",
            &["rolled local:osprey back as revision 2"],
        ),
        (
            "workspace delete osprey --yes",
            &["local:osprey was deleted"],
        ),
    ] {
        for way in ["", " --json"] {
            // The second time, with JSON, everything is done once more where it can be.
            if !way.is_empty() && !line.starts_with("export") {
                continue;
            }
            let run = Run::from(
                command(&format!("{line}{way}"))
                    .stdout(full())
                    .output()
                    .expect("it starts"),
            );
            assert_eq!(run.code, 68, "{line}: {}", run.stderr);
            assert!(
                run.stderr
                    .contains("error[output]: can't print the result\n"),
                "{line}: {}",
                run.stderr
            );
            for done in done {
                let told = format!("note: done before: {done}\n");
                assert!(run.stderr.contains(&told), "{line}: {}", run.stderr);
            }
            assert!(
                !run.stderr.contains("nothing was"),
                "{line}: {}",
                run.stderr
            );
        }
    }
    // A report is less than the work.
    let line = "export partner --for external -o l.zip --report junit=/dev/full";
    let run = Run::from(command(line).output().expect("it starts"));
    assert_eq!(run.code, 68, "{}", run.stderr);
    for told in [
        "error[report]: ",
        "note: done before: l.zip was written\n",
        "only the report is missing; the command itself ended with exit code 0: ",
    ] {
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
    assert!(place.path("l.zip").exists());
}

#[test]
fn places_that_take_no_file_are_named() {
    let place = Place::new();
    let partner = fixture("partner");
    let partner = partner.to_str().expect("UTF-8");
    for (output, code, told) in [
        ("/proc/p.zip", 1, "error[unwritable]: can't write /proc\n"),
        (
            "/dev/null/p.zip",
            64,
            "error[usage]: /dev/null is no folder\n",
        ),
        (
            "nowhere/p.zip",
            64,
            "error[usage]: the folder nowhere is not there\n",
        ),
        (
            "nowhere/",
            64,
            "error[usage]: the folder nowhere is not there\n",
        ),
    ] {
        let run = place.run(["export", partner, "--for", "external", "-q", "-o", output]);
        assert_eq!(run.code, code, "{output}: {}", run.stderr);
        assert!(run.stderr.starts_with(told), "{output}: {}", run.stderr);
        assert_eq!(place.names(), [""; 0], "{output}");
    }
}

/// A package would take the place of a pipe by renaming, and of a folder not at all.
#[test]
fn what_is_no_file_is_not_replaced() {
    let partner = fixture("partner");
    let partner = partner.to_str().expect("UTF-8");
    for (taken, pipe) in [
        ("p.zip", true),
        ("p.recipack.json", true),
        ("p.recipack.json", false),
    ] {
        let place = Place::new();
        if pipe {
            let made = Command::new("mkfifo").arg(place.path(taken)).status();
            assert!(made.expect("mkfifo starts").success());
        } else {
            fs::create_dir(place.path(taken)).expect("made");
        }
        let run = place.run(["export", partner, "--for", "external", "-q", "-o", "p.zip"]);
        assert_eq!(run.code, 64, "{}", run.stderr);
        assert!(
            run.stderr.starts_with(&format!(
                "error[output-taken]: {taken} is there and no file\n"
            )),
            "{}",
            run.stderr
        );
        assert_eq!(place.names(), [taken]);
        assert!(!place.path(taken).is_file());
    }
}

/// A project that takes a while.
fn large_project(place: &Place) -> PathBuf {
    let recipe = fs::read_to_string(fixture("partner/Orders/track_new_parcels.recipe.json"));
    let recipe = recipe.expect("text");
    let start = recipe.find('{').expect("an object") + 1;
    let mut state = 7_u64;
    for number in 0..200 {
        // What does not compress takes longest.
        let mut noise = String::new();
        while noise.len() < 150_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            noise.push_str(&format!("{state:x}"));
        }
        let text = format!("{{\"noise\": \"{noise}\",{}", &recipe[start..]);
        place.write(&format!("project/r{number}.recipe.json"), &text);
    }
    place.path("project")
}

fn exporting(place: &Place, arguments: &[&str]) -> Child {
    let mut command = place.command();
    command.args([
        "export",
        "project",
        "--for",
        "external",
        "-o",
        "p.zip",
        "--force",
        "--threads",
        "1",
    ]);
    command.args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("it starts")
}

/// Waits until the package is being written.
fn wait_for_packing(place: &Place) {
    let started = Instant::now();
    while !place
        .names()
        .iter()
        .any(|name| name.starts_with(".recipack-"))
    {
        assert!(
            started.elapsed() < Duration::from_secs(180),
            "packing does not begin"
        );
        sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_signal_stops_the_work_and_leaves_nothing() {
    let place = Place::new();
    large_project(&place);
    with_older_package(&place);
    let before = place.names();
    for (signal, code, arguments) in [
        ("INT", 130, &[][..]),
        ("TERM", 143, &[]),
        ("INT", 130, &["--json"]),
        ("TERM", 143, &["--json"]),
    ] {
        let child = exporting(&place, arguments);
        wait_for_packing(&place);
        let kill = format!("kill -{signal} {}", child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("sh starts").success());
        let run = Run::from(child.wait_with_output().expect("it ends"));
        assert_eq!(run.code, code, "{signal}: {}", run.stderr);
        if arguments.is_empty() {
            assert_eq!(run.stdout, "");
            assert!(
                run.stderr.ends_with("error[interrupted]: interrupted\n   = help: what was worked on was not written, and nothing is left of it\n\n"),
                "{}",
                run.stderr
            );
        } else {
            let document: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
            assert_eq!(document["exit_code"], code);
            assert_eq!(document["errors"][0]["code"], "interrupted");
        }
        assert_eq!(place.names(), before, "{signal}");
        assert_older_package(&place, signal);
    }
}

fn running(threads: usize) -> Running {
    Running {
        threads: NonZeroUsize::new(threads).expect("not zero"),
        interrupt: Interrupt::default(),
    }
}

fn request(project: &Path, kind: TargetKind) -> ExportRequest {
    let catalogue = fs::read(fixture("catalogs/shared.json")).expect("readable");
    ExportRequest {
        project: project.to_owned(),
        roots: Roots::Asserted,
        connectors: None,
        destination: Destination {
            name: None,
            kind,
            data_center: None,
            origin: Origin::CommandLine,
        },
        selection: Selection::default(),
        words: BTreeMap::new(),
        shared: SharedConnectors::Listed(Catalogue::parse(&catalogue).expect("a catalogue")),
        rows: recipack::model::table::PackedRows::Keep,
        checks: Default::default(),
        limits: Limits::default(),
    }
}

/// Interrupts as soon as a stage has begun.
struct InterruptAt(Stage, Running);

impl Observer for InterruptAt {
    fn progress(&mut self, stage: Stage, _: usize, _: usize) {
        if stage == self.0 {
            let flag = self.1.interrupt.flag();
            flag.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

#[test]
fn every_stage_of_an_export_can_be_interrupted() {
    for stage in [Stage::Reading, Stage::Packing, Stage::Verifying] {
        for threads in [1, 2] {
            let place = Place::new();
            let running = running(threads);
            let mut observer = InterruptAt(stage, running.clone());
            let request = request(&fixture("partner"), TargetKind::Customer);
            let outcome = prepare(&request, None, &running, &mut observer).and_then(|prepared| {
                prepared.approve().expect("approved").pack(
                    place.folder.path(),
                    u64::MAX,
                    None,
                    &running,
                    &mut observer,
                )
            });
            let error = outcome.expect_err("interrupted");
            assert!(
                matches!(
                    error,
                    ExportError::Interrupted(_) | ExportError::Open(OpenError::Interrupted(_))
                ),
                "{stage:?}: {error}"
            );
            assert_eq!(place.names(), [""; 0], "{stage:?}");
        }
    }
}

#[test]
fn a_file_that_changes_after_planning_stops_the_package() {
    // One is carried as it is, one is rewritten.
    let kept = "Orders/post_freight_costs.recipe.json";
    let rewritten = "Orders/track_new_parcels.recipe.json";
    for path in [kept, rewritten] {
        for (what, change) in [
            ("a digit", Some(("\"version\": ", "\"version\": 1"))),
            ("a space", Some(("{", "{ "))),
            ("gone", None),
        ] {
            let place = Place::new();
            let project = place.path("project");
            copy(&fixture("partner"), &project);
            let request = request(&project, TargetKind::Customer);
            let prepared = prepare(&request, None, &running(2), &mut Silent).expect("readable");
            let mut entries = (0..).zip(&prepared.plan().entries);
            let rewrites = entries.any(|(index, entry)| {
                entry.path.as_str() == path && prepared.edits(index).is_some()
            });
            assert_eq!(rewrites, path == rewritten, "{path}");
            let text = fs::read_to_string(project.join(path)).expect("text");
            match change {
                Some((from, to)) => {
                    assert!(text.contains(from), "{path} holds {from}");
                    fs::write(project.join(path), text.replacen(from, to, 1)).expect("written");
                }
                None => fs::remove_file(project.join(path)).expect("removed"),
            }
            let packed = prepared.approve().expect("approved").pack(
                place.folder.path(),
                u64::MAX,
                None,
                &running(2),
                &mut Silent,
            );
            let error = packed.expect_err("it changed").to_string();
            let expected = match change {
                Some(_) => format!("`{path}` changed while it was packed"),
                None => format!("can't read `{path}`"),
            };
            assert_eq!(error, expected, "{what}");
            assert_eq!(place.names(), ["project"], "{path}: {what}");
        }
    }
}

/// What happens to one file of a project.
#[derive(Clone, Debug)]
enum Accident {
    Bytes(Vec<(prop::sample::Index, u8)>),
    Cut(prop::sample::Index),
    Gone,
    Renamed(String),
    /// It takes another file's contents.
    Swapped(prop::sample::Index),
    /// A part of it stands twice.
    Doubled(prop::sample::Index, usize),
    /// A word of it becomes another.
    Word(prop::sample::Index, &'static str),
}

fn accident() -> impl Strategy<Value = Accident> {
    let index = any::<prop::sample::Index>;
    let words = prop::sample::select(vec![
        "null",
        "[]",
        "{}",
        "true",
        "-1",
        "1e400",
        "\"\"",
        "\"\\ud800\"",
        "\"_dp('{\"",
        "[[[[",
        "18446744073709551616",
    ]);
    prop_oneof![
        prop::collection::vec((index(), any::<u8>()), 1..4).prop_map(Accident::Bytes),
        index().prop_map(Accident::Cut),
        Just(Accident::Gone),
        "[A-Za-z .é配/]{1,12}\\.(recipe|connection|custom_adapter|odd|lcap_app)\\.(json|rb|zip)"
            .prop_map(Accident::Renamed),
        index().prop_map(Accident::Swapped),
        (index(), 1_usize..200).prop_map(|(at, length)| Accident::Doubled(at, length)),
        (index(), words).prop_map(|(at, word)| Accident::Word(at, word)),
    ]
}

fn apply(files: &mut BTreeMap<String, Vec<u8>>, which: prop::sample::Index, accident: &Accident) {
    let paths: Vec<String> = files.keys().cloned().collect();
    let Some(path) = paths.get(which.index(paths.len().max(1))) else {
        return;
    };
    let mut bytes = files.remove(path).expect("there");
    let mut path = path.clone();
    match accident {
        Accident::Bytes(changes) => {
            if !bytes.is_empty() {
                for (at, byte) in changes {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
            }
        }
        Accident::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
        Accident::Gone => return,
        Accident::Renamed(name) => path = name.trim_start_matches('/').to_owned(),
        Accident::Swapped(other) => {
            let other = &paths[other.index(paths.len())];
            bytes = files.get(other).unwrap_or(&bytes).clone();
        }
        Accident::Doubled(at, length) => {
            let at = at.index(bytes.len() + 1);
            let part = bytes[at..bytes.len().min(at + length)].to_vec();
            bytes.splice(at..at, part);
        }
        Accident::Word(at, word) => {
            let values: Vec<_> = bytes
                .windows(2)
                .enumerate()
                .filter(|(_, w)| w == b": ")
                .collect();
            if !values.is_empty() {
                let start = values[at.index(values.len())].0 + 2;
                let rest = &bytes[start..];
                let end = rest
                    .iter()
                    .position(|b| matches!(b, b',' | b'\n' | b'}'))
                    .unwrap_or(0);
                bytes.splice(start..start + end, word.bytes());
            }
        }
    }
    files.insert(path, bytes);
}

/// Packs what is there; a package that is made must be sound.
fn attempt(project: &Path, kind: TargetKind, place: &Place) -> Result<bool, TestCaseError> {
    let request = request(project, kind);
    let prepared = match prepare(&request, None, &running(2), &mut Silent) {
        Ok(prepared) => prepared,
        // That there is no project is an answer; everything else is a finding.
        Err(ExportError::Open(OpenError::NoProject { .. } | OpenError::Source(_))) => {
            return Ok(false);
        }
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    let refused = prepared
        .plan()
        .findings
        .iter()
        .any(|f| f.severity() == Severity::Error);
    prop_assert_eq!(refused, prepared.plan().is_refused());
    for located in prepared.located(None) {
        prop_assert!(!located.message.is_empty());
    }
    if refused {
        return Ok(false);
    }
    let packed = prepared
        .approve()
        .expect("approved")
        .pack(
            place.folder.path(),
            u64::MAX,
            None,
            &running(2),
            &mut Silent,
        )
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    packed
        .file
        .persist(&place.path("out.zip"))
        .expect("persisted");
    let verification = verify(
        &VerifyRequest {
            signature: None,
            attestation: None,
            package: place.path("out.zip"),
            record: None,
            rebuild: None,
            limits: Limits::default(),
        },
        &running(2),
        &mut Silent,
    );
    let verification = verification.map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(verification.mismatches, vec![]);
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_project_gives_findings_or_a_sound_package(
        accidents in prop::collection::vec((any::<prop::sample::Index>(), accident()), 1..6),
        customer in any::<bool>(),
    ) {
        let mut project = files(&fixture("partner"));
        for (which, accident) in &accidents {
            apply(&mut project, *which, accident);
        }
        let place = Place::new();
        for (path, bytes) in &project {
            let path = place.path("project").join(path);
            // A renamed file may lie where a folder is, or the other way round.
            if fs::create_dir_all(path.parent().expect("a parent")).is_ok() {
                let _ = fs::write(path, bytes);
            }
        }
        let kind = if customer { TargetKind::Customer } else { TargetKind::External };
        attempt(&place.path("project"), kind, &place)?;
    }

    #[test]
    fn a_damaged_package_is_refused_or_gives_a_sound_one(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let place = Place::new();
        let request = request(&fixture("shared-form"), TargetKind::Customer);
        let prepared = prepare(&request, None, &running(1), &mut Silent).expect("readable");
        let packed = prepared.approve().expect("approved").pack(place.folder.path(), u64::MAX, None, &running(1), &mut Silent);
        packed.expect("packed").file.persist(&place.path("p.zip")).expect("renamed");
        let mut bytes = fs::read(place.path("p.zip")).expect("readable");
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(place.path("in.zip"), bytes).expect("written");
        attempt(&place.path("in.zip"), TargetKind::Customer, &place)?;
    }
}

/// The properties above mean something only if both ways out are taken.
#[test]
fn damage_is_found_and_what_is_sound_is_packed() {
    let place = Place::new();
    let project = place.path("project");
    copy(&fixture("partner"), &project);
    assert!(attempt(&project, TargetKind::Customer, &place).expect("no failure"));
    place.write("project/Orders/return_label.recipe.json", "{");
    assert!(!attempt(&project, TargetKind::Customer, &place).expect("no failure"));
    let request = request(&project, TargetKind::Customer);
    let prepared = prepare(&request, None, &running(1), &mut Silent).expect("readable");
    assert!(
        prepared
            .plan()
            .findings
            .iter()
            .any(|f| f.code == Code::BrokenJson)
    );
}
