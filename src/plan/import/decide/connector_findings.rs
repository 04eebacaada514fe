//! What a person should know of a connector before an import.

use super::*;

impl Draft<'_> {
    pub(super) fn connector_findings(
        &self,
        met: &Met<'_>,
        planned: &PlannedConnector,
        findings: &mut Vec<Finding>,
    ) {
        let label = &planned.connector;
        let subject = match (met.adapter, &met.connector.title) {
            (Some(adapter), _) => Subject::File {
                path: self.project().assets[adapter].path.clone(),
                offset: None,
            },
            (None, Some(title)) => Subject::Connector(title.clone()),
            (None, None) => Subject::Project,
        };
        let users = match planned.recipes.len() {
            1 => "1 recipe of the package uses it".to_owned(),
            number => format!("{number} recipes of the package use it"),
        };
        match &met.fate {
            ConnectorFate::Missing => findings.push(
                Finding::new(
                    Code::ConnectorBlocked,
                    subject,
                    format!("\"{label}\" is neither in the package nor in the workspace"),
                )
                .note(users)
                .help("pack it (`recipack export --for external`), share it with this customer, or import without it and let its recipes be unable to start: --allow-missing-connectors"),
            ),
            ConnectorFate::Elsewhere => findings.push(
                Finding::new(
                    Code::ConnectorElsewhere,
                    subject,
                    format!("\"{label}\" is not in the workspace yet, and neither is its connection"),
                )
                .note(users)
                .help("import the package that brings both, and start the recipes afterwards"),
            ),
            ConnectorFate::Untold => findings.push(
                Finding::new(
                    Code::ConnectorSharingUnknown,
                    subject,
                    format!("\"{label}\" is neither in the package nor among the workspace's own, and whether it is shared with the workspace can't be seen"),
                )
                .note(users)
                .note("only the partner's account tells which connectors are shared with its customers")
                .help("if the workspace is a customer's, import with the partner's token and the customer's address; or say that it is all right: --allow-missing-connectors"),
            ),
            ConnectorFate::Half(lack) => findings.push(
                Finding::new(
                    Code::ConnectorSourceless,
                    subject,
                    format!("\"{label}\" is only half in the package: {}", lack.told()),
                )
                .note(users)
                .help(format!("{}, and make the package again", lack.way_out())),
            ),
            ConnectorFate::Unreleasable(error) => {
                let code = met.adapter.and_then(|adapter| {
                    let project = self.project();
                    let files = AdapterFiles::of(project, &project.assets[adapter]);
                    Some(project.files[files.code?].path.clone())
                });
                let subject = match code {
                    Some(path) => Subject::File { path, offset: None },
                    None => subject,
                };
                findings.push(unreleasable(label, subject, error).note(users));
            }
            ConnectorFate::Downgrade { from, evidence } => {
                let evidence = match evidence {
                    Older::Code(version) => format!("its code is that of {version}, which {from} replaced"),
                    Older::Number { packaged, held } => format!(
                        "it is {packaged} of the workspace it comes from, and {from} here was {held} there"
                    ),
                };
                findings.push(
                    Finding::new(
                        Code::ConnectorDowngrade,
                        subject,
                        format!("\"{label}\" would go back to older code"),
                    )
                    .note(evidence)
                    .help("pack the newest version, or say that it is meant: --allow-downgrade"),
                );
            }
            ConnectorFate::Update {
                from,
                direction: Found::Unknown(why),
            } => {
                let why = match why {
                    Incomparable::SameNumber(number) => format!(
                        "both are {number} of the workspace they come from, and their code differs"
                    ),
                    Incomparable::Workspaces { packaged, held } => format!(
                        "it comes from workspace {packaged} and {from} here from workspace {held}; numbers count per workspace"
                    ),
                    Incomparable::PackagedUnknown => {
                        "from which workspace the packaged one comes, or its number there, is not known".to_owned()
                    }
                    Incomparable::HeldUnknown => format!(
                        "from which workspace {from} here comes, or its number there, is not known"
                    ),
                };
                findings.push(
                    Finding::new(
                        Code::ConnectorDirectionUnknown,
                        subject.clone(),
                        format!("\"{label}\" gets other code, and whether that is older or newer can't be told"),
                    )
                    .note(why)
                    .help("compare the two before the import: `recipack connector diff`"),
                );
                self.included_though_shared(met, label, subject, findings);
            }
            ConnectorFate::Install | ConnectorFate::Update { .. } => {
                self.included_though_shared(met, label, subject, findings);
            }
            ConnectorFate::Same(_) | ConnectorFate::Present(_) | ConnectorFate::Shared(_) => {}
        }
        if !planned.moves.is_empty() {
            let running = planned
                .moves
                .iter()
                .filter(|moved| moved.state == RecipeState::Running);
            let mut finding = Finding::new(
                Code::ConnectorMovesRecipes,
                match &planned.title {
                    Some(title) => Subject::Connector(title.clone()),
                    None => Subject::Project,
                },
                format!(
                    "the new version of \"{label}\" also moves {} outside the package, {} of them running",
                    counted(planned.moves.len() as u64, "recipe"),
                    running.count()
                ),
            );
            for moved in &planned.moves {
                finding = finding.note(format!(
                    "{} ({})",
                    moved.folder.label(&moved.name),
                    moved.state
                ));
            }
            findings.push(finding);
        }
    }

    /// Tells of a connector that the package brings though the workspace has it as a shared one.
    pub(super) fn included_though_shared(
        &self,
        met: &Met<'_>,
        label: &str,
        subject: Subject,
        findings: &mut Vec<Finding>,
    ) {
        let entry = met.connector.entry.map(|(entry, _)| entry);
        if entry.is_none_or(|entry| entry.shared_version.version().is_none()) {
            return;
        }
        findings.push(
            Finding::new(
                Code::SharedConnectorIncluded,
                subject,
                format!("\"{label}\" is shared with this workspace, and the package brings it all the same"),
            )
            .note("the recipes of the package will use the workspace's own copy, which no update of the shared one reaches")
            .help("export the package with `--for customer` and the catalogue"),
        );
    }
}
