//! A graph in the language of Graphviz.

use super::{GraphDocument, joined, on_one_line};

/// Draws a graph for Graphviz. Nodes have their paths as ids.
pub fn dot(document: &GraphDocument) -> String {
    let mut text = String::from("digraph project {\n  rankdir=LR;\n  node [shape=box];\n");
    for node in &document.nodes {
        let name = escape(&node.name);
        let what = match node.label() {
            Some(label) => format!("{name}\\n{}", escape(&label)),
            None => name,
        };
        let style = if node.present { "" } else { ", style=dashed" };
        text.push_str(&format!(
            "  \"{}\" [label=\"{what}\"{style}];\n",
            escape(&node.id)
        ));
    }
    for ((from, to), reasons) in document.links() {
        let [from, to] = [from, to].map(|node| &document.nodes[node]);
        let style = if to.present { "" } else { ", style=dashed" };
        text.push_str(&format!(
            "  \"{}\" -> \"{}\" [label=\"{}\"{style}];\n",
            escape(&from.id),
            escape(&to.id),
            escape(&joined(&reasons))
        ));
    }
    text.push_str("}\n");
    text
}

/// `text` inside quotes. A backslash would otherwise begin one of the language's own escapes.
fn escape(text: &str) -> String {
    on_one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}
