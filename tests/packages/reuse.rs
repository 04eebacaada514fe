//! Exports of large projects reuse what the last one knew, and the package is the one that a cold
//! export makes, always.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use crate::support::{Place, Run, fixture};

/// More entries than are exported without a memory.
const COPIES: usize = 260;

struct Large {
    place: Place,
    catalog: String,
}

impl Large {
    fn new() -> Self {
        let place = Place::new();
        for name in [
            "track_new_parcels",
            "return_label",
            "archive_invoices",
            "plan_daily_routes",
        ] {
            let text = fs::read_to_string(fixture(&format!("partner/Orders/{name}.recipe.json")))
                .expect("a recipe");
            for copy in 0..COPIES {
                place.write(
                    &format!("project/Orders/{name}_{copy}.recipe.json"),
                    &text.replacen("\"name\"", &format!("\"copy\": {copy}, \"name\""), 1),
                );
            }
        }
        for file in [
            "Connections/parcel_tracker_account.connection.json",
            "parcel_tracker.custom_adapter.json",
            "parcel_tracker.custom_adapter.rb",
        ] {
            place.write(
                &format!("project/{file}"),
                &fs::read_to_string(fixture("partner").join(file)).expect("a file"),
            );
        }
        // What changed just before an export is read again at the next one.
        std::thread::sleep(Duration::from_millis(2_100));
        let catalog = fixture("catalogs/shared.json")
            .to_str()
            .expect("UTF-8")
            .to_owned();
        Self { place, catalog }
    }

    fn export(&self, output: &str, options: &[&str]) -> Run {
        let arguments = [
            "export",
            "project",
            "--for",
            "customer",
            "--catalog",
            &self.catalog,
            "-o",
            output,
        ];
        let mut command = self.place.command();
        command
            .env("XDG_CACHE_HOME", self.place.path("cache"))
            .args(arguments)
            .args(options);
        let mut run: Run = command.output().expect("it starts").into();
        // How far it is, a busy machine tells now and then.
        let is_progress = |line: &str| line.contains(" files, ") && line.ends_with(" s");
        let lines = run.stderr.lines().filter(|line| !is_progress(line));
        run.stderr = lines.map(|line| format!("{line}\n")).collect();
        run
    }

    fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.place.path(path)).expect("readable")
    }

    fn inode(&self) -> u64 {
        fs::metadata(self.place.path("p.zip")).expect("there").ino()
    }

    /// The record's file, which is another one whenever a package was planned.
    fn record_inode(&self) -> u64 {
        let record = fs::metadata(self.place.path("p.recipack.json"));
        record.expect("there").ino()
    }

    fn git(&self, arguments: &str) {
        let script = format!("git -c user.name=n -c user.email=e@example.com {arguments}");
        let done = self.place.shell(&script).output().expect("it starts");
        assert!(done.status.success(), "{script}");
    }

    /// Exports with what is remembered, and compares with an export that remembers nothing.
    #[track_caller]
    fn assert_as_fresh(&self, what: &str) {
        let run = self.export("p.zip", &[]);
        assert_eq!(run.code, 0, "{what}: {}", run.stderr);
        fs::create_dir_all(self.place.path("fresh")).expect("made");
        let fresh = self.export("fresh/p.zip", &["--fresh"]);
        assert_eq!(run.stderr, fresh.stderr, "{what}");
        assert_eq!(run.stdout, fresh.stdout.replace("fresh/", ""), "{what}");
        assert!(
            self.read("p.zip") == self.read("fresh/p.zip"),
            "{what}: the packages differ"
        );
        assert!(
            self.read("p.recipack.json") == self.read("fresh/p.recipack.json"),
            "{what}: the records differ"
        );
        let verified = self.place.run(["verify", "p.zip"]);
        assert_eq!(verified.code, 0, "{what}: {}", verified.stdout);
    }
}

fn set_modified(path: &Path, to: std::time::SystemTime) {
    fs::File::options()
        .append(true)
        .open(path)
        .expect("opened")
        .set_modified(to)
        .expect("set");
}

