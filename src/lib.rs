//! Packs Workato recipes and custom connectors for the workspace they go to.
//!
//! This is the library behind the `recipack` command: everything the command does is done here,
//! without terminal, clock or environment. It is independent of Workato.
//!
//! # Map
//!
//! Modules may use those below them in this table, never those above.
//!
//! | module | what it is |
//! |---|---|
//! | [`cli`] | arguments to requests, outcomes to words and exit codes; the only part that reads the environment or writes to the terminal |
//! | [`console`] | pages on this machine for shared connectors: looked at, planned, changed |
//! | [`sandbox`] | the local platform behind the platform's HTTP API |
//! | [`report`] | what was found and done, as JUnit, SARIF, GitHub annotations, Markdown, HTML and step outputs |
//! | [`remote`] | workspaces behind the platform's API: read, planned against, changed by requests, with a journal |
//! | [`registry`] | packages in OCI registries and layouts: pushed, found, fetched, and what is attached to them |
//! | [`ops`] | the stories: export, import, what is done in workspaces, verify, compare |
//! | [`workspace`] | where packages go: workspaces in memory and in the local platform's file |
//! | [`plan`] | what should happen, as values: the rule, the decisions, the edits, the differences |
//! | [`source`] | where a project is read from: a folder, a package, a commit; ignore files |
//! | [`archive`] | package zips, read strictly and written reproducibly, and their signatures |
//! | [`manifest`] | `recipack.toml`: reading, editing, selecting; `recipack.lock` |
//! | [`settings`] | what a target needs beside a package: files, who counts more, where values stand |
//! | [`client`] | the platform's own interface over HTTP: one token's questions, and the answers as values |
//! | [`connector_source`] | what a connector's Ruby source offers recipes, and what differs between two versions |
//! | [`model`] | what things are: assets, references, connectors, catalogues, findings |
//! | [`json`] | JSON with the place of every value, edited in place |
//! | [`io`] | files: written whole or not at all, read within bounds, temporary ones |
//! | [`parallel`] | work on many threads whose results come in order |
//!
//! # Features
//!
//! All are on by default. Without any, this is the rule, the plans and the packages: reading projects,
//! exporting, verifying, and importing into workspaces in memory or of one's own.
//!
//! | feature | what it adds |
//! |---|---|
//! | `cli` | the command, with all of the rest |
//! | `local` | [`workspace::local`]: workspaces in one SQLite file |
//! | `remote` | [`client`] and [`remote`]: workspaces behind the platform's API; [`registry`]: packages in registries |
//! | `sandbox` | [`sandbox`]: the local platform behind the platform's API |
//! | `console` | [`console`]: pages for what the platform's admin console does with buttons |
//! | `html` | [`report::html`]: what pages and reports in HTML are made of |
//! | `postgres` | ledgers of roll-outs in PostgreSQL |
//! | `connector-source` | what a connector's Ruby source offers recipes; without it that is unknown |
//!
//! # From a project to a package
//!
//! 1. [`source`] lists the files of a folder or a zip; [`model::project`] makes assets of them.
//! 2. [`ops::read`] reads every file once; [`model::scan`] takes from each asset the few facts that
//!    matter, and [`model::graph`] connects them.
//! 3. [`plan::export`] selects assets, finds their connectors and asks [`plan::rule`] about each. The
//!    outcome is one value, an [`ExportPlan`](plan::export::ExportPlan), which is listed, explained,
//!    refused or carried out.
//! 4. [`ops::export::pack`] reads the files of the plan again, applies the edits of [`plan::export::rewrite`] to
//!    their bytes, and compresses them into a temporary file, which is read back and compared. What
//!    [`ops::export::cache`] knows to be unchanged is copied from the last package instead.
//! 5. The caller gives the file its name, and writes the [decision record](ops::export::record) beside it.
//!
//! # From a package to a workspace
//!
//! 1. [`ops::import`] reads the package as a project, and asks the [`workspace`] for the part of it
//!    that the package is about.
//! 2. [`plan::import`] meets the two: what is created, overwritten or stays, what connectors become,
//!    what references mean there. The outcome is one value, an
//!    [`ImportPlan`](plan::import::ImportPlan).
//! 3. The plan becomes a [`Commit`](plan::commit::Commit), a list of changes bound to the state that
//!    it was made for, which the workspace carries out wholly or not at all. So do
//!    [rollbacks](plan::rollback) and whatever is [done by hand](plan::operate).
//! 4. The workspace is read back and planned for again; whatever is left in that plan is told.
//! 5. [`plan::workspace_export`] is the way out: what a folder of a workspace is as a package.
//!
//! # Invariants
//!
//! - The same input gives the same bytes, whatever the number of threads and the state of the disk.
//! - Bytes that the rule does not name stay as they are: JSON is edited in place. Only what a
//!   workspace gives out is printed anew, as the platform does.
//! - A name that reached a type of [`model::ident`] or [`model::path`] is valid; there is no other way
//!   to make one.
//! - What is wrong with the input is a [`Finding`](model::finding::Finding), and all of them are told.
//!   An error means that the work could not go on.
//! - What changes a workspace or makes a package by a plan takes an
//!   [`Approved`](ops::approval::Approved) one: nothing blocks it, and what it needs was granted.
//! - Nothing is half written: a package has no name until it is whole, and was read back.
//! - Packages are not trusted: what is read is checked first, within [limits](archive::Limits).
//!
//! # Example
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use recipack::model::finding::Severity;
//! use recipack::model::span::Origin;
//! use recipack::model::target::TargetKind;
//! use recipack::model::workspace::{Address, Timestamp, WorkspaceFacts, WorkspaceId};
//! use recipack::ops::{Interrupt, Running, Silent, export, import};
//! use recipack::plan::export::Destination;
//! use recipack::workspace::memory::MemoryWorkspace;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let place = tempfile::tempdir()?;
//! let project = place.path().join("orders");
//! std::fs::create_dir(&project)?;
//! std::fs::write(
//!     project.join("mailbox.connection.json"),
//!     r#"{"name": "Mailbox", "provider": "gmail", "root_folder": false}"#,
//! )?;
//! let running = Running {
//!     threads: NonZeroUsize::MIN,
//!     interrupt: Interrupt::default(),
//! };
//!
//! // Make a package. A plan with errors is refused.
//! let destination = Destination {
//!     name: None,
//!     kind: TargetKind::External,
//!     data_center: None,
//!     origin: Origin::CommandLine,
//! };
//! let request = export::ExportRequest::new(project, destination);
//! let package = place.path().join("orders.zip");
//! let limit = 100_000_000;
//! let (record, findings) =
//!     export::run(&request, &package, limit, "example 1.0", &running, &mut Silent)?;
//! assert_eq!(record.entries.len(), 1);
//! assert!(findings.iter().all(|finding| finding.severity != Severity::Error));
//!
//! // Import it. What nobody granted is refused; what was done is read back.
//! let address: Address = "local:osprey".parse()?;
//! let facts = WorkspaceFacts::external(WorkspaceId(1), "osprey".parse()?, "us".parse()?);
//! let mut workspace = MemoryWorkspace::new(facts, None);
//! let request = import::ImportRequest::new(
//!     package,
//!     address,
//!     place.path().to_owned(),
//!     Timestamp(1_700_000_000),
//! );
//! let granted = [];
//! let import = import::run(&request, &mut workspace, &granted, &running, &mut Silent)?;
//! assert!(import.astray.is_empty());
//! assert_eq!(import.plan.plan.summary.creates, 1);
//! # Ok(())
//! # }
//! ```

pub mod archive;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "remote")]
pub mod client;
pub mod connector_source;
#[cfg(feature = "console")]
pub mod console;
pub mod io;
pub mod json;
pub mod ledger;
pub mod manifest;
pub mod model;
pub mod ops;
pub mod parallel;
pub mod plan;
#[cfg(feature = "remote")]
pub mod registry;
#[cfg(feature = "remote")]
pub mod remote;
#[cfg(any(feature = "cli", feature = "html"))]
pub mod report;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg(any(feature = "console", feature = "sandbox"))]
mod serving;
pub mod settings;
pub mod source;
pub mod workspace;
