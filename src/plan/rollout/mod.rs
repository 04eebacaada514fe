//! Roll-outs: packages for many customers, in waves, with a budget of failures.
//!
//! 1. [`RolloutPlan::of`] makes the plan of whom, what and in which order. Its members are frozen:
//!    labels that change later change nothing.
//! 2. [`next`] says what a runner does, of what is known; it is all that decides.
//! 3. [`Progress`](progress::Progress) says how far it is, and makes the [steps](progress::Step) that
//!    a ledger writes.

pub mod canary;
mod connectors;
pub mod estimate;
pub mod gate;
pub mod jobs;
mod next;
pub mod progress;
pub mod seen;
#[cfg(test)]
mod tests;
mod waves;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use canary::{Brings, CanaryRequest, PlannedCanary};
pub use connectors::{ChangedConnectors, ConnectorsWhen, PlannedConnectors, uncovered, wish};
pub use estimate::{Estimate, Having};
pub use gate::JobsGate;
pub use next::{Next, WaitsFor, next};
pub use waves::{WaveSize, Waves, WavesError};

use self::progress::MemberReceipt;
use crate::model::ident::{Digest, LabelKey, LabelValue, PackageName};
use crate::model::keyword::keyword_enum;
use crate::model::rollout::{MemberNumber, RolloutId, WaveNumber};
use crate::model::seal::{Seal, SealError, seal_of, unsealed};
use crate::model::table::RowsPolicy;
use crate::model::workspace::{Address, FolderPath, RevisionNumber, Timestamp, WorkspaceId};
use crate::plan::import::document::Permission;
use crate::plan::import::settings::PlannedSettingsFile;

/// The format of plans that this program writes.
pub const FORMAT: u32 = 4;
/// How many members a roll-out may have.
pub const MOST_MEMBERS: usize = 20_000;

/// What goes to whom, in which order. The same customers, packages and words give the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutPlan {
    /// The format of this document.
    pub format: u32,
    /// Whose customers they are.
    pub of: Address,
    /// The number of that admin workspace, where the platform counts requests by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<WorkspaceId>,
    /// What is imported, in this order.
    pub packages: Vec<RolloutPackage>,
    /// The folder that it is imported into, unless settings say otherwise; empty for Home.
    pub folder: FolderPath,
    /// What is done with the rows of tables.
    pub rows: RowsPolicy,
    /// The files of settings, the one that counts most last.
    pub settings: Vec<PlannedSettingsFile>,
    /// What is permitted for each customer.
    pub permitted: Vec<Permission>,
    /// How many may fail.
    pub budget: Budget,
    /// What becomes of shared connectors, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connectors: Option<PlannedConnectors>,
    /// The connector that some customers try before all get it, if one is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<PlannedCanary>,
    /// What the jobs of each wave must come to before the next one begins; absent if they are not
    /// asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<JobsGate>,
    /// The waves, in their order.
    pub waves: Vec<PlannedWave>,
    /// Those that it reaches, in their order. Where shared connectors change, the admin workspace is
    /// one of them; where a connector is tried, who tries it is there for each step.
    pub members: Vec<PlannedMember>,
    /// Whether the customers' workspaces were looked at.
    #[serde(default)]
    pub looking: Looking,
    /// The roll-out that it brings back, if it brings back one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_of: Option<RolloutId>,
    /// Connectors that the packages need, and that customers don't get from the admin workspace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unshared: Vec<UnsharedConnector>,
    /// The requests that it takes, and the time; absent where requests are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// The digest of all that the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Digest>,
}

keyword_enum! {
    /// Whether customers' workspaces were looked at when a roll-out was planned.
    #[derive(Default)]
    pub enum Looking: "word" {
        /// They were not: who can't get it is seen when it is their turn.
        #[default]
        NotLooked = "not-looked-at",
        /// They were.
        Looked = "looked-at",
    }
}

/// A connector that customers don't get.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct UnsharedConnector {
    /// Its title; the package's internal name where no title is known.
    pub connector: String,
    /// The package that needs it.
    pub package: PackageName,
    /// What is known of it.
    pub sharing: UnsharedWhy,
}

keyword_enum! {
    /// Why customers don't get a connector.
    pub enum UnsharedWhy: "word" {
        /// It is not shared.
        NotShared = "not-shared",
        /// Whether it is shared is not said.
        NotSaid = "not-said",
    }
}

