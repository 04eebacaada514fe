//! Disks without room: nothing is changed, it is said why, and with room again it works.

use std::fs;

use super::{Ended, IMPORT, Rehearsal, command};

/// How many bytes `ulimit -f` counts as one.
const BLOCK: u64 = 512;

#[track_caller]
fn assert_told(ended: &Ended, what: &str) {
    assert_eq!(ended.code, Some(1), "{what}: {}", ended.stderr);
    let error = ended.stderr.lines().find(|line| line.starts_with("error"));
    let error = error.unwrap_or_default();
    let named = error.ends_with("p.db") || error.contains("p.db ");
    assert!(named, "{what}: {}", ended.stderr);
    let told = ended.stderr.contains("is there room?")
        || ended.stderr.contains("no room on the disk")
        || ended.stderr.contains("No space left on device")
        || ended.stderr.contains("p.db-wal can't be made");
    assert!(told, "{what}: {}", ended.stderr);
}

/// No file may grow over a number of blocks. Whoever ignores the signal is told by an error.
#[test]
fn an_import_that_may_not_write_enough_changes_nothing() {
    let rehearsal = Rehearsal::of_import();
    let (mut failed, mut killed, mut done) = (0, 0, 0);
    let size = fs::metadata(rehearsal.place.path("after/p.db")).expect("there");
    let most = 2 * size.len() / BLOCK;
    for (trap, step) in [("trap '' XFSZ", 24), (":", 96)] {
        for blocks in (0..=most).step_by(step) {
            let what = format!("{trap}: {blocks} blocks");
            let folder = rehearsal.folder(&format!("limit-{step}-{blocks}"));
            let script = format!("{trap}; ulimit -f {blocks}; exec \"$@\"");
            let mut sh = command("sh", &folder);
            sh.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_recipack")]);
            let ended = Ended::from(sh.args(IMPORT).output().expect("sh starts"));
            let came_about = rehearsal.check(&folder, ended.code == Some(0), &what);
            match ended.code {
                Some(0) => done += 1,
                Some(_) => {
                    assert_told(&ended, &what);
                    assert!(!came_about, "{what}: told as failed, and done");
                    failed += 1;
                }
                None => killed += 1,
            }
            fs::remove_dir_all(&folder).expect("removed");
        }
    }
    println!("{failed} failed, {killed} ended by the signal, {done} had room enough");
    assert!(failed > 3 && killed > 0 && done > 0);
}

/// A real disk of a few kilobytes, where one can be made: for root only.
#[test]
fn an_import_onto_a_full_disk_changes_nothing() {
    let rehearsal = Rehearsal::of_import();
    let size = |path: &str| {
        let metadata = fs::metadata(rehearsal.place.path(path)).expect("there");
        metadata.len() / 1024
    };
    let (before, after) = (size("before/p.db"), size("after/p.db"));
    let rooms = (0..18).map(|step| (before + step * after / 6, 100));
    // Files may run out as well as bytes.
    let files = (3..7).map(|files| (8 * after, files));
    // The mount is the process's own, and goes with it.
    let script = "mount -t tmpfs -o size=$1k,nr_inodes=$2 tmpfs disk && cp p.db disk || exit 125; \
         cd disk; shift 2; export TMPDIR=../tmp; \"$@\"; code=$?; \
         cp p.db p.db-wal ../out 2>/dev/null; \
         mount -o remount,size=64m,nr_inodes=100 ../disk || exit 126; \
         \"$@\" >/dev/null 2>&1 || exit 127; exit $code";
    let (mut failed, mut done) = (0, 0);
    for (kilobytes, files) in rooms.chain(files) {
        let what = format!("{kilobytes} KiB, {files} files");
        let folder = rehearsal.folder(&format!("disk-{kilobytes}-{files}"));
        for name in ["disk", "out"] {
            fs::create_dir(folder.join(name)).expect("made");
        }
        for file in ["package.zip", "package.recipack.json"] {
            std::os::unix::fs::symlink(format!("../{file}"), folder.join(file)).expect("linked");
        }
        let mut unshare = command("unshare", &folder);
        unshare.args(["-m", "sh", "-c", script, "sh"]);
        unshare.args([kilobytes.to_string(), files.to_string()]);
        unshare.arg(env!("CARGO_BIN_EXE_recipack")).args(IMPORT);
        let ended = unshare.output().map(Ended::from);
        let ended = match ended {
            Ok(ended) if ended.code != Some(125) && !ended.stderr.starts_with("unshare:") => ended,
            Ok(_) | Err(_) => {
                println!("no disk can be made here: nothing was filled");
                return;
            }
        };
        assert_ne!(ended.code, Some(127), "{what}: not even with room again");
        // What was left on the disk moves to where it can be looked at.
        let out = folder.join("out");
        fs::create_dir(out.join("tmp")).expect("made");
        fs::remove_file(folder.join("p.db")).expect("removed");
        let moved = folder.with_extension("moved");
        fs::rename(&out, &moved).expect("moved");
        let came_about = rehearsal.check(&moved, ended.code == Some(0), &what);
        if ended.code == Some(0) {
            done += 1;
        } else {
            assert_told(&ended, &what);
            assert!(!came_about, "{what}: told as failed, and done");
            failed += 1;
        }
        fs::remove_dir_all(&folder).expect("removed");
        fs::remove_dir_all(&moved).expect("removed");
    }
    println!("{failed} disks were too small, {done} were large enough");
    assert!(failed > 3 && done > 3);
}

/// Too few files may be open.
#[test]
fn an_import_that_may_not_open_enough_files_changes_nothing() {
    let rehearsal = Rehearsal::of_import();
    let (mut failed, mut done) = (0, 0);
    for files in 3..20 {
        let what = format!("{files} files");
        let folder = rehearsal.folder(&format!("files-{files}"));
        let mut prlimit = command("prlimit", &folder);
        prlimit.arg(format!("--nofile={files}"));
        prlimit.arg(env!("CARGO_BIN_EXE_recipack")).args(IMPORT);
        let ended = Ended::from(prlimit.output().expect("prlimit starts"));
        assert!(
            !ended.stderr.contains("panicked"),
            "{what}: {}",
            ended.stderr
        );
        rehearsal.check(&folder, ended.code == Some(0), &what);
        match ended.code {
            Some(0) => done += 1,
            _ => failed += 1,
        }
    }
    println!("{failed} had too few files, {done} enough");
    assert!(failed > 3 && done > 3);
}
