//! The codes of findings: what each means, how much it matters, and a page that explains it.

use std::fmt;
use std::str::FromStr;

use super::Severity;
use crate::model::keyword::nearest;

/// What a manifest may say about how much a finding matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Latitude {
    /// Whatever it likes.
    Free,
    /// Whatever it likes; if it says nothing, it is not told at all.
    Asked,
    /// Nothing: a package could not work, or would not be what was asked for.
    Guard,
    /// Nothing: it is told of workspaces, where there is no manifest.
    Workspace,
}

macro_rules! codes {
    ($($variant:ident = $text:literal, $severity:ident, $latitude:ident, $meaning:literal;)*) => {
        /// The stable code of a finding. Once published, a code keeps its meaning.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize,
            serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub enum Code { $(#[doc = $meaning] $variant,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// The code as printed.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// How much a finding of this code matters.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// What a manifest may say about it.
            pub const fn latitude(self) -> Latitude {
                match self { $(Self::$variant => Latitude::$latitude,)* }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// The page that explains it, in Markdown without a title: what it means, why it matters
            /// on the platform, an example, and what to do.
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("pages/", $text, ".md")),)* }
            }
        }
    };
}

codes! {
    BrokenJson = "broken-json", Error, Guard, "An asset's file is not the JSON that the platform writes.";
    UnsafePath = "unsafe-path", Error, Guard, "A file's path can't stand in a package.";
    PathCollision = "path-collision", Error, Guard, "Two paths would be one file on a disk that folds case or normalises names.";
    SymbolicLink = "symbolic-link", Error, Guard, "A symbolic link stands where an asset's file is expected; links are never followed.";
    UnreadableFile = "unreadable-file", Error, Guard, "A file or folder of the project can't be read.";
    IgnoreFileUnreadable = "ignore-file-unreadable", Error, Guard, "An ignore file, or a line of it, can't be read, so what it leaves out is not known.";
    IgnoreFileUnused = "ignore-file-unused", Warning, Free, "A file looks like an ignore file and is not read.";
    IgnoreRuleIneffective = "ignore-rule-ineffective", Warning, Free, "A line of an ignore file leaves nothing out, though packed files are what it seems to mean.";
    IgnoreRuleUnused = "ignore-rule-unused", Note, Free, "A line of an ignore file matches no file of the project.";
    ProjectRootUnclear = "project-root-unclear", Warning, Free, "All assets lie in one folder, and nothing tells whether the project begins there or around it.";
    ProjectBelow = "project-below", Note, Free, "The project begins in a folder of the one that was given.";
    NothingSelected = "nothing-selected", Error, Guard, "The manifest and the command line select no asset.";
    NamesNothing = "names-nothing", Error, Guard, "The manifest or the command line names something that is not in the project.";
    HardCodedCredential = "hard-coded-credential", Error, Free, "A credential stands in a file, in a form that only its issuer gives.";
    SuspectedCredential = "suspected-credential", Warning, Free, "What looks like a credential stands in a file.";
    SharedConnectorExcluded = "shared-connector-excluded", Warning, Free, "A shared connector is left out: the customer runs the shared version.";
    SharedConnectorIncluded = "shared-connector-included", Warning, Free, "A shared connector is packed against the rule and becomes a second connector of the customer's own.";
    SharedConnectorUnreachable = "shared-connector-unreachable", Error, Guard, "A closed-source connector is shared in another data center, where the customer can't reach it.";
    SharedVersionDiffers = "shared-version-differs", Warning, Free, "The shared version of a connector is another one than the project holds.";
    CatalogueMissing = "catalog-missing", Error, Guard, "Whether a connector is shared with the customer is not known: no catalogue was given, or it does not say.";
    CatalogueIncomplete = "catalog-incomplete", Warning, Free, "An entry of the catalogue does not say whether its connector is shared.";
    SharingUnknown = "sharing-unknown", Warning, Free, "A connector is packed as asked for, and whether the customer has it as a shared one too is not known.";
    DataCenterUnknown = "data-center-unknown", Error, Guard, "Whether a closed-source connector reaches the customer depends on data centers that are not given.";
    CatalogConflict = "catalog-conflict", Warning, Free, "The catalogue knows a connector's internal name under one title and its title under another internal name.";
    CatalogNearMiss = "catalog-near-miss", Warning, Free, "A connector's title differs from one in the catalogue only in case or spacing, so whether it is shared is not known.";
    ConnectorInstalls = "connector-installs", Note, Free, "A connector that is not shared installs as the customer's own.";
    ConnectorLeftOut = "connector-left-out", Warning, Free, "A connector is left out for an external account, where the recipes need it.";
    ConnectorStays = "connector-stays", Warning, Workspace, "A connector that is needed can't leave its workspace: no version is released, or its source is not there.";
    ConnectorRefused = "connector-refused", Error, Guard, "A connector that the customer needs is excluded and not shared.";
    ConnectorMissing = "connector-missing", Error, Guard, "A needed connector's files are not there, or only half of them are.";
    ConnectorAssumed = "connector-assumed", Warning, Free, "An internal name was taken for a connector's that nothing links it to, because no other was possible or its title fits.";
    ConnectorAmbiguous = "connector-ambiguous", Error, Guard, "Which connectors some internal names mean can't be told, and a customer's package depends on it.";
    ConnectorUnlinked = "connector-unlinked", Warning, Free, "Which connectors some internal names mean can't be told; the package is left as the platform wrote it.";
    ConnectorTitleTaken = "connector-title-taken", Error, Guard, "Two connectors have one title, by which an import knows them.";
    ConnectorTitleNear = "connector-title-near", Warning, Free, "Titles of connectors differ only in case, spaces or the way a letter is composed.";
    ConnectorSuppliedTwice = "connector-supplied-twice", Warning, Free, "A connector is in the project and among the supplied ones, with other code; the project's counts.";
    LfsPointer = "lfs-pointer", Error, Guard, "A Git LFS pointer stands where a file's content is expected.";
    MergeConflict = "merge-conflict", Error, Guard, "A file holds the markers of a merge that was not resolved.";
    ConnectorElsewhere = "connector-elsewhere", Warning, Free, "A connector's connection lies in another package, and the connector has to be there too.";
    ConnectorUnused = "connector-unused", Note, Free, "A packed connector is used by no packed recipe or connection.";
    AmbiguousProvider = "ambiguous-provider", Warning, Free, "One internal name leads to several connectors.";
    InternalNameLeft = "internal-name-left", Warning, Free, "A connector's internal name stands in a place that is not rewritten.";
    DanglingConnection = "dangling-connection", Note, Free, "A connection is not in the package; it binds in the target by folder and name.";
    DanglingReference = "dangling-reference", Warning, Free, "A reference points at an asset that is not in the package; it binds in the target by folder and name.";
    DanglingLookup = "dangling-lookup", Note, Free, "A formula looks up a table that is not in the package.";
    RecipeNotPacked = "recipe-not-packed", Warning, Free, "A step calls a recipe that is not in the package; it binds in the target by folder and name.";
    IncompleteReference = "incomplete-reference", Note, Free, "A step names a recipe without the path of its file.";
    WorkatoInConfig = "workato-in-config", Warning, Free, "A recipe's `config` lists `workato`, which is no application.";
    PackageTooLarge = "package-too-large", Error, Guard, "A package is larger than the platform takes.";
    ProviderUnlisted = "provider-unlisted", Warning, Free, "A step uses an application that its recipe does not list.";
    ConnectionsUnauthorized = "connections-unauthorized", Note, Free, "Connections are packed, and come without their credentials.";
    UnusedAsset = "unused-asset", Note, Free, "Nothing in the package uses an asset that is there to be used.";
    NameBreaksRule = "name-breaks-rule", Warning, Free, "An asset's name is not as the manifest says that names are.";
    HardCodedHost = "hard-coded-host", Note, Asked, "A step holds a host's name; told only if the manifest asks for it.";
    HardCodedAddress = "hard-coded-address", Note, Asked, "A step holds an e-mail address; told only if the manifest asks for it.";
    RawId = "raw-id", Warning, Free, "A number from the source workspace stands where a reference is expected; it means something else in the target.";
    RawIdSkipped = "raw-id-skipped", Note, Free, "A number from the source workspace stands in a skipped step.";
    ActionMissing = "action-missing", Error, Guard, "A recipe uses an action or trigger that the version of the connector which it will run does not have.";
    ConnectorSource = "connector-source", Error, Free, "A connector's source has errors, and the platform does not release code with errors.";
    ConnectorForm = "connector-form", Warning, Free, "A connector's source is Ruby, but not the hash that connectors are.";
    InterfaceUnknown = "interface-unknown", Note, Free, "Whether a connector's version has what recipes use can't be told from its source.";
    ConnectorBlocked = "connector-blocked", Warning, Workspace, "A recipe's connector is neither in the package nor in the workspace; an import without it has to be permitted.";
    ConnectorSourceless = "connector-sourceless", Error, Workspace, "A package has a connector's JSON without a Ruby source that could be released.";
    ConnectorDowngrade = "connector-downgrade", Warning, Workspace, "An import would put older code of a connector in place of newer code.";
    ConnectorDirectionUnknown = "connector-direction-unknown", Warning, Workspace, "An import replaces the code of a connector, and whether by older or newer code can't be told.";
    ConnectorSharingUnknown = "connector-sharing-unknown", Warning, Workspace, "A recipe's connector may be shared with the workspace, which can't be seen; an import without it has to be permitted.";
    ConnectorMovesRecipes = "connector-moves-recipes", Warning, Workspace, "A connector's new version moves recipes outside the package too.";
    ConnectionProviderDiffers = "connection-provider-differs", Warning, Workspace, "A connection of the same name is in the workspace for another application.";
    ConnectionNameTaken = "connection-name-taken", Note, Workspace, "A connection comes beside another of its name and application.";
    ReferenceAmbiguous = "reference-ambiguous", Warning, Workspace, "A reference may mean any of several assets; it stays unbound, or bound as it is.";
    ReferenceByName = "reference-by-name", Note, Workspace, "A reference binds to an asset of its name that is not where the reference says.";
    ReferenceRebinds = "reference-rebinds", Warning, Workspace, "Of an asset only what a reference means would change.";
    PackageFolderExtra = "package-folder-extra", Warning, Free, "A package has a folder around it that its references know nothing of: it was zipped one folder too high.";
    FolderRepeated = "folder-repeated", Warning, Workspace, "All paths of a package begin with the name of the folder that it goes into, and would lie in it twice.";
    ProjectNameDiffers = "project-name-differs", Warning, Workspace, "A package names the project that it is from, and goes into a folder of another one.";
    OtherTarget = "other-target", Warning, Workspace, "A package was made for another kind of target, data center or customer than the workspace is.";
    NothingToImport = "nothing-to-import", Warning, Workspace, "A package holds no assets, so an import of it does nothing.";
    SettingUnmatched = "setting-unmatched", Error, Workspace, "Settings name something that the package neither brings nor uses.";
    SettingConnectionMissing = "setting-connection-missing", Error, Workspace, "Settings bind a connection of the package to one that the workspace does not have, or has several of.";
    SettingConnectionDiffers = "setting-connection-differs", Error, Workspace, "Settings bind a connection of the package to one that can't take its place.";
    SettingRowsMisfit = "setting-rows-misfit", Error, Workspace, "Settings give a table rows that do not fit it.";
    SettingBlocked = "setting-blocked", Error, Workspace, "A workspace can't take what settings say.";
    RestartFails = "restart-fails", Warning, Workspace, "A running recipe would be stopped and updated, and could not start again.";
    ConnectionOtherApplication = "connection-other-application", Warning, Free, "A recipe uses a connection for another application than the connection is for.";
    ConnectionNotChosen = "connection-not-chosen", Warning, Free, "An active step uses an application for which no connection is chosen.";
    OnPremGroup = "on-prem-group", Warning, Free, "A connection goes through an on-prem group, which does not travel.";
    SameName = "same-name", Warning, Free, "Several assets of one type and place have the same name; an import tells them apart by the order of their files.";
    PropertyMissing = "property-missing", Note, Free, "A formula reads a property that is not in the package.";
    PropertyValue = "property-value", Warning, Free, "Properties have values in the package; values do not travel, and may be secret.";
    PickedValue = "picked-value", Note, Free, "A step holds an id that was picked from a list of the source's account.";
    MalformedRows = "malformed-rows", Warning, Free, "The rows of a table are not CSV, or do not have one cell for each column.";
    SystemColumn = "system-column", Warning, Free, "A column of a data table has the title of a system column, which an import makes itself.";
    RecipeElsewhere = "recipe-elsewhere", Warning, Workspace, "An import creates a recipe, and the workspace has one of the same name in another folder.";
    NotTakenTwice = "not-taken-twice", Warning, Workspace, "A skill or an MCP server is in the workspace already, and the platform does not take it a second time.";
    UnknownType = "unknown-type", Warning, Free, "An asset's type is not known here; it is carried through as it is.";
    UnknownFile = "unknown-file", Warning, Free, "A file is none that assets of its type are known to have; it is carried through as it is.";
    NotAnAsset = "not-an-asset", Warning, Free, "A file looks like an asset's, is none as far as can be told, and is left out.";
    ForeignFile = "foreign-file", Note, Free, "A package holds files of other programs, which are ignored.";
    PortableName = "portable-name", Note, Free, "Some disks can't hold a folder or file under the name that it has.";
    ProjectBelowRoot = "project-below-root", Note, Free, "A `project.json` lies in a folder, as it does where a whole workspace was exported.";
    EquivalentReference = "equivalent-reference", Note, Free, "A reference spells a path in another way than the file's, though both look the same.";
    NameMissing = "name-missing", Warning, Free, "An asset has no name, by which the platform tells it from others.";
    RecipeApiForm = "recipe-api-form", Error, Guard, "A recipe is in the form of the platform's API, with `code` or `config` as text.";
    RecipeIncomplete = "recipe-incomplete", Warning, Free, "A recipe's `code` or `config` is not there, or not what the platform writes.";
    ConnectorUnlisted = "connector-unlisted", Error, Guard, "A recipe's steps use a custom connector that its `config` does not list, so that the rule can't see it.";
    AllowanceUnused = "allowance-unused", Note, Free, "The manifest allows a finding that there is not.";
    TargetUnknown = "target-unknown", Note, Workspace, "Whether a workspace is what a package was made for can't be told.";
    UnmarkedNames = "unmarked-names", Note, Free, "A package's names are UTF-8 without saying so, as the platform writes them.";
    OrphanFile = "orphan-file", Warning, Free, "A file belongs to an asset whose JSON is not there; it is carried through as it is.";
}

