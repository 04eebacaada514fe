//! A version of a shared connector that some customers try before all get it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::connectors;
use super::known::Read;
use super::members::Reachable;
use super::planning::package_of;
use crate::cli::args::RolloutPlanArgs;
use crate::cli::cache::generator;
use crate::cli::commands::connector_pull;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Content, OutputPath};
use crate::cli::ui::visible;
use crate::cli::workspace_command::{Asked, Subject};
use crate::cli::{Context, Stop};
use crate::io::scratch::ScratchFolder;
use crate::manifest::DEFAULT_LIMIT_MB;
use crate::model::catalogue::Catalogue;
use crate::model::ident::Version;
use crate::model::workspace::Address;
use crate::ops::export::ExportError;
use crate::ops::export::record::record_path;
use crate::ops::rollout::canary::{CanaryBuildError, Kept, Kit, files, needs};
use crate::ops::workspace::pull::{PulledFile, pull};
use crate::plan::export::canary::{Canary, CanaryError, CanaryNames, connections, uses};
use crate::plan::rollout::canary::{ConnectionNeeds, PlannedCanary, is_tried};
use crate::plan::rollout::{
    Brings, CanaryRequest, Candidate, ChangedConnectors, ConnectorsWhen, Held, RolloutPackage,
    RolloutPlan,
};
use crate::plan::sharing::{StepAction, TriedConnector};
use crate::settings::SettingsFile;

/// What is tried, if something is: the packages for it are made beside the plan.
pub(super) fn asked(
    context: &Context,
    args: &RolloutPlanArgs,
    packages: &[Read],
    customers: &[Candidate],
) -> Result<Option<CanaryRequest>, Failure> {
    let (Some(tried), Some(ring), Some(output)) =
        (&args.canary_connector, &args.ring, &args.output)
    else {
        return Ok(None);
    };
    is_tried(ring, customers)?;
    let trial = Trial::of(context, args, tried)?;
    let (canary, using) = trial.met(packages)?;
    let catalogue = trial.catalogue(context, args)?;
    let limit = DEFAULT_LIMIT_MB.get().saturating_mul(1 << 20);
    let scratch = std::env::temp_dir();
    let generator = generator();
    let kit = Kit {
        canary: &canary,
        names: &trial.names,
        files: &trial.files,
        catalogue: &catalogue,
        scratch: &scratch,
        generator: &generator,
        limit,
    };
    let folder = output.parent().unwrap_or(Path::new(""));
    let kept_meanwhile = ScratchFolder::new(&scratch)
        .map_err(|error| Failure::of(Exit::Failed, "unwritable", &error))?;
    // All paths are looked at, and all packages are made, before anything is written beside the plan.
    let mut work = Vec::new();
    for (read, using) in packages.iter().zip(&using) {
        for (kept, kind, is_made) in [
            (Kept::Connections, "canary-connector", using.connections > 0),
            (Kept::All, "canary", using.uses),
        ] {
            let name = format!("{}-{kind}.zip", read.planned.name);
            let made = match is_made {
                true => Some(Beside::check(args, &folder.join(&name))?),
                false => None,
            };
            work.push((read, kept, made, kept_meanwhile.file(&name)));
        }
    }
    let mut left = Vec::new();
    for (read, kept, made, path) in &work {
        if made.is_some() {
            let mut observer = context.ui.observer();
            let running = &context.running;
            let done = kit.make(&read.incoming, *kept, path, running, &mut observer);
            left.extend(done.map_err(|error| unmade(error, read, &trial))?.left);
        }
    }
    let (mut connectors, mut made) = (Vec::new(), Vec::new());
    for (read, kept, beside, path) in work {
        let package = match beside {
            None => None,
            Some(beside) => {
                beside.write(&path)?;
                let path = beside.package.path();
                context.did(format!("{} was written", path.display()));
                Some(package_of(context, args, path)?.1.planned)
            }
        };
        match (kept, package) {
            (Kept::Connections, None) => {}
            (Kept::Connections, Some(package)) => connectors.push(package),
            // What does not use it goes to the ring as it is.
            (Kept::All, None) => made.push(read.planned.clone()),
            // It takes the place of the package, and is known by its name.
            (Kept::All, Some(package)) => made.push(RolloutPackage {
                name: read.planned.name.clone(),
                ..package
            }),
        }
    }
    left.dedup();
    Ok(Some(CanaryRequest {
        planned: PlannedCanary {
            ring: ring.clone(),
            from: trial.from,
            version: trial.version,
            connectors,
            packages: made,
            connections: canary.connections().cloned().collect(),
            needs: Vec::new(),
            left,
            names: trial.names.clone(),
        },
        change: trial.change,
    }))
}

