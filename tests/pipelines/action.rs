//! The GitHub action and the GitLab component: what was said becomes arguments, whatever is in it, and
//! both run the same script.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Place, Run, copy, fixture};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.github/actions/recipack");
const COMPONENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/fixtures/ci/component/templates/recipack.yml"
);
/// How variables of the scripts begin.
const INPUT: &str = "RECIPACK_INPUT_";

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("readable")
}

/// A checkout, with the local platform's workspace `kestrel`.
struct Checkout(Place);

impl Checkout {
    fn new() -> Self {
        let checkout = Self(Place::new());
        copy(&fixture(""), &checkout.0.path("checkout"));
        for line in [
            "workspace create studio --kind admin --catalog catalogs/shared.json",
            "workspace create kestrel --kind customer --of studio",
        ] {
            let made = checkout.command(env!("CARGO_BIN_EXE_recipack"), line.split(' '), &[]);
            assert_eq!(made.code, 0, "{}", made.stderr);
        }
        checkout
    }

    fn command<'a>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = &'a str>,
        inputs: &[(&str, &str)],
    ) -> Run {
        let own = Path::new(env!("CARGO_BIN_EXE_recipack"));
        let own = own.parent().expect("a folder").display();
        let named = |(name, value): &(&str, &str)| {
            (
                format!("{INPUT}{}", name.to_uppercase().replace('-', "_")),
                (*value).to_owned(),
            )
        };
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.0.path("checkout"))
            .env_clear()
            .env("PATH", format!("{own}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", self.0.path("home"))
            .env("RECIPACK_PLATFORM", self.0.path("p.db"))
            .env("GITHUB_OUTPUT", self.0.path("outputs"))
            .envs(inputs.iter().map(named))
            .stdin(Stdio::null())
            .output();
        output.expect("it starts").into()
    }

    fn runs(&self, inputs: &[(&str, &str)]) -> Run {
        self.command("sh", [&*format!("{FOLDER}/run.sh")], inputs)
    }

    #[track_caller]
    fn passes(&self, inputs: &[(&str, &str)]) -> String {
        let run = self.runs(inputs);
        assert_eq!(run.code, 0, "{inputs:?}: {}{}", run.stdout, run.stderr);
        run.stdout
    }
}

#[test]
fn from_the_project_to_the_workspace() {
    let checkout = Checkout::new();
    fs::create_dir(checkout.0.path("checkout/dist")).expect("made");
    let package = "dist/kestrel-orders.zip";
    let reports = "\njunit=dist/check.xml\n\nmd=dist/a report.md\n";
    checkout.passes(&[
        ("command", "check"),
        ("to", "customers"),
        ("report", reports),
    ]);
    assert!(text(checkout.0.path("checkout/dist/a report.md")).starts_with("### "));
    assert!(text(checkout.0.path("checkout/dist/check.xml")).contains("<testsuites"));
    checkout.passes(&[
        ("command", "export"),
        ("to", "customers"),
        ("locked", "true"),
        ("release", "false"),
        ("output", "dist/"),
    ]);
    let outputs = text(checkout.0.path("outputs"));
    assert!(
        outputs.contains(&format!("package={package}\n")),
        "{outputs}"
    );
    checkout.passes(&[
        ("command", "verify"),
        ("package", package),
        ("rebuild-from", "partner"),
    ]);
    checkout.passes(&[
        ("command", "plan"),
        ("package", package),
        ("into", "local:kestrel"),
        ("output", "dist/plan.json"),
    ]);
    checkout.passes(&[("command", "import"), ("package", "dist/plan.json")]);
    let outputs = text(checkout.0.path("outputs"));
    assert!(outputs.ends_with("changed=true\n") || outputs.contains("\nchanged=true\n"));
    let again = checkout.passes(&[
        ("command", "plan"),
        ("package", package),
        ("into", "local:kestrel"),
    ]);
    assert!(
        again.contains("Plan: 0 to create, 0 to overwrite"),
        "{again}"
    );
}