#[test]
fn whatever_changed_the_package_is_that_of_a_cold_export() {
    let large = Large::new();
    large.assert_as_fresh("first");
    let first = large.inode();
    large.assert_as_fresh("nothing changed");
    assert_eq!(
        large.inode(),
        first,
        "a package that stays the same is not written again"
    );

    let recipe = large
        .place
        .path("project/Orders/return_label_7.recipe.json");
    let text = fs::read_to_string(&recipe).expect("readable");
    fs::write(&recipe, text.replacen("label", "LABEL", 3)).expect("written");
    large.assert_as_fresh("one file changed");
    assert_ne!(large.inode(), first);

    // The same size, and the old time set back: only the time of the change tells.
    let modified = fs::metadata(&recipe)
        .expect("there")
        .modified()
        .expect("a time");
    let text = fs::read_to_string(&recipe).expect("readable");
    fs::write(&recipe, text.replacen("LABEL", "LEBAL", 1)).expect("written");
    set_modified(&recipe, modified);
    large.assert_as_fresh("the same size and time");

    fs::remove_file(&recipe).expect("removed");
    large.assert_as_fresh("one file gone");
    fs::rename(
        large
            .place
            .path("project/Orders/archive_invoices_3.recipe.json"),
        large.place.path("project/Orders/aaa.recipe.json"),
    )
    .expect("renamed");
    large.assert_as_fresh("one file renamed");
    large
        .place
        .write("project/Orders/zzz.loyalty_card.json", "{}");
    large.assert_as_fresh("one file new");
}

