//! Folders and projects.

use std::collections::{BTreeSet, VecDeque};

use serde_json::json;

use super::account::{Account, AccountApi};
use super::answer::Node;
use super::error::ClientError;
use super::id::{FolderId, ProjectId};
use super::request::Request;

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its number.
    pub id: FolderId,
    /// Its name.
    pub name: String,
    /// The folder that it lies in; Home for projects, and none for Home itself.
    pub parent_id: Option<FolderId>,
    /// Whether it is a project's; `None` where the platform does not say.
    pub is_project: Option<bool>,
    /// The project that it belongs to.
    pub project_id: Option<ProjectId>,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its number.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder_id: FolderId,
}

fn folder(node: &Node<'_>) -> Result<Folder, ClientError> {
    Ok(Folder {
        id: FolderId(node.id("id")?),
        name: node.text("name")?,
        parent_id: node.optional_id("parent_id")?.map(FolderId),
        is_project: node.flag("is_project")?,
        project_id: node.optional_id("project_id")?.map(ProjectId),
    })
}

fn project(node: &Node<'_>) -> Result<Project, ClientError> {
    Ok(Project {
        id: ProjectId(node.id("id")?),
        name: node.text("name")?,
        folder_id: FolderId(node.id("folder_id")?),
    })
}

impl AccountApi<'_> {
    /// The folders that lie in a folder, in Home without one.
    ///
    /// # Errors
    /// As any question's.
    pub fn folders_in(&self, parent: Option<FolderId>) -> Result<Vec<Folder>, ClientError> {
        let mut request = self.get("folders");
        if let Some(parent) = parent {
            request = request.query("parent_id", parent);
        }
        self.transport
            .pages(&request, &["folders"], &["name"], folder)
    }

    /// Every folder below Home, each after the one it lies in. The platform lists one folder's
    /// folders at a time, so this takes a question for each of them.
    ///
    /// # Errors
    /// As any question's.
    pub fn folders(&self) -> Result<Vec<Folder>, ClientError> {
        let mut folders = self.folders_in(None)?;
        let mut known: BTreeSet<FolderId> = folders.iter().map(|folder| folder.id).collect();
        let inside = |folder: &Folder| {
            folder
                .parent_id
                .is_some_and(|parent| known.contains(&parent))
        };
        // Some lists have all of them at once. One folder's folders don't lie in each other.
        if folders.iter().any(inside) {
            return Ok(parents_first(folders));
        }
        let mut open: VecDeque<FolderId> = folders.iter().map(|folder| folder.id).collect();
        while let Some(parent) = open.pop_front() {
            for folder in self.folders_in(Some(parent))? {
                if known.insert(folder.id) {
                    open.push_back(folder.id);
                    folders.push(Folder {
                        parent_id: folder.parent_id.or(Some(parent)),
                        ..folder
                    });
                }
            }
        }
        Ok(folders)
    }

    /// Makes a folder; without a parent in Home, where it is a project. It is asked for once.
    ///
    /// # Errors
    /// As any question's, and [`ClientError::Lost`].
    pub fn create_folder(
        &self,
        name: &str,
        parent: Option<FolderId>,
    ) -> Result<Folder, ClientError> {
        let mut body = json!({ "name": name });
        if let Some(parent) = parent {
            // The documents have it as a text.
            body["parent_id"] = json!(parent.to_string());
        }
        let what = format!("create folder `{name}`");
        let request = Request::post(self.path("folders"), what).json(body);
        self.transport
            .change(&request, |answer| folder(&answer.record("id")?))
    }

    /// The projects.
    ///
    /// # Errors
    /// As any question's.
    pub fn projects(&self) -> Result<Vec<Project>, ClientError> {
        let request = self.get("projects");
        self.transport
            .pages(&request, &["projects"], &["name"], project)
    }

    /// Whether this is a customer's workspace.
    pub(super) const fn is_customer(&self) -> bool {
        match self.account {
            Account::Own => false,
            Account::Customer(_) => true,
        }
    }
}

/// The same folders, each after the one it lies in, otherwise in the order in which they came.
fn parents_first(mut left: Vec<Folder>) -> Vec<Folder> {
    let mut told = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waiting: BTreeSet<FolderId> = left.iter().map(|folder| folder.id).collect();
        let (later, now): (Vec<_>, Vec<_>) = left.into_iter().partition(|folder| {
            folder
                .parent_id
                .is_some_and(|parent| parent != folder.id && waiting.contains(&parent))
        });
        if now.is_empty() {
            // They lie in each other; the caller sees that they do.
            told.extend(later);
            return told;
        }
        told.extend(now);
        left = later;
    }
    told
}
