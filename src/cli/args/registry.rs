//! Arguments of `push`, `pull`, `attach`, `discover` and `tags`.

use std::path::PathBuf;

use clap::Args;

use super::ForceArgs;
use crate::model::workspace::Address;
use crate::registry::Reference;

/// How registries are spoken to.
#[derive(Clone, Debug, Args)]
pub(crate) struct RegistryArgs {
    /// Certificates (PEM) to trust [default: $RECIPACK_CA_FILE]
    #[arg(long = "ca-file", id = "registry_ca_file", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// Whether what is made of a package is brought to where the package is.
#[derive(Clone, Debug, Args)]
pub(crate) struct AttachingArgs {
    /// Attach it to the package, too, which is one in a registry
    #[arg(long)]
    pub(crate) attach: bool,
    /// How it is spoken to.
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// Arguments of `push`.
#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// The package; its decision record goes with it
    #[arg(value_name = "PACKAGE.zip")]
    pub(crate) package: PathBuf,
    /// Where to: oci://HOST/REPOSITORY:TAG, or oci:DIR:TAG
    #[arg(value_name = "REGISTRY", value_parser = reference)]
    pub(crate) to: Reference,
    /// Point the tag to this package though it points to another one
    #[arg(long)]
    pub(crate) move_tag: bool,
    /// How it is spoken to.
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// Arguments of `pull`.
#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    /// The package: oci://HOST/REPOSITORY:TAG, …@sha256:DIGEST, or oci:DIR:TAG
    #[arg(value_name = "REGISTRY", value_parser = reference)]
    pub(crate) from: Reference,
    /// The package, or its folder [default: as it is called there, here]
    #[arg(short, long, value_name = "FILE|DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Also write its signatures, statements and bills of materials beside it
    #[arg(long)]
    pub(crate) attachments: bool,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// How it is spoken to.
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// Arguments of `attach`.
#[derive(Debug, Args)]
pub(crate) struct AttachArgs {
    /// The package: oci://HOST/REPOSITORY:TAG, …@sha256:DIGEST, or oci:DIR:TAG
    #[arg(value_name = "REGISTRY", value_parser = reference)]
    pub(crate) to: Reference,
    /// Signatures, statements, bills of materials and reports about it
    #[arg(value_name = "FILE", required_unless_present = "repair")]
    pub(crate) files: Vec<PathBuf>,
    /// What the files are, if they don't show it: a media type
    #[arg(long = "type", value_name = "MEDIA/TYPE", value_parser = media_type)]
    pub(crate) kind: Option<String>,
    /// Put back what the list of attachments lost to others who wrote it at the same time
    #[arg(long)]
    pub(crate) repair: bool,
    /// How it is spoken to.
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// Arguments of `discover`.
#[derive(Debug, Args)]
pub(crate) struct DiscoverArgs {
    /// The package: oci://HOST/REPOSITORY:TAG, …@sha256:DIGEST, or oci:DIR:TAG
    #[arg(value_name = "REGISTRY", value_parser = reference)]
    pub(crate) of: Reference,
    /// How it is spoken to.
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// Arguments of `tags`.
#[derive(Debug, Args)]
pub(crate) struct TagsArgs {
    /// The repository: oci://HOST/REPOSITORY, or oci:DIR
    #[arg(value_name = "REGISTRY", value_parser = reference)]
    pub(crate) of: Reference,
    /// How it is spoken to.
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

fn reference(text: &str) -> Result<Reference, String> {
    if Address::is_meant(text) {
        return Err(format!(
            "it is a workspace, and not a registry; `recipack import PACKAGE.zip --into {text}` brings a package there, and `recipack workspace export {text}` takes one out"
        ));
    }
    if !Reference::is_meant(text) {
        return Err(
            "a registry is oci://HOST/REPOSITORY:TAG, a folder in the OCI image layout oci:DIR:TAG"
                .to_owned(),
        );
    }
    text.parse()
        .map_err(|error: crate::registry::ReferenceError| error.reason)
}

fn media_type(text: &str) -> Result<String, String> {
    let word = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(plain)
    };
    match text.split_once('/') {
        Some((kind, rest)) if word(kind) && word(rest) && text.len() < 128 => Ok(text.to_owned()),
        Some(_) | None => Err("a media type is like application/sarif+json".to_owned()),
    }
}
