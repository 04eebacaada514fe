//! An admin workspace with what reaches beyond it: its customers, and what it shares with them.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Address, ConnectorId, RecipeUse, WorkspaceConnector, WorkspaceFacts, WorkspaceId};
use crate::model::catalogue::{Catalogue, CatalogueEntry, SharedVersion, Teller, Visibility};
use crate::model::ident::{DataCenter, Digest, InternalName, Version, WorkspaceName};
use crate::model::keyword::keyword_enum;

/// How a connector is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sharing {
    /// The version that customers run.
    pub version: Version,
    /// Whether they may see its source.
    pub visibility: Visibility,
}

keyword_enum! {
    /// Whether an admin workspace may share connectors without their source; the platform's
    /// operator decides (platform.md §4).
    pub enum ClosedSource: "permission" {
        /// It may.
        Allowed = "allowed",
        /// It may not.
        NotAllowed = "not-allowed",
    }
}

/// What is told of how connectors are shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharingTold {
    /// In which version, and whether with the source.
    Visibility,
    /// In which version only, as over the API (platform.md §10).
    VersionsOnly,
}

/// A customer of an admin workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerFacts {
    /// Its number.
    pub id: WorkspaceId,
    /// Its name.
    pub name: WorkspaceName,
    /// Where it is.
    pub address: Address,
    /// The data center that it lives in.
    pub data_center: DataCenter,
}

/// A customer's recipe that uses a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerUse {
    /// The customer, as an index into [`Partnership::customers`].
    pub customer: usize,
    /// The recipe.
    pub recipe: RecipeUse,
    /// The digest of its JSON.
    pub content: Option<Digest>,
}

/// An admin workspace, its customers, and what it shares with them; all of one moment.
#[derive(Clone, Debug)]
pub struct Partnership {
    /// The admin workspace.
    pub workspace: WorkspaceFacts,
    /// Whether it may share connectors without their source.
    pub closed_source: ClosedSource,
    /// What is told of how it shares them.
    pub tells: SharingTold,
    /// Its connectors, in the order of their numbers.
    pub connectors: Vec<WorkspaceConnector>,
    /// Those of them that are shared.
    pub shares: BTreeMap<ConnectorId, Sharing>,
    /// Those of which the workspace does not say whether they are shared. None of them is in `shares`.
    pub unsaid: BTreeSet<ConnectorId>,
    /// Its customers, in the order of their names.
    pub customers: Vec<CustomerFacts>,
    /// Stands for everything in the customers' workspaces.
    pub customers_state: Digest,
    /// The customers' recipes that use the connectors which were asked for, in the order of
    /// customers and recipes.
    pub users: BTreeMap<InternalName, Vec<CustomerUse>>,
}

impl Sharing {
    /// Whether this is the same as far as both are told.
    pub fn agrees_with(self, other: Self) -> bool {
        let told =
            self.visibility != Visibility::Unknown && other.visibility != Visibility::Unknown;
        self.version == other.version && (!told || self.visibility == other.visibility)
    }

    /// Whether a connector that is shared like this from `own` reaches customers in `other`: closed
    /// source stays in its data center (platform.md §4).
    pub fn reaches(self, own: &DataCenter, other: &DataCenter) -> bool {
        match self.visibility {
            Visibility::Open => true,
            Visibility::Closed | Visibility::Unknown => own == other,
        }
    }
}

impl Partnership {
    /// The version of a connector that a customer gets by this sharing, if it reaches the customer.
    pub fn version_at(
        &self,
        customer: &CustomerFacts,
        sharing: Option<Sharing>,
    ) -> Option<Version> {
        sharing
            .filter(|sharing| sharing.reaches(&self.workspace.data_center, &customer.data_center))
            .map(|sharing| sharing.version)
    }

    /// The recipes that use a connector.
    pub fn users_of(&self, name: &InternalName) -> &[CustomerUse] {
        self.users.get(name).map_or(&[], Vec::as_slice)
    }

    /// What the catalogue file says of a connector.
    pub fn entry(&self, connector: &WorkspaceConnector) -> CatalogueEntry {
        let sharing = self.shares.get(&connector.id);
        let shared_version = match sharing {
            Some(sharing) => SharedVersion::At(sharing.version),
            None if self.unsaid.contains(&connector.id) => SharedVersion::Unsaid,
            None => SharedVersion::None,
        };
        CatalogueEntry {
            title: connector.title.clone(),
            internal_name: connector.internal_name.clone(),
            shared_version,
            latest_released: connector.released,
            released_versions: connector.released_versions(),
            visibility: match (sharing, self.tells) {
                (Some(sharing), _) => sharing.visibility,
                (None, SharingTold::Visibility) => Visibility::Open,
                (None, SharingTold::VersionsOnly) => Visibility::Unknown,
            },
            data_center: Some(self.workspace.data_center.clone())
                .filter(|center| !center.is_unknown()),
        }
    }

    /// The catalogue: all connectors, those that are not shared too, in the order of their titles.
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::of_entries(
            self.connectors
                .iter()
                .map(|connector| self.entry(connector)),
        )
        .with_teller(Teller::Workspace)
    }
}
