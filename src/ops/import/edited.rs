//! A package with the rows that settings give its tables, with connections that it only refers to, and
//! with recipes that have what somebody changed in the workspace: an edited copy, which is planned and
//! carried out in the package's place.

use super::sent::{Edits, Sent};
use super::*;
use crate::plan::import::shells;
use crate::plan::import::tables::{NamedTables, with_rows};

impl Incoming {
    /// What settings edit in the package: they may put other rows into its tables or have connections
    /// made; and what is wrong with those.
    pub(super) fn edits_of_settings(
        &self,
        request: &ImportRequest,
        workspace: &dyn Workspace,
    ) -> Result<(Edits, Vec<Finding>), ImportError> {
        let Some(asked) = &request.settings else {
            return Ok((Edits::default(), Vec::new()));
        };
        let project = &self.opened.project;
        let mut named = NamedTables::of(&asked.resolved, project, &self.placing);
        let mut reader = self.opened.source.reader();
        let mut bytes = Vec::new();
        let mut replaced = BTreeMap::new();
        for table in &named.tables {
            let Some(rows) = &table.said.value.rows else {
                continue;
            };
            let asset = &project.assets[table.asset];
            read_main(self, table.asset, &mut reader, &mut bytes)?;
            let edited = with_rows(&asset.kind, &bytes, rows);
            let edited = edited.map_err(|source| ImportError::Json {
                path: asset.path.clone(),
                source,
            })?;
            match edited {
                Ok(edited) => {
                    replaced.insert(asset.path.clone(), edited);
                }
                Err(misfits) => {
                    let misfits = misfits.iter();
                    let told = misfits.map(|it| it.finding(table.name, rows, &table.said.at));
                    named.findings.extend(told);
                }
            }
        }
        let mut edits = Edits {
            replaced,
            ..Edits::default()
        };
        let missing = shells::missing(&asked.resolved, project, &self.placing);
        if !missing.is_empty() {
            let _moment = workspace.one_moment()?;
            let snapshot = self.snapshot(workspace, &self.uses(request, workspace)?)?;
            let (made, findings) = shells::made(&missing, project, &self.placing, &snapshot);
            edits.added = made;
            named.findings.extend(findings);
        }
        Ok((edits, named.findings))
    }

    /// The same package with these edits.
    pub(super) fn with(
        &self,
        request: &ImportRequest,
        edits: &Edits,
        running: &Running,
    ) -> Result<Self, ImportError> {
        let sent = Sent::of(
            &request.package,
            self.package.digest,
            edits,
            &request.scratch,
        )?;
        let of_copy = ImportRequest {
            package: sent.path.clone(),
            ..request.clone()
        };
        let opened = opened(&of_copy, running, &mut Silent)?;
        Ok(Self {
            made_for: self.made_for.clone(),
            edited: Some(Edited {
                sent,
                contents: self.contents(),
            }),
            ..Self::of(&of_copy, opened, self.package.clone())?
        })
    }
}

/// That a package was edited.
#[derive(Debug)]
pub(super) struct Edited {
    /// The copy.
    pub(super) sent: Sent,
    /// The digest of what the package itself holds.
    pub(super) contents: Option<Digest>,
}