impl Code {
    /// Whether there is content that could not be read, so that what is known is not all there is.
    pub const fn hides_content(self) -> bool {
        matches!(
            self,
            Self::BrokenJson
                | Self::UnreadableFile
                | Self::SymbolicLink
                | Self::UnsafePath
                | Self::RecipeApiForm
                | Self::ConnectorUnlisted
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No finding has this code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no finding has the code `{}`", text.escape_debug())]
pub struct UnknownCode {
    /// What was given.
    pub text: String,
}

impl UnknownCode {
    /// What to write instead.
    pub fn help(&self) -> String {
        let all = "`recipack explain` lists all codes";
        match nearest(&self.text, Code::ALL.iter().map(|code| code.as_str())) {
            Some(code) => format!("did you mean `{code}`? {all}"),
            None => all.to_owned(),
        }
    }
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        // Manifests may still spell it as these codes once were.
        let spelled = text.replacen("catalogue-", "catalog-", 1);
        let mut codes = Self::ALL.iter().copied();
        codes
            .find(|code| code.as_str() == spelled)
            .ok_or_else(|| UnknownCode {
                text: text.to_owned(),
            })
    }
}

impl TryFrom<String> for Code {
    type Error = UnknownCode;

    fn try_from(text: String) -> Result<Self, UnknownCode> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_explained() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{code} stands twice");
            assert!(code.meaning().ends_with('.'), "{code}");
            // What guards is an error.
            assert!(
                code.latitude() != Latitude::Guard || code.severity() == Severity::Error,
                "{code}"
            );
            assert!(
                code.as_str()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{code}"
            );
        }
    }

    #[test]
    fn a_code_reads_back_and_a_slip_is_recognised() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
        }
        assert_eq!("catalogue-missing".parse(), Ok(Code::CatalogueMissing));
        let slip = "raw-ids".parse::<Code>().expect_err("none");
        assert_eq!(
            slip.help(),
            "did you mean `raw-id`? `recipack explain` lists all codes"
        );
    }
}
