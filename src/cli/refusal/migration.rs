//! Errors of migrations.

use super::Refusal;
use crate::cli::exit::Exit;

/// Codes, with how they end, what they mean and what to do.
pub(super) const REFUSALS: &[Refusal] = &[
    Refusal {
        code: "no-migration",
        exits: &[Exit::Failed],
        meaning: "A folder holds no migration.",
        why: "`migrate plan` makes a folder with the plan, the package and its settings; the other commands go by what is in it.",
        cure: "Name the folder that the plan was written to, or make a plan: `recipack migrate plan SOURCE --to TARGET`.",
    },
    Refusal {
        code: "migration-began",
        exits: &[Exit::Refused],
        meaning: "A new plan would replace one that was begun.",
        why: "What was done stands in the folder, and the way back goes by it. Nothing was changed.",
        cure: "Write the new plan to another folder, with `-o`. What the first one brought to the target is updated by it.",
    },
    Refusal {
        code: "not-ready",
        exits: &[Exit::Refused],
        meaning: "Not all that runs in the source could start in the target.",
        why: "Nothing is stopped in the source before everything can start in the target: connections have to be authorized there first. The notes say what waits. Nothing was changed.",
        cure: "Authorize the connections in the target, then repeat the command. What shall not run there is taken out of `cut-over.toml`.",
    },
    Refusal {
        code: "source-changed",
        exits: &[Exit::Refused],
        meaning: "The source holds something else than when the migration was planned.",
        why: "What was edited since would get lost: the package was made of what was there at the plan. Nothing was stopped.",
        cure: "See what is otherwise: `recipack diff DIR/source.zip SOURCE`. Plan again into another folder, and run that: the target is updated.",
    },
    Refusal {
        code: "nothing-to-go-back-from",
        exits: &[Exit::Refused],
        meaning: "There was no cut-over that could be undone.",
        why: "Nothing was stopped in the source, so nothing has to be started there. Nothing was changed.",
        cure: "What was imported into the target is undone with `recipack rollback TARGET`.",
    },
];
