//! A project too large to be drawn asset by asset: its folders, and what goes on between them.

use std::collections::{BTreeMap, BTreeSet};

use super::network::Network;
use super::{FolderContents, GraphEdge, GraphNode, READABLE, Verb};
use crate::plan::decision::Outcome;

/// The id of what lies in no folder.
const NO_FOLDER: &str = ".";

/// The folders of all nodes. Where there are too many, those further down count to the one above.
pub(super) fn of(network: &Network) -> (Vec<GraphNode>, Vec<GraphEdge>) {
    let depth = depth(network);
    let ids: Vec<&str> = network
        .nodes
        .iter()
        .map(|node| id(&node.folder, depth))
        .collect();
    let mut folders: BTreeMap<&str, (bool, FolderContents)> = BTreeMap::new();
    for (node, id) in network.nodes.iter().zip(&ids) {
        let (present, holds) = folders.entry(id).or_default();
        match node.present {
            true => {
                let word = node.kind.as_ref().map_or("", |kind| kind.as_str());
                *holds.assets.entry(word.to_owned()).or_default() += 1;
                *present = true;
            }
            false => holds.missing += 1,
        }
        if matches!(node.outcome, Some(Outcome::LeftOut | Outcome::Refused)) {
            holds.left_out += 1;
        }
    }
    let nodes = folders.into_iter().map(|(id, (present, holds))| GraphNode {
        id: id.to_owned(),
        kind: None,
        name: match id {
            NO_FOLDER => "(no folder)".to_owned(),
            folder => folder.to_owned(),
        },
        folder: String::new(),
        present,
        outcome: None,
        because: None,
        holds: Some(holds),
    });
    // One need may have several reasons.
    let needs: BTreeSet<(usize, usize, Verb)> = network
        .edges
        .iter()
        .map(|link| (link.from, link.to, link.verb))
        .collect();
    let mut counts: BTreeMap<(&str, &str, Verb), usize> = BTreeMap::new();
    for (from, to, verb) in needs {
        if ids[from] != ids[to] {
            *counts.entry((ids[from], ids[to], verb)).or_default() += 1;
        }
    }
    let edges = counts
        .into_iter()
        .map(|((from, to, verb), count)| GraphEdge {
            from: from.to_owned(),
            to: to.to_owned(),
            verb,
            reason: None,
            count: Some(count),
        });
    (nodes.collect(), edges.collect())
}

/// How many folders deep the picture goes, so that it can be read.
fn depth(network: &Network) -> usize {
    let folders: BTreeSet<&str> = network.nodes.iter().map(|node| &*node.folder).collect();
    let deepest = folders.iter().map(|folder| folder.split('/').count()).max();
    let is_readable = |depth: &usize| {
        let drawn: BTreeSet<&str> = folders.iter().map(|folder| id(folder, *depth)).collect();
        drawn.len() <= READABLE
    };
    let mut depths = (1..=deepest.unwrap_or(1)).rev();
    depths.find(is_readable).unwrap_or(1)
}

/// The id of a folder, or of the one above it that stands for it.
fn id(folder: &str, depth: usize) -> &str {
    if folder.is_empty() {
        return NO_FOLDER;
    }
    match folder.match_indices('/').nth(depth - 1) {
        Some((end, _)) => &folder[..end],
        None => folder,
    }
}
