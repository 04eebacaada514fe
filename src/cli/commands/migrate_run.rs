//! `recipack migrate run` and `migrate back`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::args::{ImportArgs, MigrateBackArgs, MigrateRunArgs, PlatformArgs, SettingsArgs};
use super::super::connect::{Opened, open};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform;
use super::super::reports::Reporter;
use super::super::ui::{Answer, visible};
use super::super::workspace_command::{Asked, Subject};
use super::super::{Context, Stop};
use super::import::{Doing, Ended, blocked, carry_out};
use super::migrate::{CUT_OVER, PACKAGE, RECEIPT, SETTINGS, held_now, read_plan, read_receipt};
use crate::cli::args::WithinArgs;
use crate::io::atomic;
use crate::io::scratch::ScratchFolder;
use crate::model::count::counted;
use crate::model::kind::AssetKind;
use crate::model::seal::seal_of;
use crate::model::workspace::{
    AssetId, HeldState, Inventory, ReadDepth, RecipeState, WorkspaceAsset,
};
use crate::ops::export::pack::digest_of_file;
use crate::ops::import::PlanDocument;
use crate::ops::workspace::operate::{Which, set_recipes};
use crate::plan::decision::shell_word;
use crate::plan::import::settings::SettingEffect;
use crate::plan::migration::{
    ChangedAddress, CutOver, MigrationPlan, MigrationReceipt, MigrationSide, Proof, StepTaken,
};
use crate::workspace::{Listed, Outline, Places};

/// What `migrate run` and `migrate back` say.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct MigrateRunDocument {
    /// The folder of the migration.
    pub(crate) folder: String,
    /// What was done so far.
    pub(crate) receipt: MigrationReceipt,
    /// What is not as planned; empty if everything is.
    pub(crate) astray: Vec<String>,
}

/// A migration in its folder.
struct Migration<'a> {
    context: &'a Context,
    folder: &'a Path,
    platform: &'a PlatformArgs,
    plan: MigrationPlan,
    receipt: MigrationReceipt,
}

impl<'a> Migration<'a> {
    fn open(
        context: &'a Context,
        folder: &'a Path,
        platform: &'a PlatformArgs,
    ) -> Result<Self, Failure> {
        let plan = read_plan(folder)?;
        let package = folder.join(PACKAGE);
        let (_, digest) = digest_of_file(&package)
            .with_context(|| format!("can't read {}", package.display()))?;
        if digest != plan.package {
            return Err(Failure::new(
                Exit::VerificationFailed,
                "damaged-plan",
                format!("{} is not the package that was planned", package.display()),
            )
            .help("bring the file back as it was, or plan the migration again in another folder"));
        }
        let receipt = match read_receipt(folder)? {
            Some(receipt) if receipt.plan == plan.seal => receipt,
            Some(_) => {
                return Err(Failure::new(
                    Exit::VerificationFailed,
                    "damaged-plan",
                    format!("{} is of another plan", folder.join(RECEIPT).display()),
                )
                .help("bring back the plan that it is of, or plan the migration again in another folder"));
            }
            None => MigrationReceipt {
                plan: plan.seal,
                imports: Vec::new(),
                cut_over: None,
                proof: None,
                went_back: None,
                seal: None,
            },
        };
        Ok(Self {
            context,
            folder,
            platform,
            plan,
            receipt,
        })
    }

    /// Writes down what is about to be done, or was done.
    fn keep(&mut self) -> Result<(), Failure> {
        self.receipt.seal = Some(seal_of(&self.receipt).map_err(anyhow::Error::new)?);
        let text = crate::model::visible::json(&self.receipt).map_err(anyhow::Error::new)?;
        let path = self.folder.join(RECEIPT);
        atomic::write(&path, text.as_bytes())
            .with_context(|| format!("can't write {}", path.display()))?;
        Ok(())
    }

    /// Opens one of the two workspaces, if it still is the one that was planned for.
    fn workspace(&self, side: &MigrationSide) -> Result<Opened, Failure> {
        let workspace = open(self.context, self.platform, &side.address, "migrate run")?;
        let facts = workspace.facts()?;
        if facts.id != side.id {
            return Err(Failure::new(
                Exit::Refused,
                "other-workspace",
                format!(
                    "{} is workspace {} now, and the plan was made for {} \"{}\"",
                    side.address,
                    facts.id,
                    side.id,
                    visible(&side.name)
                ),
            )
            .help("use the token or profile that it was planned with, or plan again"));
        }
        Ok(workspace)
    }