/// A package and its decision record, beside the plan.
struct Beside {
    package: OutputPath,
    record: OutputPath,
}

impl Beside {
    fn check(args: &RolloutPlanArgs, path: &Path) -> Result<Self, Failure> {
        let inputs: Vec<&Path> = args.packages.iter().map(AsRef::as_ref).collect();
        let of =
            |path: &Path, content| OutputPath::check(path, content, (&args.force).into(), &inputs);
        Ok(Self {
            package: of(path, Content::Package)?,
            record: of(&record_path(path), Content::Record)?,
        })
    }

    fn write(&self, made: &Path) -> Result<(), Failure> {
        let bytes = |path: &Path| {
            std::fs::read(path).map_err(|error| Failure::of(Exit::Failed, "unreadable", &error))
        };
        self.package.write(&bytes(made)?)?;
        self.record.write(&bytes(&record_path(made))?)
    }
}

/// What is to be tried, with all that is known of it.
struct Trial {
    names: CanaryNames,
    from: Version,
    version: Version,
    files: Vec<PulledFile>,
    change: ChangedConnectors,
}

/// What a package has of the connector.
struct Using {
    uses: bool,
    connections: usize,
}

impl Trial {
    fn of(
        context: &Context,
        args: &RolloutPlanArgs,
        tried: &TriedConnector,
    ) -> Result<Self, Failure> {
        let within = args.within();
        let asked = Asked {
            within: &within,
            subject: Subject::Catalog,
            verb: "show",
        };
        let admin = asked.open(context)?;
        let facts = admin.facts().map_err(Failure::from)?;
        let changes =
            connectors::planned(&asked, admin.as_ref(), args, &tried.named, tried.wish())?;
        let change = ChangedConnectors {
            when: ConnectorsWhen::After,
            workspace: facts.id,
            name: facts.name.to_string(),
            changes,
        };
        let step = change.changes.first().map(|change| &change.step);
        let Some((step, from, after)) =
            step.and_then(|step| Some((step, step.before?.version, step.after?.version)))
        else {
            return Err(Failure::usage(format!(
                "what \"{}\" is shared in is not told",
                tried.named
            )));
        };
        if step.action == StepAction::Keep || from == after {
            return Err(Failure::new(
                Exit::Failed,
                "nothing-to-try",
                format!("\"{}\" is shared in {after} already", step.title),
            )
            .help("name another released version: --canary-connector TITLE@N"));
        }
        let names = CanaryNames::of(&step.title, &step.internal_name)
            .map_err(|error| Failure::of(Exit::Failed, "canary-title", &error))?;
        let shown = Asked {
            subject: Subject::Connector,
            verb: "versions",
            ..asked
        };
        let pulled = pull(admin.as_ref(), step.internal_name.as_str(), Some(after))
            .map_err(|error| connector_pull::failure(&shown, error))?;
        // The API tells one source, and not which version it is of: it is known where there is only one
        // that it can be (platform.md §3).
        let is_known = match args.of {
            Address::Local(_) => true,
            Address::Remote(_) => pulled.version == Some(after) && pulled.newest == Some(after),
        };
        if !is_known {
            return Err(Failure::new(
                Exit::Failed,
                "no-code",
                format!(
                    "whether the source that the platform tells is that of {after} of \"{}\" is not known: {after} is not known to be its newest version",
                    step.title
                ),
            )
            .help("try the newest version, and release it before"));
        }
        Ok(Self {
            files: files(&names, after, &pulled).map_err(|error| unreadable(&error))?,
            names,
            from,
            version: after,
            change,
        })
    }

