//! The project of a console: its manifest and package, by the functions of `manifest` and `export`.

use std::path::{Path, PathBuf};

use super::super::args::{ExportArgs, ForceArgs, PackArgs, PlatformArgs, ReportArgs, SeveralArgs};
use super::super::failure::Failure;
use super::super::output::{Content, OutputPath, Replacing};
use super::super::request::{ManifestFile, TargetNeed, read_text, read_whole, resolve};
use super::super::{Context, Stop};
use super::lock::pack_args;
use super::{export, manifest};
use crate::console::{Packing, Trouble, Words, WrittenManifest};
use crate::manifest::{EditError, ManifestErrors};
use crate::model::ident::{Digest, TargetName};
use crate::ops::export::documents::ExportDocument;
use crate::ops::read::{Opened, Roots};

/// A manifest, and how commands are run that work with it.
pub(super) struct Project {
    /// Says nothing, and makes documents.
    context: Context,
    path: PathBuf,
    platform: PlatformArgs,
}

impl Project {
    /// The project of a manifest that can be read.
    pub(super) fn of(
        context: &Context,
        path: &Path,
        platform: &PlatformArgs,
    ) -> Result<Self, Failure> {
        ManifestFile::read(path)?;
        Ok(Self {
            context: context.silent(),
            path: path.to_owned(),
            platform: platform.clone(),
        })
    }

    fn pack(&self, target: &TargetName) -> PackArgs {
        pack_args(&self.path, target, &self.platform)
    }

    fn list(&self, target: &TargetName, words: Words) -> Result<ExportDocument, Stop> {
        let context = &self.context;
        let mut resolved = resolve(context, &self.pack(target), TargetNeed::Required)?;
        match words {
            Words::OfManifest => {}
            Words::OfNobody => resolved.request.words.clear(),
        }
        let prepared = resolved.prepare(context)?;
        let located = resolved.with_manifest(|manifest| prepared.located(manifest));
        Ok(export::document(&resolved, &prepared, located, None))
    }

    fn make(&self, target: &TargetName, file: &str, plan: Digest) -> Result<ExportDocument, Stop> {
        let args = ExportArgs {
            pack: self.pack(target),
            several: SeveralArgs::default(),
            output: Some(PathBuf::from(file)),
            force: ForceArgs::default(),
            limit_mb: None,
            fresh: false,
            list: false,
            locked: false,
            release: false,
            report: ReportArgs::default(),
        };
        let answer = export::confirmed(&self.context, &args, plan)?;
        Ok(answer.document.ok_or_else(export::stale)?)
    }
}

impl Packing for Project {
    fn manifest(&self) -> Result<WrittenManifest, Trouble> {
        Ok(WrittenManifest {
            text: read_text(&self.path).map_err(Failure::from)?,
            path: self.path.display().to_string(),
        })
    }

    fn project(&self) -> Result<Opened, Trouble> {
        let file = ManifestFile::read(&self.path)?;
        let request = file.request().ok_or_else(manifest::cant_be_ticked)?;
        Ok(read_whole(&self.context, &request.project, Roots::One)?)
    }

    fn planned(&self, target: &TargetName, words: Words) -> Result<ExportDocument, Trouble> {
        Ok(self.list(target, words)?)
    }

    fn save(&self, manifest: &WrittenManifest, text: &str) -> Result<(), Trouble> {
        if read_text(&self.path).map_err(Failure::from)? != manifest.text {
            return Err(self.stale());
        }
        // The file that is meant is edited, not a link to it replaced.
        let file = self.path.canonicalize();
        let file = file.unwrap_or_else(|_| self.path.clone());
        let output = OutputPath::check(&file, Content::Manifest, Replacing::AnyKind, &[])?;
        Ok(output.write(text.as_bytes())?)
    }

    fn file_name(&self, target: &TargetName) -> Result<String, Trouble> {
        // Nobody is asked for it: what the manifest says is enough.
        let file = ManifestFile::read(&self.path)?;
        let name = file.manifest().package.name.as_ref();
        Ok(match (name, file.request()) {
            (Some(name), _) => format!("{name}-{target}.zip"),
            (None, Some(request)) => {
                let stem = export::stem_of(None, &request.project)?;
                format!("{stem}-{target}.zip")
            }
            (None, None) => format!("{target}.zip"),
        })
    }

    fn export(
        &self,
        target: &TargetName,
        file: &str,
        plan: Digest,
    ) -> Result<ExportDocument, Trouble> {
        Ok(self.make(target, file, plan)?)
    }

    fn refused(&self, error: &EditError) -> Trouble {
        manifest::refused(error).into()
    }

    fn unsound(&self, manifest: &WrittenManifest, errors: &ManifestErrors) -> Trouble {
        Failure::manifest(&manifest.path, &manifest.text, errors).into()
    }

    fn stale(&self) -> Trouble {
        export::stale().into()
    }
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Failure(failure) => failure.into(),
            Stop::Output(error) => Failure::from(anyhow::Error::from(error)).into(),
        }
    }
}
