//! Exit codes.

macro_rules! exits {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $meaning:literal;)*) => {
        /// What a command's exit code says. The numbers are part of the interface.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Exit { $($(#[$doc])* #[doc = $meaning] $variant,)* }

        impl Exit {
            /// Every exit code there is.
            pub const ALL: &[Exit] = &[$(Exit::$variant),*];

            /// The number.
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)* }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

impl Exit {
    /// The exit code of several pieces of work that ended with these: the gravest. Nothing is
    /// forgiven, and least what a person has to look at first:
    ///
    /// - 0, then 2 and 1: the work was done, and found nothing, differences, errors;
    /// - 75: nobody knows yet, and the same command may be repeated, for all of them;
    /// - 3 and 4: repeating does not help, somebody has to decide, or something is not what it says;
    /// - 69 and 68: something is under way or done in part, and has to be gone on with;
    /// - 77 and 64: the work did not begin, and does not before its call is corrected;
    /// - 130 and 143: it was stopped, and says nothing of the rest.
    pub fn gravest(exits: impl IntoIterator<Item = Self>) -> Self {
        let gravest = exits.into_iter().max_by_key(|exit| exit.gravity());
        gravest.unwrap_or(Self::Done)
    }

    const fn gravity(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Differences => 1,
            Self::Failed => 2,
            Self::Temporary => 3,
            Self::Refused => 4,
            Self::VerificationFailed => 5,
            Self::Unfinished => 6,
            Self::PartlyDone => 7,
            Self::NotAuthorised => 8,
            Self::Usage => 9,
            Self::Interrupted => 10,
            Self::Terminated => 11,
        }
    }
}

exits! {
    Done = 0, "Done.";
    Failed = 1, "Failed, or findings at error level; nothing was written.";
    Differences = 2, "There are differences (only with `--detailed-exitcode`, `--check` or `--locked`).";
    Refused = 3, "Refused by a safety rule; nothing was changed.";
    VerificationFailed = 4, "Verification failed: a digest, the record or the rebuild does not match.";
    Usage = 64, "Wrong usage.";
    PartlyDone = 68, "Partly done: what is not as planned is listed. Or done, and its result or report could not be written; what was done is told.";
    Unfinished = 69, "Still running at the platform; `recipack resume` goes on with it.";
    Temporary = 75, "Temporary: another process is writing, a limit of the platform, the network; the same command may be repeated.";
    NotAuthorised = 77, "Not authorized: no token, or one that is not accepted.";
    Interrupted = 130, "Interrupted from the keyboard; state is consistent.";
    Terminated = 143, "Asked to terminate; state is consistent.";
}
