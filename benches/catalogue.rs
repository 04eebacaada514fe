//! Whether the catalogue's commands stay quick where there is much of everything: 500 connectors, 5 000
//! customers, 20 recipes each. `cargo bench --bench catalogue` prints what each command takes and fails if one
//! takes a second.
#![allow(clippy::print_stdout, reason = "what a benchmark is run for")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use recipack::model::catalogue::Catalogue;
use recipack::model::ident::Digest;
use recipack::model::kind::AssetKind;
use recipack::model::workspace::{
    AssetKey, AssetPlace, Body, FolderPath, HeldState, RecipeState, StoredFile, Timestamp,
    WorkspaceKind,
};
use recipack::plan::commit::{Change, Commit};
use recipack::workspace::local::{LocalPlatform, NewWorkspace, Writing};
use recipack::workspace::{ContentError, Contents, Encoded, Encoding, Workspace as _};

const CONNECTORS: usize = 500;
const CUSTOMERS: usize = 5_000;
const RECIPES: usize = 20;
const BAR: Duration = Duration::from_secs(1);
const RECIPE: &[u8] = b"{\"name\": \"R\", \"code\": {}, \"config\": []}";

struct OneRecipe;

impl Contents for OneRecipe {
    fn content(&mut self, _: &Digest) -> Result<Encoded<'_>, ContentError> {
        Ok(Encoded {
            encoding: Encoding::Plain,
            bytes: RECIPE,
            size: RECIPE.len() as u64,
        })
    }
}

fn name(connector: usize) -> String {
    format!("c{connector}_connector_7_{}", 1_700_000_000 + connector)
}

fn catalogue() -> Result<Catalogue, Box<dyn Error>> {
    let mut text = String::from("[");
    for connector in 0..CONNECTORS {
        let comma = if connector == 0 { "" } else { "," };
        write!(
            text,
            r#"{comma}{{"name":"{}","title":"C {connector}","oem_shared_version":1,"latest_released_version":2,
            "released_versions":[{{"version":1}},{{"version":2}}]}}"#,
            name(connector)
        )?;
    }
    text.push(']');
    Ok(Catalogue::parse(text.as_bytes())?)
}

fn build(file: &Path) -> Result<(), Box<dyn Error>> {
    let writing = Writing {
        purpose: "benchmark".to_owned(),
        patience: Duration::from_secs(10),
        stop: Default::default(),
    };
    let mut platform = LocalPlatform::create(file, writing)?;
    let mut new = NewWorkspace {
        name: "studio".parse()?,
        kind: WorkspaceKind::Admin,
        data_center: "us".parse()?,
        id: None,
        external_id: None,
        admin: None,
        catalogue: Some(catalogue()?),
        at: Timestamp(1),
    };
    platform.create_workspace(&new)?;
    new.kind = WorkspaceKind::Customer;
    new.admin = Some("studio".parse()?);
    new.catalogue = None;
    let content = Digest::of(RECIPE);
    for customer in 0..CUSTOMERS {
        new.name = format!("customer-{customer}").parse()?;
        platform.create_workspace(&new)?;
        let mut workspace = platform.workspace(&new.name)?;
        let mut commit = Commit::on(&workspace.facts()?);
        for recipe in 0..RECIPES {
            let id = commit.new_asset();
            let state = match recipe % 2 {
                0 => RecipeState::Running,
                _ => RecipeState::Stopped,
            };
            commit.changes.push(Change::CreateAsset {
                id,
                key: AssetKey {
                    place: AssetPlace::Folder(FolderPath::home()),
                    kind: AssetKind::Recipe,
                    name: format!("Recipe {recipe}").into(),
                    twin: 0,
                },
                body: Body {
                    files: vec![StoredFile {
                        extension: "json".to_owned(),
                        content,
                        size: RECIPE.len() as u64,
                    }]
                    .into(),
                    origin: content,
                    renames: Default::default(),
                    bindings: Default::default(),
                    providers: vec![name((customer * RECIPES + recipe) % CONNECTORS)].into(),
                },
                state: HeldState::Recipe(state),
            });
        }
        workspace.commit(&commit, &mut OneRecipe)?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let place = tempfile::tempdir()?;
    let file = place.path().join("platform.db");
    let began = Instant::now();
    build(&file)?;
    println!(
        "{CONNECTORS} connectors, {CUSTOMERS} customers, {RECIPES} recipes each: built in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    let mut slow = Vec::new();
    for line in [
        "catalog list",
        "catalog show|C 7",
        "catalog update|C 7|--plan",
        "catalog switch|C 7|2|--plan",
        "catalog remove|C 7|--plan",
        "catalog pull|-o|pulled.json",
        "catalog diff|pulled.json",
        "catalog apply|pulled.json|--yes",
        "catalog update|C 8|--yes",
        "catalog switch|C 8|1|--yes",
        "customer list",
    ] {
        let mut words = line.split('|');
        let mut command = Command::new(env!("CARGO_BIN_EXE_recipack"));
        command
            .args(words.next().unwrap_or_default().split(' '))
            .args(words);
        if line.starts_with("catalog") {
            command.args(["--in", "local:studio"]);
        }
        command
            .arg("--platform")
            .arg(&file)
            .current_dir(place.path());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let began = Instant::now();
        let output = command.output()?;
        let took = began.elapsed();
        if !output.status.success() {
            return Err(format!("{line}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        println!(
            "  {:<32} {:.3} s",
            line.replace('|', " "),
            took.as_secs_f64()
        );
        if took >= BAR {
            slow.push(line.replace('|', " "));
        }
    }
    match slow.is_empty() {
        true => Ok(()),
        false => Err(format!("a second or more: {}", slow.join(", ")).into()),
    }
}