    /// What becomes of the packages' assets, and what each of them has of the connector.
    fn met(&self, packages: &[Read]) -> Result<(Canary<'_>, Vec<Using>), Failure> {
        let names = &self.names;
        let project = |read: &'_ Read| connections(names, &read.incoming.opened.project);
        let all: BTreeSet<_> = packages.iter().flat_map(project).collect();
        let canary = Canary::new(names, all);
        let mut using = Vec::new();
        for read in packages {
            let found = &read.incoming.opened.project;
            canary
                .check(found)
                .map_err(|error| unfit(&error, read, names))?;
            using.push(Using {
                uses: found.assets.iter().any(|asset| uses(names, asset)),
                connections: project(read).len(),
            });
        }
        if !using.iter().any(|using| using.uses) {
            return Err(Failure::new(
                Exit::Failed,
                "canary-unused",
                format!(
                    "nothing in the packages uses \"{}\" as the shared connector that it is",
                    names.shared_title
                ),
            )
            .help("name a package whose recipes use it, made for customers: recipack export --for customer --catalog local:ADMIN"));
        }
        Ok((canary, using))
    }

    /// What is shared with customers; nothing there may have the title of what is tried.
    fn catalogue(&self, context: &Context, args: &RolloutPlanArgs) -> Result<Catalogue, Failure> {
        let within = args.within();
        let asked = Asked {
            within: &within,
            subject: Subject::Catalog,
            verb: "show",
        };
        let partnership = asked.open(context)?.sharing(&|_| false)?;
        let catalogue = partnership.catalogue();
        let title = &self.names.title;
        if catalogue.by_title(title.as_str()).is_some() {
            return Err(Failure::new(
                Exit::Failed,
                "canary-title",
                format!("the admin workspace has a connector \"{title}\" of its own"),
            )
            .help("give that one another title: customers would not know the two apart"));
        }
        Ok(catalogue)
    }
}

fn unreadable(error: &CanaryBuildError) -> Failure {
    Failure::of(Exit::Failed, "no-code", error)
        .help("write the title out in the connector's source, as a text, and release that")
}

/// A package can't have a canary.
fn unfit(error: &CanaryError, read: &Read, names: &CanaryNames) -> Failure {
    let failure = Failure::of(Exit::Failed, "canary-package", error)
        .notes([format!("in {}", read.planned.path)]);
    failure.help(match error {
        CanaryError::Packed { .. } => format!(
            "make the package for customers, by a catalogue in which \"{}\" is shared: recipack export --for customer --catalog local:ADMIN",
            names.shared_title
        ),
        CanaryError::ConnectionElsewhere { .. } => {
            "name the package that has the connection, too, before this one".to_owned()
        }
        CanaryError::ConnectionTaken { .. } => {
            "give the connection that is called so another name".to_owned()
        }
    })
}

/// A package can't be made.
fn unmade(error: CanaryBuildError, read: &Read, trial: &Trial) -> Failure {
    let refusal = match error {
        CanaryBuildError::Export(ExportError::Refused(refusal)) => refusal,
        CanaryBuildError::Export(error) => return error.into(),
        CanaryBuildError::Write(error) => return error.into(),
        CanaryBuildError::Interrupted(interrupted) => return interrupted.into(),
        CanaryBuildError::Json { .. }
        | CanaryBuildError::Source { .. }
        | CanaryBuildError::Computed { .. }
        | CanaryBuildError::Read { .. }
        | CanaryBuildError::Asset { .. }
        | CanaryBuildError::Catalogue(_)
        | CanaryBuildError::Scratch(_) => {
            return Failure::of(Exit::Failed, "canary-package", &error);
        }
    };
    let findings = refusal.0.iter().map(|finding| {
        let code = finding.code.as_str();
        format!("{code}: {}", finding.message)
    });
    Failure::new(
        Exit::Failed,
        "canary-package",
        format!(
            "{} can't be made with {} of \"{}\"",
            read.planned.path, trial.version, trial.names.shared_title
        ),
    )
    .notes(findings)
    .help("mend the recipes or the connector; what a code means: recipack explain CODE")
}

