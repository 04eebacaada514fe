//! Errors of roll-outs.

use super::Refusal;
use crate::cli::exit::Exit;

/// Codes, with how they end, what they mean and what to do.
pub(super) const REFUSALS: &[Refusal] = &[
    Refusal {
        code: "no-rollout",
        exits: &[Exit::Failed],
        meaning: "There is no such roll-out in the ledger.",
        why: "The id is misspelled, or the roll-out is written down in another ledger.",
        cure: "List those that are there with `recipack rollout status`; say which ledger is meant with `--ledger`.",
    },
    Refusal {
        code: "started-before",
        exits: &[Exit::Refused],
        meaning: "This roll-out was started before.",
        why: "The same plan was started in the same second.",
        cure: "Go on with it: `recipack rollout run ID`.",
    },
    Refusal {
        code: "other-rollout",
        exits: &[Exit::Refused],
        meaning: "A customer is in another roll-out that is not over.",
        why: "Two roll-outs to one workspace would overwrite each other, in an order that nobody chose.",
        cure: "Bring the other one to its end, give it up with `recipack rollout abort ID`, or start this one with `--supersede ID`.",
    },
    Refusal {
        code: "ledger-damaged",
        exits: &[Exit::VerificationFailed],
        meaning: "What the ledger holds is not what was put into it.",
        why: "A package or a file of settings in it has another digest than the plan says. Nothing of it was sent.",
        cure: "Start a new roll-out of the plan with `--supersede`; it puts everything into the ledger again.",
    },
    Refusal {
        code: "newer-ledger",
        exits: &[Exit::Failed],
        meaning: "A newer version of recipack wrote the ledger.",
        why: "What it says there is not known to this version.",
        cure: "Use the newer version for all runners.",
    },
    Refusal {
        code: "ledger-denied",
        exits: &[Exit::NotAuthorised],
        meaning: "The database that has the ledger does not let this user in.",
        why: "The name or the password is wrong, or the user may not use that database.",
        cure: "Say who asks in the address; a password comes from `PGPASSWORD` or a password file.",
    },
    Refusal {
        code: "ledger-unavailable",
        exits: &[Exit::Temporary],
        meaning: "The ledger can't be reached or written to now.",
        why: "The database does not answer, or another process holds it for too long. What was begun is taken over later.",
        cure: "Repeat the command. If it lasts: look whether the database runs.",
    },
    Refusal {
        code: "ledger",
        exits: &[Exit::Failed],
        meaning: "The ledger can't be used.",
        why: "There is none at that place, it is a file of something else, or it can't be read or written.",
        cure: "Say where it is with `--ledger` or `RECIPACK_LEDGER`. `recipack rollout start` makes one where there is none.",
    },
    Refusal {
        code: "in-flight",
        exits: &[Exit::Unfinished],
        meaning: "What was sent to a customer has no end yet, so that the way back can't be planned.",
        why: "The roll-out is given up; what the platform still works on, or what nobody saw the end of, is brought to its end first.",
        cure: "Do that with `recipack rollout run ID`, and repeat the command.",
    },
    Refusal {
        code: "no-customers",
        exits: &[Exit::Failed],
        meaning: "A roll-out would reach nobody.",
        why: "The admin workspace has no customers, or each of them is held: by the file of `--fleet`, by settings that nobody filled in, or by what `--look` saw.",
        cure: "Look with `recipack customer list`; take `hold` out of the file that `--fleet` names.",
    },
    Refusal {
        code: "too-many-customers",
        exits: &[Exit::Failed],
        meaning: "A roll-out would reach too many customers.",
        why: "One may have 20 000.",
        cure: "Choose some with `--customers`, and make several roll-outs.",
    },
    Refusal {
        code: "same-workspace",
        exits: &[Exit::Failed],
        meaning: "Two customers of a roll-out are one workspace.",
        why: "They have one number.",
        cure: "Name it once.",
    },
    Refusal {
        code: "same-package",
        exits: &[Exit::Failed],
        meaning: "A package is there twice.",
        why: "Each is imported once, in the order in which they stand.",
        cure: "Name it once.",
    },
    Refusal {
        code: "empty-wave",
        exits: &[Exit::Failed],
        meaning: "A wave would have no customers.",
        why: "Those before it took all, or no customer has its label. A wave that nobody is in would tell nothing.",
        cure: "Say other waves, as in `--waves 1,20%` or `--waves ring=first`.",
    },
    Refusal {
        code: "invalid-fleet",
        exits: &[Exit::Failed],
        meaning: "The file of `--fleet` can't be used.",
        why: "It is no TOML, has keys that nobody knows, or names a customer that is not there.",
        cure: "Correct the place that is named. `[customers.NAME]` has `labels`, a table of texts, and `hold`, the reason to send it nothing.",
    },
    Refusal {
        code: "not-in-that-state",
        exits: &[Exit::Refused],
        meaning: "An order does not fit how the roll-out or its customer is.",
        why: "What is over can't be paused, what waits can't be tried again, and somebody may be working on the customer.",
        cure: "Look with `recipack rollout status ID`.",
    },
];