    fn import_args(&self, args: &MigrateRunArgs, files: &[&str]) -> ImportArgs {
        let settings = files.iter().map(|file| self.folder.join(file)).collect();
        let package = self.folder.join(PACKAGE);
        let target = self.plan.target.address.clone();
        let (permitted, platform) = (args.permitted.clone(), args.platform.clone());
        ImportArgs {
            folder: match self.plan.folder.is_home() {
                true => None,
                false => Some(self.plan.folder.clone()),
            },
            settings: SettingsArgs {
                settings,
                ..SettingsArgs::default()
            },
            yes: args.yes,
            ..ImportArgs::of(package, target, permitted, platform)
        }
    }

    /// Imports with these settings, and gives what is not as planned.
    fn import(&mut self, args: &MigrateRunArgs, files: &[&str]) -> Result<Vec<String>, Stop> {
        self.receipt.imports.push(StepTaken {
            at: platform::now(),
            ended: None,
            revision: None,
            astray: Vec::new(),
        });
        self.keep()?;
        let args = self.import_args(args, files);
        let ended = carry_out(self.context, &args, Doing::All, &mut Reporter::unheard())?;
        let (receipt, astray) = match ended {
            Ended::Carried(_, receipt, astray) => (receipt, astray),
            Ended::Planned(..) | Ended::Nothing => {
                return Err(Failure::new(
                    Exit::Refused,
                    "stale",
                    format!("{} changes all the time", self.plan.target.address),
                )
                .help("wait until nobody works in it, then repeat the command")
                .into());
            }
        };
        if let Some(step) = self.receipt.imports.last_mut() {
            step.ended = Some(platform::now());
            step.revision = receipt.revision;
            step.astray.clone_from(&astray);
        }
        self.keep()?;
        Ok(astray)
    }

    /// What an import with these settings would do, from all that is there.
    fn look(&self, args: &MigrateRunArgs, files: &[&str]) -> Result<PlanDocument, Stop> {
        let mut args = self.import_args(args, files);
        args.read = Some(ReadDepth::Full);
        match carry_out(self.context, &args, Doing::Plan, &mut Reporter::unheard())? {
            Ended::Planned(document, None) => Ok(document),
            Ended::Planned(document, Some(refusal)) => {
                self.context.ui.talk(&blocked(&refusal, &document));
                Err(Failure::from(refusal).into())
            }
            Ended::Carried(..) | Ended::Nothing => Err(Failure::new(
                Exit::Refused,
                "stale",
                "the target could not be planned for",
            )
            .into()),
        }
    }

    /// Whether everything can start in the target: before anything stops in the source.
    fn ready(&self, args: &MigrateRunArgs) -> Result<(), Stop> {
        let document = self.look(args, &[SETTINGS, CUT_OVER])?;
        let settings = document.plan.settings.iter();
        let waits: Vec<String> = settings
            .flat_map(|settings| &settings.actions)
            .filter_map(|action| {
                let what = match action.effect {
                    SettingEffect::AwaitsPerson => "has to be authorized",
                    SettingEffect::CannotStart => "can't start",
                    SettingEffect::Sets
                    | SettingEffect::Changes
                    | SettingEffect::Keeps
                    | SettingEffect::Authorizes
                    | SettingEffect::Binds
                    | SettingEffect::Starts
                    | SettingEffect::Stops
                    | SettingEffect::Enables
                    | SettingEffect::Disables
                    // It can be once its recipe runs.
                    | SettingEffect::CannotEnable => return None,
                };
                let name = action.folder.label(&action.name);
                let because = match action.because.is_empty() {
                    true => String::new(),
                    false => format!(": {}", action.because.join("; ")),
                };
                Some(format!("{} {name} {what}{because}", action.subject))
            })
            .collect();
        match waits.is_empty() {
            true => Ok(()),
            false => Err(Failure::new(
                Exit::Refused,
                "not-ready",
                format!(
                    "{} is not ready, and nothing was stopped: {}",
                    self.plan.target.address,
                    counted(waits.len() as u64, "thing")
                ),
            )
            .notes(waits)
            .help(format!(
                "authorize connections in the target, then repeat the command; what runs only there is in {}",
                visible(&self.folder.join(CUT_OVER).display().to_string())
            ))
            .into()),
        }
    }

