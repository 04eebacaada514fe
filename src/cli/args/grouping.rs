//! The list of commands in groups, which is how the program's help shows it.

use std::fmt::Write as _;

use clap::Command;

/// The groups, in their order, with their commands. What is in none is told in the last one.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "Make packages",
        &["init", "manifest", "check", "lock", "export"],
    ),
    (
        "Look into them",
        &[
            "show", "why", "graph", "diff", "verify", "sign", "attest", "sbom", "report",
        ],
    ),
    (
        "Bring them to workspaces and registries",
        &[
            "settings", "plan", "import", "resume", "status", "history", "rollback", "promote",
            "migrate", "rollout", "fleet", "matrix", "push", "pull", "attach", "discover", "tags",
        ],
    ),
    (
        "Work with workspaces",
        &[
            "workspace",
            "recipe",
            "connection",
            "connector",
            "customer",
            "catalog",
            "console",
            "sandbox",
        ],
    ),
    (
        "Help",
        &["doctor", "explain", "schema", "man", "completions", "help"],
    ),
];

/// The program's command with its commands in groups.
pub(super) fn grouped(command: Command) -> Command {
    let known: Vec<&str> = GROUPS
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    let shown = |command: &&Command| !command.is_hide_set();
    let all: Vec<&Command> = command.get_subcommands().filter(shown).collect();
    let width = all.iter().map(|command| command.get_name().len()).max();
    let width = width.unwrap_or_default();
    let mut list = String::new();
    for (number, (heading, names)) in GROUPS.iter().enumerate() {
        let _ = writeln!(list, "{heading}:");
        let mut members: Vec<&Command> = names
            .iter()
            .filter_map(|name| all.iter().copied().find(|one| one.get_name() == *name))
            .collect();
        if number + 1 == GROUPS.len() {
            let rest = all.iter().copied();
            members.extend(rest.filter(|one| !known.contains(&one.get_name())));
        }
        for member in members {
            let about = member
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default();
            let alias = member.get_visible_aliases().next();
            let alias = alias.map_or_else(String::new, |alias| format!(" [alias: {alias}]"));
            let _ = writeln!(list, "  {:<width$}  {about}{alias}", member.get_name());
        }
        list.push('\n');
    }
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{list}Options:\n{{options}}{{after-help}}"
    ))
}
