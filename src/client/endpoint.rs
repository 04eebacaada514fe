//! API endpoints.

use super::account::AccountApi;
use super::answer::Node;
use super::error::ClientError;
use super::id::{EndpointId, RecipeId};
use super::request::Request;
use crate::model::workspace::{EndpointState, Served};

/// An API endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointInfo {
    /// Its number.
    pub id: EndpointId,
    /// Its name.
    pub name: String,
    /// How it is called.
    pub served: Served,
    /// The recipe that answers, if one is told.
    pub recipe: Option<RecipeId>,
    /// Whether it can be called.
    pub state: EndpointState,
}

fn endpoint(node: &Node<'_>) -> Result<EndpointInfo, ClientError> {
    let active = node
        .flag("active")?
        .ok_or_else(|| node.refuse("active", "true or false"))?;
    Ok(EndpointInfo {
        id: EndpointId(node.id("id")?),
        name: node.text("name")?,
        served: Served {
            method: node.optional_text("method")?.unwrap_or_default(),
            path: node.optional_text("path")?.unwrap_or_default(),
        },
        recipe: node.optional_id("flow_id")?.map(RecipeId),
        state: match active {
            true => EndpointState::Enabled,
            false => EndpointState::Disabled,
        },
    })
}

impl AccountApi<'_> {
    /// The API endpoints of all collections. Of customers' the platform documents no list.
    ///
    /// # Errors
    /// As any question's.
    pub fn endpoints(&self) -> Result<Vec<EndpointInfo>, ClientError> {
        let request = self.get("api_endpoints");
        self.transport
            .pages(&request, &["api_endpoints"], &["name"], endpoint)
    }

    /// Enables or disables an API endpoint. To ask twice does no harm.
    ///
    /// # Errors
    /// As any question's; [`ClientError::Refused`] where the platform does not do it, as for an endpoint
    /// whose recipe does not run.
    pub fn set_endpoint(&self, id: EndpointId, state: EndpointState) -> Result<(), ClientError> {
        let verb = match state {
            EndpointState::Enabled => "enable",
            EndpointState::Disabled => "disable",
        };
        let request = Request::put(
            self.path(&format!("api_endpoints/{id}/{verb}")),
            format!("{verb} API endpoint {id}"),
        );
        self.transport.answer(&request)?.accepted().map(drop)
    }
}