    /// Whether the source still holds what the package was made of.
    fn unchanged(&self, source: &Opened) -> Result<(), Stop> {
        let scratch =
            ScratchFolder::new(&std::env::temp_dir()).context("can't make a temporary folder")?;
        let (address, folder) = (&self.plan.source.address, &self.plan.folder);
        let output = scratch.file("now.zip");
        let (_, now) = held_now(
            self.context,
            self.platform,
            address,
            source,
            folder,
            &output,
        )?;
        match now == self.plan.held {
            true => Ok(()),
            false => Err(Failure::new(
                Exit::Refused,
                "source-changed",
                format!("{address} holds something else than when the migration was planned; nothing was stopped"),
            )
            .help(format!(
                "see what: recipack diff {} {}; then plan again in another folder, and run that: what is there already is updated",
                shell_word(&self.folder.join("source.zip").display().to_string()),
                shell_word(&address.to_string()),
            ))
            .into()),
        }
    }

    fn asked(&self, question: &str, yes: bool, command: &str) -> Result<(), Stop> {
        if yes {
            return Ok(());
        }
        let ui = &self.context.ui;
        match ui
            .agree(question, &self.context.running.interrupt)
            .map_err(Failure::from)?
        {
            Answer::Yes => Ok(()),
            Answer::No => {
                Err(Failure::new(Exit::Refused, "declined", "nothing was stopped").into())
            }
            Answer::Nobody => Err(Failure::new(
                Exit::Refused,
                "not-confirmed",
                "nothing was stopped: recipes would stop, and there is nobody to ask",
            )
            .help(format!(
                "to do it without being asked: recipack migrate {command} {} --yes",
                shell_word(&self.folder.display().to_string())
            ))
            .into()),
        }
    }

    /// Starts or stops recipes of one side.
    fn set(
        &self,
        side: &MigrationSide,
        which: Vec<String>,
        state: RecipeState,
    ) -> Result<(), Stop> {
        if which.is_empty() {
            return Ok(());
        }
        let within = WithinArgs {
            address: side.address.clone(),
            platform: self.platform.clone(),
        };
        let asked = Asked {
            within: &within,
            subject: Subject::Recipe,
            verb: match state {
                RecipeState::Running => "start",
                RecipeState::Stopped => "stop",
            },
        };
        let mut workspace = self.workspace(side)?;
        workspace.read_as(ReadDepth::Slim);
        set_recipes(
            workspace.as_mut(),
            &side.address,
            &Which::Named(which),
            state,
        )
        .map_err(|error| asked.operate(error))?;
        Ok(())
    }

    fn cut_over(&mut self, args: &MigrateRunArgs) -> Result<Vec<String>, Stop> {
        let source = self.workspace(&self.plan.source)?;
        let begun = self.receipt.went_back.is_none()
            && self
                .receipt
                .cut_over
                .as_ref()
                .is_some_and(|cut| cut.stopped.is_some());
        if !begun {
            self.unchanged(&source)?;
            self.ready(args)?;
            let question = format!(
                "Stop {} in {} and start them in {}?",
                counted(self.plan.stops.len() as u64, "recipe"),
                self.plan.source.address,
                self.plan.target.address
            );
            let command = "run --cut-over";
            self.asked(&question, args.yes, command)?;
            self.receipt.went_back = None;
            self.receipt.proof = None;
            self.receipt.cut_over = Some(CutOver {
                began: platform::now(),
                stops: self.plan.stops.iter().map(|recipe| recipe.id).collect(),
                stopped: None,
                started: None,
            });
            self.keep()?;
            let stops = self.plan.stops.iter();
            let stops = stops.map(|recipe| recipe.id.to_string()).collect();
            self.set(&self.plan.source, stops, RecipeState::Stopped)?;
            if let Some(cut) = &mut self.receipt.cut_over {
                cut.stopped = Some(platform::now());
            }
            self.keep()?;
            self.context.did(format!(
                "{} of {} were stopped",
                counted(self.plan.stops.len() as u64, "recipe"),
                self.plan.source.address
            ));
        }
        drop(source);
        let mut astray = self.import(args, &[SETTINGS, CUT_OVER])?;
        let proof = self.proof(args)?;
        astray.extend(proof.differs.iter().cloned());
        if let Some(cut) = self.receipt.cut_over.as_mut().filter(|_| astray.is_empty()) {
            cut.started = Some(platform::now());
        }
        self.receipt.proof = Some(proof);
        self.keep()?;
        Ok(astray)
    }

