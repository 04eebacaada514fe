//! A graph in the language of Graphviz.

use super::colour::{Colours, TEXT};
use super::{GraphDocument, GraphNode, on_one_line, said};

/// Draws a graph for Graphviz. Nodes have their paths as ids; those of a folder stand together.
pub fn dot(document: &GraphDocument) -> String {
    let mut text = format!(
        "digraph project {{\n  rankdir=LR;\n  node [shape=box, style=filled, fontcolor=\"{TEXT}\"];\n"
    );
    for (number, (folder, nodes)) in document.groups().into_iter().enumerate() {
        let indent = if folder.is_empty() {
            "  "
        } else {
            text.push_str(&format!(
                "  subgraph cluster_{number} {{\n    label=\"{}\";\n",
                label(folder)
            ));
            "    "
        };
        for node in nodes.into_iter().map(|node| &document.nodes[node]) {
            text.push_str(&format!("{indent}{}\n", drawn(node)));
        }
        if !folder.is_empty() {
            text.push_str("  }\n");
        }
    }
    for ((from, to), verbs) in document.links() {
        let [from, to] = [from, to].map(|node| &document.nodes[node]);
        let style = if to.is_dashed() { ", style=dashed" } else { "" };
        text.push_str(&format!(
            "  \"{}\" -> \"{}\" [label=\"{}\"{style}];\n",
            quoted(&from.id),
            quoted(&to.id),
            said(&verbs, |verb| verb.as_str()),
        ));
    }
    text.push_str("}\n");
    text
}

fn drawn(node: &GraphNode) -> String {
    let Colours { fill, line, .. } = Colours::of(node);
    let lines: Vec<String> = [node.name.clone()]
        .into_iter()
        .chain(node.remarks())
        .map(|line| label(&line))
        .collect();
    let style = if node.is_dashed() {
        ", style=\"filled,dashed\""
    } else {
        ""
    };
    format!(
        "\"{}\" [label=\"{}\", fillcolor=\"{fill}\", color=\"{line}\"{style}];",
        quoted(&node.id),
        lines.join("\\n")
    )
}

/// `text` inside quotes. A backslash would otherwise begin one of the language's own escapes.
fn quoted(text: &str) -> String {
    on_one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// `text` inside quotes, where HTML's entities would be read as well.
fn label(text: &str) -> String {
    quoted(text).replace('&', "&amp;")
}
