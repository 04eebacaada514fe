//! How each command can end, for its help. Whatever else a command is told, it stays within these: a
//! build with debug assertions checks that of every run.

use super::super::exit::Exit::{self, *};

/// How every command can end.
const ALWAYS: [Exit; 5] = [Done, Failed, Usage, Interrupted, Terminated];

/// How those can end that may ask the platform's API.
const ASKING: &[Exit] = &[Temporary, NotAuthorised];
/// Those that may bring a project or a package from a workspace: it is made, and read back.
const BRINGING: &[Exit] = &[VerificationFailed, Unfinished, Temporary, NotAuthorised];
/// Those that change a workspace, if it is still as it was looked at.
const CHANGING: &[Exit] = &[Refused, PartlyDone, Unfinished, Temporary, NotAuthorised];
/// Those that fetch from a registry.
const FETCHING: &[Exit] = &[VerificationFailed, Temporary, NotAuthorised];
/// Those that change what the local platform has of workspaces.
const KEEPING: &[Exit] = &[PartlyDone, Temporary];

/// Those that read or write a ledger.
const LEDGER: &[Exit] = &[VerificationFailed, Temporary, NotAuthorised];

/// How commands can end that do their own, beside what all of their kind can.
type Ends = (&'static str, &'static [Exit], &'static [Exit]);

const ENDS: &[Ends] = &[
    ("init", BRINGING, &[Refused, PartlyDone]),
    ("manifest add", BRINGING, &[PartlyDone]),
    ("manifest remove", &[], &[PartlyDone]),
    ("manifest edit", BRINGING, &[Refused, PartlyDone]),
    ("manifest list", &[], &[]),
    ("check", BRINGING, &[PartlyDone]),
    ("lock", BRINGING, &[Differences, PartlyDone]),
    ("export", BRINGING, &[Differences, Refused, PartlyDone]),
    ("show", BRINGING, &[]),
    ("why", BRINGING, &[]),
    ("graph", BRINGING, &[]),
    ("diff", BRINGING, &[Differences]),
    ("verify", BRINGING, &[]),
    ("sign", FETCHING, &[PartlyDone]),
    ("attest", FETCHING, &[PartlyDone]),
    ("sbom", FETCHING, &[PartlyDone]),
    ("report", &[], &[VerificationFailed, PartlyDone]),
    ("push", FETCHING, &[Refused, PartlyDone]),
    ("pull", FETCHING, &[PartlyDone]),
    ("attach", FETCHING, &[Refused, PartlyDone]),
    ("discover", FETCHING, &[]),
    ("tags", FETCHING, &[]),
    ("plan", BRINGING, &[Differences, Refused, PartlyDone]),
    ("import", CHANGING, &[Differences, VerificationFailed]),
    ("resume", CHANGING, &[VerificationFailed]),
    ("settings init", BRINGING, &[PartlyDone]),
    ("settings check", BRINGING, &[]),
    ("settings show", &[], &[]),
    ("status", BRINGING, &[Differences]),
    ("history", BRINGING, &[]),
    ("rollback", CHANGING, &[VerificationFailed]),
    ("promote", CHANGING, &[Differences, VerificationFailed]),
    ("migrate plan", BRINGING, &[Refused, PartlyDone]),
    ("migrate run", CHANGING, &[VerificationFailed]),
    ("migrate back", CHANGING, &[VerificationFailed]),
    ("migrate status", &[], &[VerificationFailed]),
    ("rollout plan", BRINGING, &[PartlyDone]),
    (
        "rollout start",
        KEEPING,
        &[Refused, VerificationFailed, NotAuthorised],
    ),
    ("rollout run", CHANGING, &[VerificationFailed]),
    ("rollout status", LEDGER, &[]),
    ("rollout pause", LEDGER, &[Refused]),
    ("rollout resume", LEDGER, &[Refused]),
    ("rollout abort", CHANGING, &[VerificationFailed]),
    ("rollout gate", LEDGER, &[Refused]),
    ("rollout retry", LEDGER, &[Refused]),
    ("rollout skip", LEDGER, &[Refused]),
    ("rollout hold", LEDGER, &[Refused]),
    ("rollout board", LEDGER, &[]),
    ("rollout drift", BRINGING, &[Differences, PartlyDone]),
    ("rollout jobs", BRINGING, &[Differences, PartlyDone]),
    ("rollout report", LEDGER, &[]),
    ("fleet query uses", LEDGER, &[Differences, PartlyDone]),
    (
        "fleet query unauthorized",
        LEDGER,
        &[Differences, PartlyDone],
    ),
    ("fleet query stopped", LEDGER, &[Differences, PartlyDone]),
    ("fleet query unreached", LEDGER, &[Differences, PartlyDone]),
    ("fleet query waiting", LEDGER, &[Differences, PartlyDone]),
    ("matrix", BRINGING, &[Differences]),
    ("workspace create", KEEPING, &[]),
    ("workspace list", &[Temporary], &[]),
    ("workspace show", BRINGING, &[]),
    ("workspace set", KEEPING, &[]),
    ("workspace export", BRINGING, &[PartlyDone]),
    ("workspace delete", KEEPING, &[Refused]),
    ("recipe list", ASKING, &[]),
    ("recipe start", CHANGING, &[]),
    ("recipe stop", CHANGING, &[]),
    ("connection list", ASKING, &[]),
    ("connection authorize", CHANGING, &[]),
    ("connector list", ASKING, &[]),
    ("connector show", ASKING, &[]),
    ("connector versions", ASKING, &[]),
    ("connector usage", ASKING, &[]),
    ("connector push", CHANGING, &[]),
    ("connector pull", ASKING, &[PartlyDone]),
    ("connector diff", ASKING, &[Differences]),
    ("connector release", CHANGING, &[]),
    ("customer create", KEEPING, &[]),
    ("customer list", ASKING, &[]),
    ("customer show", ASKING, &[]),
    ("customer label", KEEPING, &[]),
    (
        "customer apply",
        CHANGING,
        &[Differences, VerificationFailed],
    ),
    (
        "customer reconcile",
        BRINGING,
        &[Differences, Refused, PartlyDone],
    ),
    ("catalog list", ASKING, &[]),
    ("catalog show", ASKING, &[]),
    ("catalog share", CHANGING, &[]),
    ("catalog update", CHANGING, &[]),
    ("catalog switch", CHANGING, &[]),
    ("catalog remove", CHANGING, &[]),
    ("catalog diff", ASKING, &[Differences]),
    ("catalog apply", CHANGING, &[]),
    ("catalog pull", ASKING, &[PartlyDone]),
    ("sandbox", &[Temporary], &[]),
    ("console", ASKING, &[]),
    ("doctor", ASKING, &[]),
    ("explain", &[], &[]),
    ("schema", &[], &[]),
    ("man", &[], &[PartlyDone]),
    ("completions", &[], &[]),
    ("help", &[], &[]),
    ("version", &[], &[]),
];

/// How a command can end, by its words: `workspace create`. Nothing is known of what only groups
/// commands.
pub(crate) fn exits(path: &str) -> Option<Vec<Exit>> {
    let (_, of_kind, own) = ENDS.iter().find(|(command, ..)| *command == path)?;
    let listed = |exit: &&Exit| {
        [&ALWAYS, *of_kind, *own]
            .iter()
            .any(|list| list.contains(exit))
    };
    Some(Exit::ALL.iter().filter(listed).copied().collect())
}

/// The line of a command's help.
pub(super) fn line(path: &str) -> Option<String> {
    let codes: Vec<String> = exits(path)?
        .iter()
        .map(|exit| exit.code().to_string())
        .collect();
    Some(format!(
        "Exit codes: {} (recipack help exit-codes)",
        codes.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command that does something, with its words.
    fn commands(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
        for below in command.get_subcommands() {
            let words = format!("{path} {}", below.get_name());
            let words = words.trim_start();
            match below.has_subcommands() {
                true => commands(below, words, found),
                false => found.push((words.to_owned(), below.clone())),
            }
        }
    }

    #[test]
    fn every_command_says_how_it_can_end() {
        let mut found = Vec::new();
        commands(&super::super::command(), "", &mut found);
        let named: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        for (path, ..) in ENDS {
            assert!(named.contains(path), "{path} is no command");
        }
        assert_eq!(named.len(), ENDS.len(), "{named:?}");
        for (path, command) in &found {
            let exits = exits(path).expect(path);
            let has = |ids: &[&str]| {
                let mut arguments = command.get_arguments();
                arguments.any(|argument| ids.contains(&argument.get_id().as_str()))
            };
            // What can be told by options is told by them.
            let differs = has(&["detailed_exitcode", "check", "locked"]);
            assert_eq!(exits.contains(&Differences), differs, "{path}");
            let waits = has(&["wait"]);
            assert!(!waits || exits.contains(&Temporary), "{path}");
            let asks_first = has(&["yes"]);
            assert!(!asks_first || exits.contains(&Refused), "{path}");
        }
    }
}