#[test]
fn another_catalogue_rewrites_what_was_packed_before() {
    let mut large = Large::new();
    large.assert_as_fresh("shared");
    large.catalog = fixture("catalogs/other-admin.json")
        .to_str()
        .expect("UTF-8")
        .to_owned();
    large.assert_as_fresh("another admin workspace");
    large.catalog = "none".to_owned();
    large.place.write(
        "project/Connections/invoice_vault.connection.json",
        r#"{"name":"x","provider":"rest"}"#,
    );
    let run = large.export("p.zip", &["--exclude", "**/archive_invoices*"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let fresh = large.export("q.zip", &["--exclude", "**/archive_invoices*", "--fresh"]);
    assert_eq!(fresh.code, 0);
    assert!(large.read("p.zip") == large.read("q.zip"));
}

#[test]
fn a_memory_or_a_package_that_was_touched_is_not_trusted() {
    let large = Large::new();
    large.assert_as_fresh("first");
    let cold = large.read("p.zip");
    let memories: Vec<_> = fs::read_dir(large.place.path("cache/recipack"))
        .expect("a cache")
        .map(|e| e.expect("an entry").path())
        .collect();
    assert_eq!(memories.len(), 4, "two for each package");
    for memory in &memories {
        let bytes = fs::read(memory).expect("readable");
        for broken in [&bytes[..bytes.len() / 2], b"", b"nonsense"] {
            fs::write(memory, broken).expect("written");
            large.assert_as_fresh("a broken memory");
        }
    }
    // One bit anywhere: in a size, a digest, a count of changes, a fact.
    for part in 1..8 {
        for memory in &memories {
            let mut bytes = fs::read(memory).expect("readable");
            let at = bytes.len() * part / 8;
            bytes[at] ^= 1 << part;
            fs::write(memory, bytes).expect("written");
        }
        large.assert_as_fresh("a memory with one bit changed");
    }
    let mut touched = cold.clone();
    let middle = touched.len() / 2;
    touched[middle] ^= 1;
    fs::write(large.place.path("p.zip"), touched).expect("written");
    large.assert_as_fresh("a package that was touched");
    fs::remove_file(large.place.path("p.zip")).expect("removed");
    large.assert_as_fresh("a package that is gone");
    assert!(large.read("p.zip") == cold);
    // Interrupted or refused exports leave what was there.
    assert_eq!(
        large
            .export("p.zip", &["--limit-mb", "1", "--connector", "Nobody=auto"])
            .code,
        1
    );
    assert!(large.read("p.zip") == cold);
}

/// A number as a memory writes it: seven bits a byte, the lowest first.
fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// What is copied from the last package is not what is remembered of it: nothing is handed over.
#[test]
fn what_was_written_is_compared_with_what_was_planned() {
    const ENTRY: &str = "Orders/return_label_7.recipe.json";
    let large = Large::new();
    let first = large.export("p.zip", &[]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let package = large.read("p.zip");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&package)).expect("a package");
    let entry = archive.by_name(ENTRY).expect("the entry");
    let (size, checksum) = (entry.size(), u64::from(entry.crc32()));

    let memory = fs::read_dir(large.place.path("cache/recipack")).expect("a cache");
    let mut memory = memory.map(|entry| entry.expect("an entry").path());
    let memory = memory.find(|path| path.extension().is_some_and(|it| it == "memory"));
    let memory = memory.expect("a memory");
    let body = fs::read(&memory).expect("readable");
    let body = &body[..body.len() - 32];
    let known =
        |size: u64, checksum: u64| [ENTRY.as_bytes(), &number(size), &number(checksum)].concat();
    let found = known(size, checksum);
    let at = body.windows(found.len()).position(|bytes| bytes == found);
    let at = at.expect("the entry is remembered");
    // Something is to be done, but not to this entry.
    let other = "project/Orders/return_label_8.recipe.json";
    let text = fs::read_to_string(large.place.path(other)).expect("readable");
    large
        .place
        .write(other, &text.replacen("label", "LABEL", 3));
    for wrong in [known(size ^ 1, checksum), known(size, checksum ^ 1)] {
        let mut sealed = body.to_vec();
        sealed[at..at + wrong.len()].copy_from_slice(&wrong);
        let digest = recipack::model::ident::Digest::of(&sealed);
        sealed.extend_from_slice(digest.as_bytes());
        fs::write(&memory, sealed).expect("written");
        let run = large.export("p.zip", &[]);
        assert_eq!(run.code, 4, "{}", run.stderr);
        assert!(
            run.stderr.contains(&format!(
                "error[not-as-planned]: the package that was written differs from the plan at `{ENTRY}`"
            )),
            "{}",
            run.stderr
        );
        assert!(large.read("p.zip") == package, "the old package is left");
    }
}

/// What is made of the same is answered by what it came to: nothing is read, planned or written.
#[test]
fn what_the_last_export_came_to_is_said_again_of_the_same_only() {
    let large = Large::new();
    large.git("init --quiet");
    large.git("add project");
    large.git("commit --quiet -m one");
    let said = large.export("p.zip", &[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("shared-connector-excluded"),
        "{}",
        said.stderr
    );
    let record = large.record_inode();
    let again = large.export("p.zip", &[]);
    assert_eq!(
        (again.code, &again.stdout, &again.stderr),
        (0, &said.stdout, &said.stderr)
    );
    assert_eq!(large.record_inode(), record, "nothing was written");

    let is_done_anew = |what: &str, options: &[&str]| {
        let before = large.record_inode();
        let run = large.export("p.zip", options);
        assert_eq!(run.code, 0, "{what}: {}", run.stderr);
        assert_ne!(
            large.record_inode(),
            before,
            "{what}: the last export was taken for it"
        );
        run
    };
    large.git("commit --quiet --allow-empty -m two");
    is_done_anew("another commit", &[]);
    let head = fs::read_to_string(large.place.path(".git/refs/heads/master"))
        .or_else(|_| fs::read_to_string(large.place.path(".git/refs/heads/main")))
        .expect("a branch");
    let text = String::from_utf8(large.read("p.recipack.json")).expect("UTF-8");
    assert!(text.contains(head.trim()), "the record names the commit");

    is_done_anew(
        "another selection",
        &["--exclude", "**/archive_invoices_3.*"],
    );
    is_done_anew("another limit", &["--limit-mb", "90"]);
    is_done_anew("another format", &["--json"]);
    is_done_anew("a report", &["--report", "junit=report.xml"]);
    is_done_anew("for once", &["--fresh"]);
    large.export("p.zip", &[]);
    large
        .place
        .write("project/.workato-ignore", "Orders/archive_invoices_4.*\n");
    let ignored = is_done_anew("an ignore file", &[]);
    assert!(
        ignored.stdout.contains("ignored   1 asset"),
        "{}",
        ignored.stdout
    );
    let before = large.read("p.recipack.json");
    large.place.write("p.recipack.json", "{}");
    let mended = large.export("p.zip", &[]);
    assert_eq!(
        mended.code, 64,
        "what is no record is not replaced: {}",
        mended.stderr
    );
    is_done_anew("a record that was written over", &["--force"]);
    assert!(large.read("p.recipack.json") == before);
    large.place.write("project/Orders/notes.txt", "no asset");
    is_done_anew("a file that is no asset", &[]);
}