    /// What lists tell of the recipes of one side.
    fn listed(&self, side: &MigrationSide) -> Result<(Opened, Inventory), Stop> {
        let workspace = self.workspace(side)?;
        let outline = Outline {
            places: Places::Asked,
            ..Outline::of([Listed::Recipes])
        };
        let listed = workspace.outline(&outline)?;
        Ok((workspace, listed))
    }

    /// The recipes of a side that lie where the migration goes, by their names in the package.
    fn recipes<'i>(
        &self,
        listed: &'i Inventory,
    ) -> impl Iterator<Item = (String, &'i WorkspaceAsset)> {
        let recipes = listed.assets.iter();
        let recipes = recipes.filter(|asset| asset.key.kind == AssetKind::Recipe);
        recipes.filter_map(|asset| {
            let folder = asset.key.place.folder();
            let within = match self.plan.folder.is_home() {
                true => folder.as_str(),
                false => self.plan.folder.relative(&folder)?,
            };
            let name = match within {
                "" => asset.key.name.to_string(),
                within => format!("{within}/{}", asset.key.name),
            };
            Some((name, asset))
        })
    }

    /// Compares the target with the package and with what ran in the source, as read now.
    fn proof(&self, args: &MigrateRunArgs) -> Result<Proof, Stop> {
        let document = self.look(args, &[SETTINGS, CUT_OVER])?;
        let mut differs = document.plan.differs();
        // What runs on both sides does everything twice.
        let (_, here) = self.listed(&self.plan.source)?;
        let runs = |asset: &WorkspaceAsset| asset.state == HeldState::Recipe(RecipeState::Running);
        let stops: BTreeSet<AssetId> = self.plan.stops.iter().map(|recipe| recipe.id).collect();
        let twice = self
            .recipes(&here)
            .filter(|(_, asset)| stops.contains(&asset.id) && runs(asset));
        differs.extend(twice.map(|(name, _)| format!("recipe \"{name}\" runs in the source")));
        let (target, there) = self.listed(&self.plan.target)?;
        let mut running = 0;
        let called_at = match self.plan.addresses.is_empty() {
            true => BTreeMap::new(),
            false => target.called_at()?,
        };
        let mut addresses: Vec<ChangedAddress> = self.plan.addresses.clone();
        let mut ran: BTreeSet<&str> = self.plan.starts.iter().map(String::as_str).collect();
        for (name, asset) in self.recipes(&there) {
            if runs(asset) && ran.remove(name.as_str()) {
                running += 1;
            }
            for address in addresses.iter_mut().filter(|address| address.name == name) {
                address.to = called_at.get(&asset.id).cloned();
            }
        }
        differs.extend(
            ran.iter()
                .map(|name| format!("recipe \"{name}\" does not run")),
        );
        Ok(Proof {
            at: platform::now(),
            held: self.plan.held,
            differs,
            running,
            addresses,
        })
    }

    fn print(&self, astray: Vec<String>) -> Result<Exit, Stop> {
        let exit = match astray.is_empty() {
            true => Exit::Done,
            false => Exit::PartlyDone,
        };
        let document = MigrateRunDocument {
            folder: self.folder.display().to_string(),
            receipt: self.receipt.clone(),
            astray,
        };
        self.context.ui.print(&document, |document| {
            let mut shown = String::new();
            tell(&mut shown, Some(&document.receipt));
            for astray in &document.astray {
                let _ = writeln!(shown, "  not so      {}", visible(astray));
            }
            shown
        })?;
        Ok(exit)
    }
}

pub(super) fn run(context: &Context, args: &MigrateRunArgs) -> Result<Exit, Stop> {
    let mut migration = Migration::open(context, &args.folder, &args.platform)?;
    migration.workspace(&migration.plan.target)?;
    let folder = shell_word(&args.folder.display().to_string());
    let cut = migration.receipt.cut_over.is_some() && migration.receipt.went_back.is_none();
    if !args.cut_over && !cut {
        let astray = migration.import(args, &[SETTINGS])?;
        let exit = migration.print(astray)?;
        context.ui.talk(&format!(
            "nothing was started; when the connections are authorized: recipack migrate run {folder} --cut-over\n"
        ));
        return Ok(exit);
    }
    if migration.receipt.imports.is_empty() {
        migration.import(args, &[SETTINGS])?;
    }
    let astray = migration.cut_over(args)?;
    if !astray.is_empty() {
        context.ui.talk(&format!(
            "what ran in {} is stopped there; go on with the same command, or back: recipack migrate back {folder}\n",
            migration.plan.source.address
        ));
    }
    migration.print(astray)
}

