//! The order in which recipes start: those that are called before those that call them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::workspace::{AssetId, Binding};

/// The recipes, callees before callers; otherwise in the order of their numbers. Bindings to anything
/// but the given recipes say nothing about the order. Recipes that call each other in a circle come
/// in an order that depends on their numbers only.
///
/// To start some recipes of many, give all of them and keep those that are to be started: they may
/// call each other through others. They stop in the opposite order.
pub fn callees_first<'a>(
    recipes: impl IntoIterator<Item = (AssetId, &'a [Binding])>,
) -> Vec<AssetId> {
    let recipes: BTreeMap<AssetId, &[Binding]> = recipes.into_iter().collect();
    let callees = |id: AssetId| -> Vec<AssetId> {
        let bindings = recipes.get(&id).copied().unwrap_or_default();
        let callees: BTreeSet<AssetId> = bindings
            .iter()
            .filter_map(|binding| match binding {
                Binding::Asset(callee) if recipes.contains_key(callee) => Some(*callee),
                Binding::Asset(_) | Binding::Connector(_) | Binding::Shared | Binding::Nothing => {
                    None
                }
            })
            .collect();
        // Taken from the end.
        callees.into_iter().rev().collect()
    };
    let mut order = Vec::with_capacity(recipes.len());
    let mut met = BTreeSet::new();
    for &start in recipes.keys() {
        if !met.insert(start) {
            continue;
        }
        // Calls may be nested deeper than the stack of a thread.
        let mut path = vec![(start, callees(start))];
        while let Some((id, left)) = path.last_mut() {
            match left.pop() {
                Some(callee) if met.insert(callee) => path.push((callee, callees(callee))),
                Some(_) => {}
                None => {
                    order.push(*id);
                    path.pop();
                }
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(calls: &[(u64, &[u64])]) -> Vec<u64> {
        let recipes: Vec<(AssetId, Vec<Binding>)> = calls
            .iter()
            .map(|(id, callees)| {
                let bindings = callees.iter().map(|id| Binding::Asset(AssetId(*id)));
                (AssetId(*id), bindings.collect())
            })
            .collect();
        callees_first(recipes.iter().map(|(id, bindings)| (*id, &**bindings)))
            .iter()
            .map(|id| id.0)
            .collect()
    }

    #[test]
    fn who_is_called_comes_first() {
        type Row<'a> = (&'a str, &'a [(u64, &'a [u64])], &'a [u64]);
        let rows: &[Row<'_>] = &[
            ("none", &[], &[]),
            ("no calls", &[(3, &[]), (1, &[]), (2, &[])], &[1, 2, 3]),
            ("a chain", &[(1, &[2]), (2, &[3]), (3, &[])], &[3, 2, 1]),
            (
                "a diamond",
                &[(1, &[3, 2]), (2, &[4]), (3, &[4]), (4, &[])],
                &[4, 2, 3, 1],
            ),
            ("itself", &[(1, &[1])], &[1]),
            ("others", &[(1, &[9])], &[1]),
            ("a circle", &[(1, &[2]), (2, &[3]), (3, &[1])], &[3, 2, 1]),
            (
                "a circle and who calls it",
                &[(1, &[2]), (2, &[3]), (3, &[2, 4]), (4, &[])],
                &[4, 3, 2, 1],
            ),
        ];
        for (what, calls, expected) in rows {
            assert_eq!(order(calls), *expected, "{what}");
        }
    }

    #[test]
    fn calls_may_be_nested_deeply() {
        let calls: Vec<Vec<Binding>> = (1..=100_000)
            .map(|id| vec![Binding::Asset(AssetId(id + 1))])
            .collect();
        let recipes = (1..).zip(&calls).map(|(id, to)| (AssetId(id), &**to));
        let order = callees_first(recipes);
        assert_eq!(order.first(), Some(&AssetId(100_000)));
        assert_eq!(order.len(), 100_000);
    }
}