/// Says what the ring's connections need, and holds those of whom that can't be told, or who can't
/// get the connector. Says whether somebody is held now.
pub(super) fn look(
    context: &Context,
    args: &RolloutPlanArgs,
    plan: &mut RolloutPlan,
    settings: &[SettingsFile],
    customers: &mut [Candidate],
) -> Result<Found, Stop> {
    let Some(canary) = &plan.canary else {
        return Ok(Found::Nothing);
    };
    let beside = args.output.as_deref().and_then(Path::parent);
    let beside = beside.unwrap_or(Path::new(""));
    let paths = canary.connectors.iter().map(|package| {
        let name = Path::new(&package.path).file_name().unwrap_or_default();
        beside.join(name)
    });
    let paths: Vec<PathBuf> = paths.collect();
    let mut members = Reachable {
        context,
        platform: &args.platform,
        written: None,
        plan,
        settings,
        arrives_within: 0,
    };
    let (mut all, mut held) = (Vec::new(), Found::Ready);
    let trying = plan.members.iter();
    for member in trying.filter(|member| member.brings == Brings::CanaryConnector) {
        if context.running.interrupt.is_set() {
            return Err(Failure::from(crate::ops::Interrupted).into());
        }
        let found = needs(&mut members, plan, member, &paths, &context.running);
        match found.map_err(Failure::from)? {
            Ok(found) => all.extend(found),
            Err(why) => {
                let mut customers = customers.iter_mut();
                let customer = customers.find(|one| one.workspace == member.workspace);
                if let Some(customer) = customer {
                    held = Found::Held;
                    customer.held = Some(Held {
                        why,
                        from: None,
                        until: None,
                    });
                }
            }
        }
    }
    if let Some(canary) = &mut plan.canary {
        canary.needs = all;
    }
    Ok(held)
}

/// What came of a look at the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing is tried.
    Nothing,
    /// All of it can.
    Ready,
    /// Somebody is held since.
    Held,
}

/// What is tried, and what that takes.
pub(super) fn text(plan: &RolloutPlan, canary: &PlannedCanary) -> String {
    let mut text = String::new();
    let names = &canary.names;
    let _ = writeln!(
        text,
        "\"{}\" {} → {}: tried first by {} as a connector of their own, \"{}\"",
        visible(names.shared_title.as_str()),
        canary.from,
        canary.version,
        visible(&canary.ring.to_string()),
        visible(names.title.as_str())
    );
    for need in &canary.needs {
        let member = plan.member(need.member);
        let whose = member.map_or("", |member| member.name.as_str());
        let needs = match need.needs {
            ConnectionNeeds::New => {
                "is made; somebody has to authorize it there, and recipes that run wait for that"
            }
            ConnectionNeeds::Authorization => {
                "is there; somebody has to authorize it, and recipes that run wait for that"
            }
            ConnectionNeeds::Settings => "is authorized by settings",
            ConnectionNeeds::Nothing => "is there, and authorized",
        };
        let _ = writeln!(
            text,
            "  {}: connection \"{}\" {needs}",
            visible(whose),
            visible(&need.folder.label(&need.name))
        );
    }
    if !canary.connections.is_empty() {
        text.push_str("  The connections of the shared connector stay as they are: going back to it needs no authorization of those that have it.\n");
    }
    for left in &canary.left {
        let _ = writeln!(
            text,
            "  the name of the shared connector is left where its meaning is not known: {}",
            visible(left)
        );
    }
    let _ = writeln!(text, "  Afterwards, {}.", visible(&canary.stays()));
    text
}
