//! Errors of customers' files.

use super::Refusal;
use crate::cli::exit::Exit;

/// Codes, with how they end, what they mean and what to do.
pub(super) const REFUSALS: &[Refusal] = &[
    Refusal {
        code: "invalid-customer",
        exits: &[Exit::Failed],
        meaning: "A customer's file can't be used.",
        why: "It is no TOML, has keys that nobody knows, does not say who the customer is, or another file is about the same customer.",
        cure: "Correct the place that is named. `recipack schema customer` is the outline of such a file.",
    },
    Refusal {
        code: "frozen",
        exits: &[Exit::Refused],
        meaning: "Nothing is sent to the customer now.",
        why: "Its file has a `freeze` that this moment lies in, with the reason and the end. Nothing was changed.",
        cure: "Wait until it is over; or, if it is meant all the same, say `--allow-frozen`.",
    },
    Refusal {
        code: "may-still-come",
        exits: &[Exit::Temporary],
        meaning: "A customer's workspace was asked for, and nobody knows whether it will be there.",
        why: "The answer of the platform was lost, and the workspace is not there yet. It can't be unmade, so no second one is asked for as long as the request may still arrive.",
        cure: "Repeat the command: it looks for the workspace first, and goes on with it. After the moment that is told it asks again.",
    },
    Refusal {
        code: "same-external-id",
        exits: &[Exit::Refused],
        meaning: "Several customers have one external id.",
        why: "A customer's file finds its workspace by the external id, and it is not known which is meant. Nothing was changed.",
        cure: "Give all but one of them another external id, in the platform's pages.",
    },
];