pub(super) fn back(context: &Context, args: &MigrateBackArgs) -> Result<Exit, Stop> {
    let mut migration = Migration::open(context, &args.folder, &args.platform)?;
    let Some(cut) = migration.receipt.cut_over.clone() else {
        return Err(Failure::new(
            Exit::Refused,
            "nothing-to-go-back-from",
            "there was no cut-over: nothing was stopped in the source",
        )
        .help("what was imported is undone with: recipack rollback TARGET")
        .into());
    };
    let question = format!(
        "Stop {} in {} and start them in {} again?",
        counted(cut.stops.len() as u64, "recipe"),
        migration.plan.target.address,
        migration.plan.source.address
    );
    migration.asked(&question, args.yes, "back")?;
    let target = migration.plan.target.clone();
    let starts = migration.there(&target)?;
    migration.set(&target, starts, RecipeState::Stopped)?;
    let source = migration.plan.source.clone();
    let stops = cut.stops.iter().map(ToString::to_string).collect();
    migration.set(&source, stops, RecipeState::Running)?;
    migration.receipt.went_back = Some(platform::now());
    migration.keep()?;
    migration.print(Vec::new())
}

impl Migration<'_> {
    /// The numbers of the recipes in the target that the cut-over starts, as far as they run.
    fn there(&self, target: &MigrationSide) -> Result<Vec<String>, Stop> {
        let (_, there) = self.listed(target)?;
        let runs = self.recipes(&there).filter(|(name, asset)| {
            asset.state == HeldState::Recipe(RecipeState::Running)
                && self.plan.starts.contains(name)
        });
        Ok(runs.map(|(_, asset)| asset.id.to_string()).collect())
    }
}

/// What was done, in lines.
pub(super) fn tell(shown: &mut String, receipt: Option<&MigrationReceipt>) {
    let Some(receipt) = receipt else {
        let _ = writeln!(shown, "  done        nothing yet");
        return;
    };
    for step in &receipt.imports {
        let at = step.at.utc();
        let _ = match (step.ended, step.revision) {
            (Some(_), Some(revision)) => {
                writeln!(shown, "  imported    revision {revision}, {at}")
            }
            (Some(_), None) => writeln!(shown, "  imported    nothing to change, {at}"),
            (None, _) => writeln!(shown, "  imported    not known to have ended, {at}"),
        };
    }
    if let Some(cut) = &receipt.cut_over {
        let recipes = counted(cut.stops.len() as u64, "recipe");
        let _ = match cut.stopped {
            Some(at) => writeln!(shown, "  stopped     {recipes} in the source, {}", at.utc()),
            None => writeln!(
                shown,
                "  stopping    {recipes} in the source, from {} on; not known to have ended",
                cut.began.utc()
            ),
        };
        if let Some(at) = cut.started.filter(|_| receipt.went_back.is_none()) {
            let _ = writeln!(shown, "  started     {recipes} in the target, {}", at.utc());
        }
    }
    if let Some(proof) = receipt
        .proof
        .as_ref()
        .filter(|_| receipt.went_back.is_none())
    {
        let _ = match proof.differs.len() {
            0 => writeln!(
                shown,
                "  proof       the target holds what the source held; {} there",
                match proof.running {
                    1 => "1 recipe runs".to_owned(),
                    many => format!("{many} recipes run"),
                }
            ),
            many => writeln!(
                shown,
                "  proof       {} from what the source held",
                match many {
                    1 => "1 thing differs".to_owned(),
                    many => format!("{many} things differ"),
                }
            ),
        };
        for address in &proof.addresses {
            let _ = match (&address.from, &address.to) {
                (_, Some(to)) => writeln!(
                    shown,
                    "  address     {} is called at {} now",
                    visible(&address.name),
                    visible(to)
                ),
                (Some(from), None) => writeln!(
                    shown,
                    "  address     {} was called at {}; where now, the platform does not tell here",
                    visible(&address.name),
                    visible(from)
                ),
                (None, None) => writeln!(
                    shown,
                    "  address     {} has another one; it stands on its page",
                    visible(&address.name)
                ),
            };
        }
    }
    if let Some(at) = receipt.went_back {
        let _ = writeln!(
            shown,
            "  went back   they run in the source again, {}",
            at.utc()
        );
    }
}
