//! The platform's own interface over HTTP: the Developer API of one workspace, and the Embedded API
//! that a partner has for its customers (platform.md §1–§3).
//!
//! A [`Client`] speaks for one token at one host. Its answers are values of this module, which hold
//! what the platform said and no more; what they mean is decided elsewhere.
//!
//! # Goals
//!
//! - Odd answers are understood (platform.md §1.5, §2, §8, §10): wrapped or flat, numbers as text,
//!   nulls, words that nobody has heard of. What can't be understood is shown, not guessed.
//! - Whatever was sent once and may have been carried out is not sent again. A `POST` whose answer
//!   was lost is [`ClientError::Lost`].
//! - Requests keep the platform's limits (platform.md §1.6, §12), each class its own, without being told to, end in bounded
//!   time, and answers have bounded sizes.
//! - The token goes to the host that it was given for, over TLS or to this machine, and nowhere else.
//!   It is in no message.

mod account;
mod answer;
mod base;
mod connection;
mod connector;
mod customer;
mod endpoint;
mod error;
mod folder;
mod id;
mod interruptible;
mod known;
mod limits;
mod package;
mod permissions;
mod property;
mod rate_limit;
mod recipe;
mod recipe_job;
mod request;
mod retry;
mod rights;
mod settings;
mod tally;
mod transport;
mod tries;
mod user;
mod wire;

pub use crate::client::permissions::Probe;
pub use crate::model::catalogue::SharedVersion;
pub use account::{Account, AccountApi, CustomerHandle};
pub use base::{ApiBase, BaseError};
pub use connection::{ConnectionInfo, Once};
pub use connector::{ConnectorDraft, ConnectorInfo, Publication, ReleasedVersion};
pub use customer::{CustomerInfo, NewCustomer};
pub use endpoint::EndpointInfo;
pub use error::{ClientError, FieldError, RequestContext};
pub use folder::{Folder, Project};
pub use id::{ConnectionId, EndpointId, FolderId, JobId, ManifestId, ProjectId, RecipeId};
pub use limits::{LimitClass, Limits, Rate, RateError, RateWanted};
pub use package::{
    Contents, HomeAssets, IncludeData, Job, JobStatus, ManifestAsset, NewManifest, Operation,
    RecipeStatus, RestartRecipes, RestartResult, Tags, Upload,
};
pub use recipe::{RecipeFilter, RecipeInfo, Started};
pub use settings::{Clock, Cut, Notice, Notices, Proxy, Retries, Settings, Timeouts, Token};
pub use tally::{Tally, TallyError, Turn};
pub use user::Me;

pub(crate) use answer::{header_text, is_page, shown};
pub(crate) use base::{authority, is_loopback};
pub(crate) use wire::{agent, connecting, is_hopeless};

use std::fmt;

use transport::Transport;

/// A token's view of the platform. It can be used by several threads at once; the limits count for
/// all of them together.
pub struct Client {
    transport: Transport,
}

impl Client {
    /// A client that has sent nothing yet.
    ///
    /// # Errors
    /// If the file with the certificates can't be read or has none, or if the proxy can't be one.
    pub fn new(
        settings: Settings,
        pauses: Box<dyn Clock + Send + Sync>,
    ) -> Result<Self, ClientError> {
        Ok(Self {
            transport: Transport::new(settings, pauses)?,
        })
    }

    /// Where it speaks to.
    pub fn base(&self) -> &ApiBase {
        self.transport.base()
    }

    /// A workspace that the token reaches: its own, or that of one of its customers.
    pub fn account<'c>(&'c self, account: &'c Account) -> AccountApi<'c> {
        AccountApi {
            transport: &self.transport,
            account,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", self.base())
            .finish_non_exhaustive()
    }
}
