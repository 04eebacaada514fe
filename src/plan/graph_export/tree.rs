//! A graph as an indented text.

use std::collections::VecDeque;

use super::{CONNECTOR, GraphDocument, GraphNode, Level, Links, Verb, on_one_line, said};

/// How deep a tree grows; what is deeper gets a tree of its own further down.
const MAX_DEPTH: usize = 32;

/// Draws a graph as trees: around an asset, what it needs and then who needs it; else each asset of
/// the project with what it needs, starting from those that nobody needs. What an asset needs is
/// drawn once; `(*)` marks an asset whose needs are drawn further up, `(…)` further down.
pub fn tree(document: &GraphDocument) -> String {
    let mut needs = vec![Vec::new(); document.nodes.len()];
    let mut needed_by = vec![Vec::new(); document.nodes.len()];
    let links = document.links();
    for &(from, to) in links.keys() {
        needs[from].push(to);
        needed_by[to].push(from);
    }
    let root = document.root.as_deref();
    match root.and_then(|root| document.indices().get(root).copied()) {
        Some(root) => {
            let mut text = Forest::new(document, &needs, &links, Way::Needs).grow([root]);
            if !needed_by[root].is_empty() {
                text.push_str("\nneeded by:\n");
                let above = Forest::new(document, &needed_by, &links, Way::NeededBy);
                let above = above.grow([root]);
                // The asset itself stands above already.
                text.push_str(above.split_once('\n').map_or("", |(_, rest)| rest));
            }
            text
        }
        None => {
            let all = 0..document.nodes.len();
            let needs_others = |&node: &usize| needed_by[node].iter().all(|&by| by == node);
            let unneeded = all.clone().filter(needs_others);
            // Where assets need each other in a circle, none of them is unneeded.
            let others = all.filter(|&node| !needs[node].is_empty());
            Forest::new(document, &needs, &links, Way::Needs).grow(unneeded.chain(others))
        }
    }
}

/// What grows from a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// What it needs.
    Needs,
    /// Who needs it.
    NeededBy,
}

struct Forest<'d> {
    document: &'d GraphDocument,
    branches: &'d [Vec<usize>],
    links: &'d Links,
    way: Way,
    /// Whether a node is drawn with all that grows from it.
    drawn: Vec<bool>,
    text: String,
}

/// A node that is yet to be drawn.
struct Twig {
    node: usize,
    depth: usize,
    /// What stands before it on its line.
    lead: String,
    /// What stands before the lines that grow from it.
    indent: String,
}

impl<'d> Forest<'d> {
    fn new(
        document: &'d GraphDocument,
        branches: &'d [Vec<usize>],
        links: &'d Links,
        way: Way,
    ) -> Self {
        Self {
            document,
            branches,
            links,
            way,
            drawn: vec![false; document.nodes.len()],
            text: String::new(),
        }
    }

    /// What stands before a branch: what its node does with it, or the other way round.
    fn verbs(&self, node: usize, branch: usize) -> String {
        let (ends, word): (_, fn(Verb) -> &'static str) = match self.way {
            Way::Needs => ((node, branch), Verb::as_str),
            Way::NeededBy => ((branch, node), Verb::passive),
        };
        let said = said(self.links.get(&ends).into_iter().flatten(), word);
        match self.document.level {
            Level::Assets => format!("{said} "),
            Level::Folders => format!("{said} in "),
        }
    }

    /// Draws a tree for each start that is not part of an earlier tree.
    fn grow(mut self, starts: impl IntoIterator<Item = usize>) -> String {
        let mut cut = VecDeque::new();
        for start in starts {
            cut.push_back(start);
            while let Some(start) = cut.pop_front() {
                if !self.drawn[start] {
                    self.tree(start, &mut cut);
                }
            }
        }
        self.text
    }

    /// Draws one tree. What is too deep for it goes to `cut`.
    fn tree(&mut self, start: usize, cut: &mut VecDeque<usize>) {
        // Chains of needs can be as long as the project is large: no recursion.
        let mut twigs = vec![Twig {
            node: start,
            depth: 0,
            lead: String::new(),
            indent: String::new(),
        }];
        while let Some(twig) = twigs.pop() {
            let branches = &self.branches[twig.node];
            let mark = if branches.is_empty() {
                ""
            } else if self.drawn[twig.node] {
                " (*)"
            } else if twig.depth == MAX_DEPTH {
                cut.push_back(twig.node);
                " (…)"
            } else {
                ""
            };
            let node = describe(&self.document.nodes[twig.node]);
            self.text.push_str(&format!("{}{node}{mark}\n", twig.lead));
            if !mark.is_empty() {
                continue;
            }
            self.drawn[twig.node] = true;
            for (index, &branch) in branches.iter().enumerate().rev() {
                let (corner, bar) = if index + 1 == branches.len() {
                    ("└── ", "    ")
                } else {
                    ("├── ", "│   ")
                };
                twigs.push(Twig {
                    node: branch,
                    depth: twig.depth + 1,
                    lead: format!("{}{corner}{}", twig.indent, self.verbs(twig.node, branch)),
                    indent: format!("{}{bar}", twig.indent),
                });
            }
        }
    }
}

fn describe(node: &GraphNode) -> String {
    // What has no name of its own goes by its path's end, which is told already.
    let is_in_path = node.id.rsplit('/').next() == Some(&*node.name) || node.holds.is_some();
    let mut remarks = node.remarks().into_iter();
    let mut about: Vec<String> = remarks.by_ref().take(1).collect();
    if !is_in_path {
        let name = format!("\"{}\"", node.name);
        match (&node.kind, about.first_mut()) {
            (Some(_), Some(kind)) => *kind = format!("{kind} {name}"),
            (Some(_), None) | (None, _) => about.insert(0, name),
        }
    }
    about.extend(remarks);
    let text = match node.id.strip_prefix(CONNECTOR) {
        Some(_) => about.join(", "),
        None => format!("{} ({})", node.id, about.join(", ")),
    };
    on_one_line(&text).into_owned()
}
