//! Exit codes.

/// What a command's exit code says. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Failed, or findings at error level; nothing was written.
    Failed,
    /// There are differences, and the command was asked to say so by its exit code.
    Differences,
    /// A digest, a record or a rebuild does not match.
    VerificationFailed,
    /// Wrong usage.
    Usage,
    /// Interrupted from the keyboard; state is consistent.
    Interrupted,
    /// Asked to terminate; state is consistent.
    Terminated,
}

impl Exit {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Differences => 2,
            Self::VerificationFailed => 4,
            Self::Usage => 64,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}
