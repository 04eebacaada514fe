//! `recipack discover` and `recipack tags`: what there is in a registry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::args::{DiscoverArgs, TagsArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::registry::{open, selector};
use super::super::table::{Align, Table};
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::registry::{Attachment, Listed, Opening};

/// What `discover` prints with `--json`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DiscoverDocument {
    /// The package, by the digest of its manifest.
    pub(crate) address: String,
    /// That digest: `sha256:…`.
    pub(crate) digest: String,
    /// What is attached to it.
    pub(crate) attachments: Vec<AttachmentDocument>,
}

/// Something that is attached to a package.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AttachmentDocument {
    /// What it is: a media type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// What it is called; absent if it has no name.
    pub(crate) name: Option<String>,
    /// The digest of its manifest: `sha256:…`.
    pub(crate) digest: String,
    /// Whether readers find it in the list of what is attached: `false` if that lost it, which
    /// `attach --repair` repairs.
    pub(crate) listed: bool,
}

/// What `tags` prints with `--json`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TagsDocument {
    /// The repository or the layout.
    pub(crate) repository: String,
    /// Its tags, sorted.
    pub(crate) tags: Vec<String>,
}

impl From<&Attachment> for AttachmentDocument {
    fn from(attachment: &Attachment) -> Self {
        Self {
            kind: attachment.kind.clone(),
            name: attachment.name.clone(),
            digest: attachment.digest.to_string(),
            listed: attachment.listed == Listed::Yes,
        }
    }
}

pub(crate) fn discover(context: &Context, args: &DiscoverArgs) -> Result<Exit, Stop> {
    let which = selector(&args.of)?;
    let ca = args.registry.ca_file.as_ref();
    let opened = open(context, ca, &args.of.home, Opening::Read)?;
    let found = opened.find(which)?;
    let attachments = opened.discover(&found)?;
    let document = DiscoverDocument {
        address: found.reference.to_string(),
        digest: found.digest.to_string(),
        attachments: attachments.iter().map(Into::into).collect(),
    };
    context.ui.print(&document, text)?;
    Ok(Exit::Done)
}

fn text(document: &DiscoverDocument) -> String {
    let mut text = format!("{}\n", visible(&document.address));
    if document.attachments.is_empty() {
        text.push_str("  nothing is attached\n");
    }
    let mut table = Table::new([Align::Left; 4]);
    for attachment in &document.attachments {
        let lost = match attachment.listed {
            true => "",
            false => "not in the list: recipack attach ADDRESS --repair",
        };
        let name = attachment.name.as_deref().unwrap_or("-");
        table.row([&attachment.kind, name, &attachment.digest, lost]);
    }
    text.push_str(&table.text("  "));
    text
}

pub(crate) fn tags(context: &Context, args: &TagsArgs) -> Result<Exit, Stop> {
    if args.of.selector.is_some() {
        let home = &args.of.home;
        return Err(Failure::usage(format!("{} names one package", args.of))
            .help(format!("name the repository: {home}"))
            .into());
    }
    let ca = args.registry.ca_file.as_ref();
    let opened = open(context, ca, &args.of.home, Opening::Read)?;
    let tags = opened.tags()?;
    let document = TagsDocument {
        repository: args.of.home.to_string(),
        tags: tags.iter().map(ToString::to_string).collect(),
    };
    context.ui.print(&document, |document| {
        let lines = document
            .tags
            .iter()
            .map(|tag| format!("{}\n", visible(tag)));
        lines.collect()
    })?;
    Ok(Exit::Done)
}