/// How a member goes back to before a roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedBack {
    /// The revision whose state it gets back; 0 for the workspace before the first.
    pub to: RevisionNumber,
    /// What the roll-out left there.
    pub packages: Vec<MemberReceipt>,
    /// The digests of its packages: no import of another one is undone.
    pub undoes: Vec<Digest>,
}

/// What was seen of a member when the roll-out was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeenMember {
    /// What it has of the packages.
    pub has: Having,
    /// Stands for what the import of the first package does: nothing else is sent.
    pub effects: Digest,
}

/// A package of a roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutPackage {
    /// What it is called.
    pub name: PackageName,
    /// Where it was when it was planned: a path, or `oci://` and its digest there.
    pub path: String,
    /// Its digest.
    pub digest: Digest,
    /// The digest of its contents, whatever compressed them.
    pub contents: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The digest of the decision record beside it, if there is one.
    pub record: Option<Digest>,
}

impl RolloutPlan {
    /// The plan as a file holds it.
    ///
    /// # Errors
    /// If it is no plan, says something else than was written, or a newer version wrote it.
    pub fn parse(bytes: &[u8]) -> Result<Self, RolloutPlanError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        // The format is read first: a later one may differ in everything else.
        if let Ok(Head { format }) = serde_json::from_slice(bytes)
            && format > FORMAT
        {
            return Err(RolloutPlanError::Newer { found: format });
        }
        let (plan, seal) = unsealed::<Self>(bytes)?;
        let numbered = (1..)
            .zip(&plan.members)
            .all(|(n, member)| member.number.0 == n);
        let shape: usize = plan.waves.iter().map(|wave| wave.members as usize).sum();
        let connectors = plan.connectors.as_ref();
        let connectors = connectors.is_none_or(|changed| plan.member(changed.member).is_some());
        let whole = numbered && connectors && canary::is_whole(&plan);
        match seal {
            Seal::Holds if whole && shape == plan.members.len() => Ok(plan),
            Seal::Holds => Err(SealError::Differs.into()),
            Seal::Absent => Err(SealError::Absent.into()),
        }
    }

    /// The same with the digest of all that it says.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub fn sealed(mut self) -> Result<Self, serde_json::Error> {
        self.seal = None;
        self.seal = Some(seal_of(&self)?);
        Ok(self)
    }
}

/// A file is no plan of a roll-out.
#[derive(Debug, thiserror::Error)]
pub enum RolloutPlanError {
    /// It is none, or not the one that was written.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A newer version of the program wrote it.
    #[error(
        "it was written by a newer version of recipack: its format is {found}, and this one knows {FORMAT}"
    )]
    Newer {
        /// Its format.
        found: u32,
    },
}

/// How many members may fail before nothing more is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Budget {
    /// So many may.
    pub failures: u32,
    /// On how many members runners may work at once, all together; absent for as many as the
    /// failures allow.
    pub at_once: Option<u32>,
}

impl Budget {
    /// Whether one more may be begun. Without a number of its own, those that are in flight count as
    /// if they failed, so that no more than one fails beyond the budget.
    pub const fn allows(self, failures: u32, in_flight: u32) -> bool {
        match self.at_once {
            Some(at_once) => failures <= self.failures && in_flight < at_once,
            None => failures.saturating_add(in_flight) <= self.failures,
        }
    }

    /// How many can fail at worst.
    pub const fn at_worst(self) -> u32 {
        match self.at_once {
            Some(at_once) => self.failures.saturating_add(at_once),
            None => self.failures.saturating_add(1),
        }
    }
}

/// A wave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedWave {
    /// Its number.
    pub number: WaveNumber,
    /// What it was asked for as.
    pub asked: String,
    /// How many members it has, held ones included.
    pub members: u32,
    /// For how many seconds it is in use before the next wave begins.
    pub bake: u64,
}

/// Somebody that a roll-out reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedMember {
    /// Its number.
    pub number: MemberNumber,
    /// Its wave.
    pub wave: WaveNumber,
    /// Where its workspace is.
    pub address: Address,
    /// The workspace's number, which has to be the same when it is reached.
    pub workspace: WorkspaceId,
    /// The workspace's name.
    pub name: String,
    /// What it gets in this wave.
    #[serde(default, skip_serializing_if = "Brings::is_usual")]
    pub brings: Brings,
    /// The partner's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Its labels, as they were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Why nothing is sent to it until somebody says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// What was seen there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenMember>,
    /// How it is brought back, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<PlannedBack>,
}