#[test]
fn what_is_said_is_one_argument_and_nothing_more() {
    let checkout = Checkout::new();
    for value in [
        "x; touch owned",
        "$(touch owned)",
        "`touch owned`",
        "x' ; touch owned ; '",
        "x\" ; touch owned ; \"",
        "x\ntouch owned",
        "--force",
        "* ?",
    ] {
        for (command, input) in [
            ("export", "to"),
            ("export", "project"),
            ("export", "manifest"),
            ("check", "catalog"),
            ("check", "report"),
            ("verify", "package"),
            ("verify", "rebuild-from"),
            ("plan", "into"),
            ("import", "permit"),
        ] {
            let mut inputs = vec![("command", command), (input, value)];
            if command != "export" && command != "check" && input != "package" {
                inputs.push(("package", "nowhere.zip"));
            }
            let run = checkout.runs(&inputs);
            assert!(
                [1, 2, 4, 64, 66].contains(&run.code),
                "{inputs:?}: {} {}",
                run.code,
                run.stderr
            );
            assert!(!checkout.0.path("checkout/owned").exists(), "{inputs:?}");
        }
    }
    let run = checkout.runs(&[("command", "verify"), ("package", "--help")]);
    assert_ne!(run.code, 0, "it is a package's name: {}", run.stdout);
    assert!(run.stderr.contains("--help"), "{}", run.stderr);
}

#[test]
fn what_a_command_has_no_use_for_is_refused() {
    let checkout = Checkout::new();
    for (inputs, told) in [
        (
            &[
                ("command", "verify"),
                ("package", "a.zip"),
                ("locked", "true"),
            ][..],
            "recipack: `verify` has no input `locked`\n",
        ),
        (
            &[("command", "check"), ("into", "local:kestrel")],
            "recipack: `check` has no input `into`\n",
        ),
        (
            &[("command", "export"), ("locked", "yes")],
            "recipack: `locked` is true or false, and not yes\n",
        ),
        (
            &[
                ("command", "import"),
                ("package", "a.zip"),
                ("permit", "all"),
            ],
            "recipack: `all` is no permission\n",
        ),
        (
            &[("command", "plan")],
            "recipack: `plan` needs the input `package`\n",
        ),
        (
            &[("command", "doctor")],
            "recipack: the command is export, check, verify, plan or import\n",
        ),
    ] {
        let run = checkout.runs(inputs);
        assert_eq!((run.code, &*run.stderr), (64, told));
    }
}

#[test]
fn nothing_is_installed_that_is_not_told_by_its_digest() {
    let checkout = Checkout::new();
    let install = format!("{FOLDER}/install.sh");
    let digest = "0".repeat(64);
    for (inputs, told) in [
        (
            [("version", "1.0 evil"), ("sha256", &*digest)],
            "recipack: `1.0 evil` is no version\n",
        ),
        (
            [("version", "0.1.0"), ("sha256", "")],
            "recipack: `sha256` is missing: take the digest of the wheel from SHA256SUMS of the release\n",
        ),
        (
            [("version", "0.1.0"), ("sha256", "abc --hash=x")],
            "recipack: abc --hash=x is no SHA-256\n",
        ),
    ] {
        let run = checkout.command("sh", [&*install], &inputs);
        assert_eq!((run.code, &*run.stderr), (64, told));
    }
}

/// The variables of inputs that a text names.
fn variables(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.match_indices(INPUT)
        .map(|(at, _)| text[at..].chars().take_while(|c| word(*c)).collect())
        .collect()
}

#[test]
fn both_run_the_same_and_set_what_it_reads() {
    let [action, install, run] =
        ["action.yml", "install.sh", "run.sh"].map(|name| text(format!("{FOLDER}/{name}")));
    let component = text(COMPONENT);
    for script in [&install, &run] {
        let indented: String = script
            .lines()
            .map(|line| match line {
                "" => "\n".to_owned(),
                line => format!("      {line}\n"),
            })
            .collect();
        assert!(
            component.contains(&indented),
            "not as in {FOLDER}:\n{script}"
        );
    }
    let read: BTreeSet<String> = &variables(&install) | &variables(&run);
    assert_eq!(variables(&action), read);
    let head = component.split("  before_script:").next().expect("one");
    let mut expected = read;
    expected.remove("RECIPACK_INPUT_TOKEN");
    expected.insert("RECIPACK_INPUT_WORKING_DIRECTORY".to_owned());
    assert_eq!(variables(head), expected);
    // Nothing of what users say stands in a script.
    let scripts = action
        .lines()
        .filter(|line| line.trim_start().starts_with("run: "));
    for script in scripts.clone() {
        assert!(!script.contains("${{"), "{script}");
    }
    assert_eq!(scripts.count(), 2);
    let scripts = component.split("  before_script:").nth(1).expect("one");
    let scripts = scripts.split("  artifacts:").next().expect("one");
    assert!(!scripts.contains("$[["));
}
