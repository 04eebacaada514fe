//! A graph as a Mermaid flowchart.

use super::{GraphDocument, joined, on_one_line};
use crate::model::ident::Digest;

/// How many hexadecimal digits of a digest tell nodes apart.
const ID_DIGITS: usize = 12;

/// Draws a graph as a Mermaid flowchart. A node's id depends on its path alone, so that drawings of
/// two versions of a project differ only where the project does.
pub fn mermaid(document: &GraphDocument) -> String {
    let ids: Vec<String> = document
        .nodes
        .iter()
        .map(|node| {
            let digest = Digest::of(node.id.as_bytes()).to_string();
            format!("n{}", &digest[..ID_DIGITS])
        })
        .collect();
    let mut text = String::from("flowchart LR\n");
    for (node, id) in document.nodes.iter().zip(&ids) {
        let name = escape(&node.name);
        let what = match node.label() {
            Some(label) => format!("{name}<br/>{}", escape(&label)),
            None => name,
        };
        let class = if node.present { "" } else { ":::missing" };
        text.push_str(&format!("  {id}[\"{what}\"]{class}\n"));
    }
    for ((from, to), reasons) in document.links() {
        let arrow = if document.nodes[to].present {
            "-->"
        } else {
            "-.->"
        };
        let label = escape(&joined(&reasons));
        text.push_str(&format!(
            "  {} {arrow}|\"{label}\"| {}\n",
            ids[from], ids[to]
        ));
    }
    if document.nodes.iter().any(|node| !node.present) {
        text.push_str("  classDef missing stroke-dasharray: 5 5\n");
    }
    text
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
