//! Meeting the package's bytes with those that are there.

use super::*;

/// Answers the questions of a draft.
pub(super) struct Comparing<'a> {
    incoming: &'a Incoming,
    reader: SourceReader<'a>,
    scanner: Scanner,
    packaged: Vec<u8>,
    held: Vec<u8>,
}

impl<'a> Comparing<'a> {
    pub(super) fn new(incoming: &'a Incoming) -> Self {
        Self {
            incoming,
            reader: incoming.opened.source.reader(),
            scanner: Scanner::default(),
            packaged: Vec::new(),
            held: Vec::new(),
        }
    }

    pub(super) fn answer(
        &mut self,
        draft: &Draft<'_>,
        question: &Question,
        workspace: &dyn Workspace,
    ) -> Result<Answer, ImportError> {
        let asset = &self.incoming.opened.project.assets[question.asset];
        let broken = |source| ImportError::Json {
            path: asset.path.clone(),
            source,
        };
        read_main(
            self.incoming,
            question.asset,
            &mut self.reader,
            &mut self.packaged,
        )?;
        let renames = draft.renames(question.asset);
        if !renames.is_empty() {
            self.packaged = renamed(&asset.kind, &self.packaged, renames).map_err(broken)?;
        }
        workspace.content(&question.held, &mut self.held)?;
        let packaged = self
            .scanner
            .scan(&asset.kind, &self.packaged)
            .map_err(broken)?;
        let held = self.scanner.scan(&asset.kind, &self.held).map_err(broken)?;
        let packaged = Side {
            bytes: &self.packaged,
            references: &packaged.references,
            bindings: draft.bindings(question.asset),
        };
        let held = Side {
            bytes: &self.held,
            references: &held.references,
            bindings: &question.held_bindings,
        };
        let landing = &self.incoming.placing.landing;
        let rows = draft.rows(question.asset);
        compare::compare(&asset.kind, packaged, held, rows, landing).map_err(broken)
    }
}