/// Why nothing is sent to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// Why.
    pub why: String,
    /// From when on; absent for from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when; absent for until somebody says otherwise. From then on it is its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Held {
    /// The time in which nothing is sent, if it ends by itself.
    pub fn window(&self) -> Option<Range<Timestamp>> {
        let until = self.until?;
        Some(self.from.unwrap_or(Timestamp(0))..until)
    }

    /// Whether it is held until somebody says otherwise.
    pub const fn is_for_good(&self) -> bool {
        self.until.is_none()
    }

    /// Whether it is held from the beginning, for however long.
    pub const fn is_at_first(&self) -> bool {
        self.from.is_none() || self.until.is_none()
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let (Some(from), Some(_)) = (self.from, self.until) {
            write!(f, "from {} ", from.utc())?;
        }
        if let Some(until) = self.until {
            write!(f, "until {}: ", until.utc())?;
        }
        f.write_str(&self.why)
    }
}

/// A customer that may become a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where its workspace is.
    pub address: Address,
    /// The workspace's number.
    pub workspace: WorkspaceId,
    /// The workspace's name.
    pub name: String,
    /// The partner's own name for it.
    pub external_id: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Why nothing is to be sent to it.
    pub held: Option<Held>,
    /// What was seen there.
    pub seen: Option<SeenMember>,
    /// How it is brought back, where it is.
    pub back: Option<PlannedBack>,
}

/// What a roll-out is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutRequest {
    /// Whose customers they are.
    pub of: Address,
    /// The number of that admin workspace, where the platform counts requests by it.
    pub admin: Option<WorkspaceId>,
    /// What is imported, in this order.
    pub packages: Vec<RolloutPackage>,
    /// The folder that it is imported into.
    pub folder: FolderPath,
    /// What is done with the rows of tables.
    pub rows: RowsPolicy,
    /// The files of settings.
    pub settings: Vec<PlannedSettingsFile>,
    /// What is permitted for each customer.
    pub permitted: BTreeSet<Permission>,
    /// How many may fail.
    pub budget: Budget,
    /// What becomes of shared connectors, if anything does.
    pub connectors: Option<ChangedConnectors>,
    /// The connector that some try first, if one is tried; `connectors` says nothing then.
    pub canary: Option<CanaryRequest>,
    /// The waves.
    pub waves: Waves,
    /// For how many seconds a wave is in use before the next one begins.
    pub bake: u64,
    /// What the jobs of a wave must come to before the next one begins.
    pub jobs: Option<JobsGate>,
    /// Whether the customers were looked at.
    pub looking: Looking,
    /// Connectors that customers don't get.
    pub unshared: Vec<UnsharedConnector>,
    /// The roll-out that is brought back, if one is.
    pub back_of: Option<RolloutId>,
}

/// A roll-out can't be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RolloutError {
    /// It reaches nobody.
    #[error("it reaches no customer")]
    Nobody,
    /// It reaches too many.
    #[error("it reaches {0} customers, and may reach {MOST_MEMBERS}")]
    TooMany(usize),
    /// All of them are held.
    #[error("each of the {0} customers is held: {1}")]
    AllHeld(usize, String),
    /// Two of them are one workspace.
    #[error("{0} and {1} are one workspace")]
    Twice(Address, Address),
    /// A package is there twice.
    #[error("the package {0} is there twice")]
    SamePackage(PackageName),
    /// Nobody can try the connector.
    #[error("nobody is in the ring {ring}: {why}")]
    NoRing {
        /// The label.
        ring: String,
        /// Why.
        why: String,
    },
    /// The waves don't come out.
    #[error(transparent)]
    Waves(#[from] WavesError),
    /// Nobody may be begun.
    #[error("no customer may be worked on at a time")]
    NoneAtOnce,
}

