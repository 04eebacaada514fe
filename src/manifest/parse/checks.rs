//! Reads `[checks]`, `[[allow]]` and `[naming]`.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::{Item, TableLike, Value};

use super::{Field, Reader, fields};
use crate::manifest::error::Problem;
use crate::manifest::{Allowance, Level, NamePattern};
use crate::model::finding::{Code, Latitude};
use crate::model::ident::TypeWord;
use crate::model::span::Located;

const ALLOW_KEYS: &[&str] = &["code", "fingerprint", "reason"];

impl Reader<'_> {
    pub(super) fn levels(&mut self, field: &Field<'_>) -> BTreeMap<Code, Level> {
        let mut levels = BTreeMap::new();
        for field in self.table(field) {
            let code = self.checked(&field.path, field.key.parse(), field.key_span.clone());
            let level = self.parsed::<Level>(&field);
            let (Some(code), Some(level)) = (code, level) else {
                continue;
            };
            match level.value.may_be_of(code) {
                true => {
                    levels.insert(code, level.value);
                }
                false => self.unsettable(&field, code, field.value_span()),
            }
        }
        levels
    }

    fn unsettable(&mut self, field: &Field<'_>, code: Code, span: Range<usize>) {
        let problem = match code.latitude() {
            Latitude::Workspace => Problem::OfWorkspace { code },
            Latitude::Guard | Latitude::Free | Latitude::Asked => Problem::Guards { code },
        };
        self.error(&field.path, problem, span);
    }

    pub(super) fn naming(&mut self, field: &Field<'_>) -> BTreeMap<TypeWord, Located<NamePattern>> {
        let mut naming = BTreeMap::new();
        for field in self.table(field) {
            let kind = self.checked(&field.path, field.key.parse(), field.key_span.clone());
            let pattern = self.parsed::<NamePattern>(&field);
            if let (Some(kind), Some(pattern)) = (kind, pattern) {
                naming.insert(kind, pattern);
            }
        }
        naming
    }

    pub(super) fn allowances(&mut self, field: &Field<'_>) -> Vec<Located<Allowance>> {
        let mut allowances = Vec::new();
        let tables: Vec<(&dyn TableLike, Range<usize>)> = match field.item {
            Item::ArrayOfTables(tables) => tables
                .iter()
                .map(|table| {
                    let span = table.span().unwrap_or(field.key_span.clone());
                    (table as &dyn TableLike, span)
                })
                .collect(),
            Item::Value(Value::Array(array)) if array.iter().all(Value::is_inline_table) => array
                .iter()
                .filter_map(|value| {
                    let span = value.span().unwrap_or(field.value_span());
                    Some((value.as_inline_table()? as &dyn TableLike, span))
                })
                .collect(),
            Item::None | Item::Value(_) | Item::Table(_) => {
                self.wrong_type(field, "a list of tables");
                return allowances;
            }
        };
        for (table, span) in tables {
            if let Some(allowance) = self.allowance(field, table, span.clone()) {
                allowances.push(self.located(allowance, span));
            }
        }
        allowances
    }

    fn allowance(
        &mut self,
        whole: &Field<'_>,
        table: &dyn TableLike,
        span: Range<usize>,
    ) -> Option<Allowance> {
        let (mut code, mut fingerprint, mut reason) = (None, None, None);
        let before = self.errors.len();
        let given = fields(table, &whole.path);
        for field in &given {
            match field.key {
                "code" => code = self.parsed::<Code>(field).map(|code| code.value),
                "fingerprint" => fingerprint = self.parsed(field).map(|print| print.value),
                "reason" => {
                    reason = self.text(field).map(str::to_owned);
                    if reason
                        .as_ref()
                        .is_some_and(|reason| reason.trim().is_empty())
                    {
                        self.error(&field.path, Problem::NoReason, field.value_span());
                    }
                }
                _ => self.unknown_key(field, ALLOW_KEYS),
            }
        }
        for key in ALLOW_KEYS {
            if !given.iter().any(|field| field.key == *key) {
                let problem = match *key {
                    "reason" => Problem::NoReason,
                    key => Problem::Missing(key),
                };
                self.error(&format!("{}.{key}", whole.path), problem, span.clone());
            }
        }
        if let Some(code) = code.filter(|code| !Level::Off.may_be_of(*code)) {
            self.unsettable(whole, code, span);
        }
        if self.errors.len() > before {
            return None;
        }
        Some(Allowance {
            code: code?,
            fingerprint: fingerprint?,
            reason: reason?,
        })
    }
}
