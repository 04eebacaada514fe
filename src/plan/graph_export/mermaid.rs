//! A graph as a Mermaid flowchart.

use std::collections::{BTreeMap, BTreeSet};

use super::colour::{Colours, TEXT};
use super::{GraphDocument, GraphNode, on_one_line, said};
use crate::model::ident::Digest;

/// How many hexadecimal digits of a digest tell nodes apart.
const ID_DIGITS: usize = 12;

/// Draws a graph as a Mermaid flowchart. The id of a node or a folder depends on its path alone, so
/// that drawings of two versions of a project differ only where the project does.
pub fn mermaid(document: &GraphDocument) -> String {
    let ids: Vec<String> = document
        .nodes
        .iter()
        .map(|node| id('n', &node.id))
        .collect();
    let mut text = String::from("flowchart LR\n");
    for (folder, nodes) in document.groups() {
        let indent = if folder.is_empty() {
            "  "
        } else {
            let id = id('f', folder);
            text.push_str(&format!("  subgraph {id}[\"{}\"]\n", escape(folder)));
            "    "
        };
        for node in nodes {
            let label = label(&document.nodes[node]);
            text.push_str(&format!("{indent}{}[\"{label}\"]\n", ids[node]));
        }
        if !folder.is_empty() {
            text.push_str("  end\n");
        }
    }
    for ((from, to), verbs) in document.links() {
        let arrow = if document.nodes[to].is_dashed() {
            "-.->"
        } else {
            "-->"
        };
        let label = said(&verbs, |verb| verb.as_str());
        text.push_str(&format!(
            "  {} {arrow}|\"{label}\"| {}\n",
            ids[from], ids[to]
        ));
    }
    text.push_str(&classes(document, &ids));
    text
}

/// Which colours and lines the nodes have.
fn classes(document: &GraphDocument, ids: &[String]) -> String {
    let mut coloured: BTreeMap<Colours, Vec<&str>> = BTreeMap::new();
    let mut dashed = BTreeSet::new();
    for (node, id) in document.nodes.iter().zip(ids) {
        coloured.entry(Colours::of(node)).or_default().push(id);
        if node.is_dashed() {
            dashed.insert(id.as_str());
        }
    }
    let mut text = String::new();
    for (Colours { name, fill, line }, ids) in coloured {
        text.push_str(&format!(
            "  classDef {name} fill:{fill},stroke:{line},color:{TEXT}\n  class {} {name}\n",
            ids.join(",")
        ));
    }
    if !dashed.is_empty() {
        let ids: Vec<&str> = dashed.into_iter().collect();
        text.push_str(&format!(
            "  classDef absent stroke-dasharray: 5 5\n  class {} absent\n",
            ids.join(",")
        ));
    }
    text
}

fn id(sort: char, path: &str) -> String {
    let digest = Digest::of(path.as_bytes()).to_string();
    format!("{sort}{}", &digest[..ID_DIGITS])
}

fn label(node: &GraphNode) -> String {
    let lines: Vec<String> = [node.name.clone()]
        .into_iter()
        .chain(node.remarks())
        .map(|line| escape(&line))
        .collect();
    lines.join("<br/>")
}

/// `text` inside a quoted label, where Mermaid knows entities, HTML and Markdown.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in on_one_line(text).chars() {
        match c {
            '"' | '#' | '<' | '>' | '&' | '`' | '\\' | '*' | '~' => {
                escaped.push_str(&format!("#{};", u32::from(c)));
            }
            c => escaped.push(c),
        }
    }
    escaped
}
