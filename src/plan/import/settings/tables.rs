//! What settings do with the rows of tables. The import itself brings them.

use super::{SettingAction, SettingEffect, SettingSubject, Settled};
use crate::model::table::{RowCount, RowsPolicy};
use crate::model::workspace::Address;
use crate::plan::import::Draft;
use crate::plan::import::tables::{NamedTable, NamedTables};
use crate::settings::ResolvedSettings;

impl Draft<'_> {
    /// What becomes of the rows of the tables that settings name. What is wrong with the names was
    /// told when the package was met with them.
    pub(super) fn settle_tables(
        &self,
        settings: &ResolvedSettings,
        address: &Address,
        settled: &mut Settled,
    ) {
        let named = NamedTables::of(settings, self.project(), self.placing);
        let actions = named.tables.iter();
        settled
            .actions
            .extend(actions.filter_map(|table| self.table_action(table, address)));
    }

    fn table_action(&self, table: &NamedTable<'_>, address: &Address) -> Option<SettingAction> {
        let (drafted, asset) = (
            &self.assets[table.asset],
            &self.project().assets[table.asset],
        );
        let key = drafted.key?;
        let planned = self.planned_rows(table.asset, address);
        let whose = match &table.said.value.rows {
            Some(rows) => format!(" of {}", rows.path),
            None => " of the package".to_owned(),
        };
        let policy = table.said.value.policy;
        let comes = || {
            let packaged = asset
                .facts
                .rows()
                .map_or(RowCount::Known(0), |rows| rows.count());
            format!("{packaged}{whose}")
        };
        let (effect, from, to, because) = match (planned, policy) {
            // Nothing was compared, since nothing is otherwise.
            (None, _) => (SettingEffect::Keeps, None, None, None),
            (Some(_), RowsPolicy::LeaveOut) if drafted.held.is_none() => (
                SettingEffect::Keeps,
                None,
                None,
                Some("comes without rows".to_owned()),
            ),
            (Some(rows), _) if rows.overwritten => {
                (SettingEffect::Changes, rows.from, Some(comes()), None)
            }
            (Some(rows), RowsPolicy::Overwrite | RowsPolicy::Keep)
                if rows.from != Some(rows.to) =>
            {
                (SettingEffect::Sets, None, Some(comes()), None)
            }
            (Some(rows), RowsPolicy::Keep | RowsPolicy::LeaveOut) => (
                SettingEffect::Keeps,
                None,
                None,
                Some(format!("keeps its rows: {}", rows.to)),
            ),
            (Some(_), RowsPolicy::Overwrite) => (SettingEffect::Keeps, None, None, None),
        };
        Some(SettingAction {
            subject: SettingSubject::Table,
            name: key.name.to_string(),
            folder: key.place.folder(),
            effect,
            from: from.map(|rows| rows.to_string()),
            to,
            because: because.into_iter().collect(),
            said: table.said.at.to_string(),
        })
    }
}
