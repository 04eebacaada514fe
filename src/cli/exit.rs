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

exits! {
    Done = 0, "Done.";
    Failed = 1, "Failed, or findings at error level; nothing was written.";
    Differences = 2, "There are differences (only with `--detailed-exitcode`, `--check` or `--locked`).";
    Refused = 3, "Refused by a safety rule; nothing was changed.";
    VerificationFailed = 4, "Verification failed: a digest, the record or the rebuild does not match.";
    Usage = 64, "Wrong usage.";
    PartlyDone = 68, "Partly done: what is not as planned is listed.";
    Unfinished = 69, "Still running at the platform; `recipack resume` goes on with it.";
    Temporary = 75, "Temporary: another process is writing, a limit of the platform, the network; the same command may be repeated.";
    NotAuthorised = 77, "Not authorised: no token, or one that is not accepted.";
    Interrupted = 130, "Interrupted from the keyboard; state is consistent.";
    Terminated = 143, "Asked to terminate; state is consistent.";
}