impl RolloutPlan {
    /// The plan of a roll-out to these customers, in the order of their numbers within a wave.
    ///
    /// # Errors
    /// If it reaches nobody or somebody twice, or its waves don't come out.
    pub fn of(request: RolloutRequest, customers: Vec<Candidate>) -> Result<Self, RolloutError> {
        if customers.is_empty() {
            return Err(RolloutError::Nobody);
        }
        if customers.len() > MOST_MEMBERS {
            return Err(RolloutError::TooMany(customers.len()));
        }
        if request.budget.at_once == Some(0) {
            return Err(RolloutError::NoneAtOnce);
        }
        let mut seen = BTreeMap::new();
        for customer in &customers {
            if let Some(other) = seen.insert(customer.workspace, &customer.address) {
                let (one, two) = (other.clone(), customer.address.clone());
                return Err(RolloutError::Twice(one, two));
            }
        }
        let mut names = BTreeSet::new();
        for package in &request.packages {
            if !names.insert(&package.name) {
                return Err(RolloutError::SamePackage(package.name.clone()));
            }
        }
        let for_good = |customer: &Candidate| customer.held.as_ref().is_some_and(Held::is_for_good);
        if customers.iter().all(for_good) {
            let mut why = customers
                .iter()
                .filter_map(|customer| customer.held.as_ref());
            let why = why.next().map_or_else(String::new, |held| held.why.clone());
            return Err(RolloutError::AllHeld(customers.len(), why));
        }
        let mut customers = customers;
        customers.sort_by_key(|customer| customer.workspace);
        let (canary, mut placed, changed) = match request.canary {
            None => {
                let placed = request.waves.place(customers)?.into_iter();
                let placed = placed.map(|(asked, of_wave)| (asked, of_wave, Brings::Packages));
                (None, placed.collect::<Vec<_>>(), request.connectors)
            }
            Some(asked) => {
                let (canary, change) = (asked.planned, asked.change);
                let placed = canary::place(&canary, &request.waves, customers)?;
                (Some(canary), placed, Some(change))
            }
        };
        let mut waves = Vec::new();
        let mut members = Vec::new();
        // It reaches all customers at once, so it is a wave of its own.
        let connectors = changed.map(|changed| {
            let admin = Candidate {
                address: request.of.clone(),
                workspace: changed.workspace,
                name: changed.name,
                external_id: None,
                labels: BTreeMap::new(),
                held: None,
                seen: None,
                back: None,
            };
            let wave = (connectors::WAVE.to_owned(), vec![admin], Brings::Packages);
            let at = match (&canary, changed.when) {
                (Some(_), _) => canary::TRYING,
                (None, ConnectorsWhen::Before) => 0,
                (None, ConnectorsWhen::After) => placed.len(),
            };
            let before = placed.iter().take(at);
            let before: usize = before.map(|(_, of_wave, _)| of_wave.len()).sum();
            placed.insert(at.min(placed.len()), wave);
            PlannedConnectors {
                member: MemberNumber(u32::try_from(before + 1).unwrap_or(u32::MAX)),
                changes: changed.changes,
            }
        });
        for (number, (asked, of_wave, brings)) in (1..).map(WaveNumber).zip(placed) {
            waves.push(PlannedWave {
                number,
                asked,
                members: u32::try_from(of_wave.len()).unwrap_or(u32::MAX),
                bake: match brings {
                    // Nothing that runs changed.
                    Brings::CanaryConnector => 0,
                    Brings::Packages | Brings::CanaryPackages => request.bake,
                },
            });
            for customer in of_wave {
                members.push(PlannedMember {
                    number: MemberNumber(u32::try_from(members.len() + 1).unwrap_or(u32::MAX)),
                    wave: number,
                    address: customer.address,
                    workspace: customer.workspace,
                    name: customer.name,
                    brings,
                    external_id: customer.external_id,
                    labels: customer.labels,
                    held: customer.held,
                    seen: customer.seen,
                    back: customer.back,
                });
            }
        }
        // Nothing comes after the last one.
        if let Some(last) = waves.last_mut() {
            last.bake = 0;
        }
        Ok(Self {
            format: FORMAT,
            of: request.of,
            admin: request.admin,
            packages: request.packages,
            folder: request.folder,
            rows: request.rows,
            settings: request.settings,
            permitted: request.permitted.into_iter().collect(),
            budget: request.budget,
            connectors,
            canary,
            jobs: request.jobs,
            waves,
            members,
            looking: request.looking,
            unshared: request.unshared,
            back_of: request.back_of,
            estimate: None,
            seal: None,
        })
    }

    /// What of it decides who is next.
    pub fn shape(&self) -> Shape {
        let mut start = 0_usize;
        let waves = self.waves.iter().map(|wave| {
            let members = start..start.saturating_add(wave.members as usize);
            start = members.end;
            let connectors = self.connectors.as_ref();
            let connectors =
                connectors.is_some_and(|changed| members.contains(&changed.member.index()));
            let brings = self.members.get(members.start).map(|first| first.brings);
            let brings = brings.unwrap_or_default();
            WaveShape {
                passed: match (connectors, brings) {
                    // What some are to try first reaches nobody else before they did.
                    (true, _) | (false, Brings::CanaryConnector | Brings::CanaryPackages) => {
                        Passed::OnceReached
                    }
                    (false, Brings::Packages) => Passed::OnceEnded,
                },
                // No recipe is brought there.
                jobs: self
                    .jobs
                    .filter(|_| !connectors && brings != Brings::CanaryConnector),
                members,
                bake: wave.bake,
            }
        });
        let windows = self.members.iter().enumerate();
        let windows = windows.filter_map(|(index, member)| {
            let held = member.held.as_ref()?;
            Some((index, held.window()?))
        });
        Shape {
            waves: waves.collect(),
            budget: self.budget,
            frozen: windows.collect(),
        }
    }

