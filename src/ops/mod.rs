//! The stories: read a project, plan a package, write it, verify it; look at a workspace and operate
//! it. Everything is an input here: no environment, no clock, no terminal.

pub mod approval;
pub mod astray;
pub mod checkout;
pub mod customer;
pub mod diagnostics;
pub mod diff;
#[cfg(feature = "remote")]
pub mod doctor;
pub mod excerpt;
pub mod export;
pub mod import;
pub mod migration;
pub mod promotion;
pub mod provenance;
pub mod read;
pub mod rollout;
pub mod strip;
pub mod workspace;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a person or the system asked to stop. Clones ask the same question.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// The flag to set, from a signal handler for instance.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Whether to stop now.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is being done; for progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading files.
    Reading,
    /// Compressing and writing entries.
    Packing,
    /// Reading the package back and comparing.
    Verifying,
    /// Comparing the files of two projects.
    Comparing,
}

/// Hears how far the work is.
pub trait Observer {
    /// `done` of `total` files are done in this stage.
    fn progress(&mut self, stage: Stage, done: usize, total: usize);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn progress(&mut self, _: Stage, _: usize, _: usize) {}
}

/// How work is done, whatever the work.
#[derive(Clone, Debug)]
pub struct Running {
    /// How many threads work; the outcome does not depend on it.
    pub threads: NonZeroUsize,
    /// Asked between any two files.
    pub interrupt: Interrupt,
}

/// The work was interrupted; nothing was left half done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;