    /// A member.
    pub fn member(&self, number: MemberNumber) -> Option<&PlannedMember> {
        self.members
            .get(number.index())
            .filter(|member| member.number == number)
    }

    /// Its changes of shared connectors, if this member stands for the admin workspace.
    pub fn connectors_of(&self, number: MemberNumber) -> Option<&PlannedConnectors> {
        let connectors = self.connectors.as_ref();
        connectors.filter(|changed| changed.member == number)
    }

    /// The members whose jobs decide whether a later wave begins.
    pub fn watched(&self) -> impl Iterator<Item = &PlannedMember> {
        let last = self.waves.last().map(|wave| wave.number);
        let members = self.members.iter().filter(|_| self.jobs.is_some());
        members.filter(move |member| {
            Some(member.wave) != last
                && self.connectors_of(member.number).is_none()
                && member.brings != Brings::CanaryConnector
        })
    }

    /// How many customers it reaches: each gets the packages once in the end.
    pub fn customers(&self) -> usize {
        let members = self.members.iter();
        let ends = members.filter(|member| member.brings == Brings::Packages);
        match self.connectors {
            Some(_) => ends.count().saturating_sub(1),
            None => ends.count(),
        }
    }

    /// What stays with a member after this step that nothing uses any more, in words; empty if nothing
    /// does.
    pub fn stays(&self, member: &PlannedMember) -> String {
        let tried = |before: &&PlannedMember| {
            before.brings != Brings::Packages && before.workspace == member.workspace
        };
        match (&self.canary, member.brings) {
            (Some(canary), Brings::Packages) if self.members.iter().any(|it| tried(&it)) => {
                canary.stays()
            }
            (_, Brings::Packages | Brings::CanaryConnector | Brings::CanaryPackages) => {
                String::new()
            }
        }
    }

    /// All packages that it may send: its own, and those in which a connector is tried.
    pub fn all_packages(&self) -> impl Iterator<Item = &RolloutPackage> {
        let canary = self.canary.iter();
        self.packages
            .iter()
            .chain(canary.flat_map(|canary| canary.connectors.iter().chain(&canary.packages)))
    }

    /// What a member gets, in this order: each package with where it stands among
    /// [all](Self::all_packages).
    pub fn packages_of(
        &self,
        member: &PlannedMember,
    ) -> impl Iterator<Item = (usize, &RolloutPackage)> {
        let own = self.packages.len();
        let connectors = self.canary.as_ref().map_or(0, |it| it.connectors.len());
        let range = match member.brings {
            Brings::Packages => 0..own,
            Brings::CanaryConnector => own..own + connectors,
            Brings::CanaryPackages => own + connectors..usize::MAX,
        };
        let all = self.all_packages().enumerate();
        all.filter(move |(at, _)| range.contains(at))
    }
}

/// What of a plan decides who is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The waves, in their order.
    pub waves: Vec<WaveShape>,
    /// How many may fail.
    pub budget: Budget,
    /// When nothing is begun with members, by where they stand in the list of all.
    pub frozen: BTreeMap<usize, Range<Timestamp>>,
}

impl Shape {
    /// Until when nothing is begun with a member, if it is held now.
    pub fn held_until(&self, index: usize, now: Timestamp) -> Option<Timestamp> {
        let window = self.frozen.get(&index);
        window
            .filter(|window| window.contains(&now))
            .map(|window| window.end)
    }
}

/// A wave, as far as it decides who is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaveShape {
    /// Its members, by where they stand in the list of all.
    pub members: Range<usize>,
    /// For how many seconds it is in use before the next wave begins.
    pub bake: u64,
    /// When the next wave may begin at all.
    pub passed: Passed,
    /// What its jobs must come to before the next one begins.
    pub jobs: Option<JobsGate>,
}

/// When a wave no longer keeps the next one from beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Once each of its members was brought to an end, as far as the budget allows.
    OnceEnded,
    /// Once each of its members is as planned, whatever the budget; or a person skipped it.
    OnceReached,
}
