//! Where in a document an offset is: its JSON path.

use std::ops::Range;

use super::{Document, Node, NodeKind};

/// The JSON paths of offsets, each looked for from where the one before was found.
#[derive(Debug)]
pub struct Paths<'a> {
    document: Document<'a>,
    /// The values around the last offset, from the outermost.
    open: Vec<Open>,
    path: String,
    /// The offset that was looked for last.
    last: usize,
}

/// A value that was gone into.
#[derive(Debug)]
struct Open {
    kind: NodeKind,
    /// Its byte range.
    span: Range<usize>,
    /// The token that comes next in it, and the one after its last.
    at: u32,
    end: u32,
    /// How many of its values were passed.
    passed: usize,
    /// The length of its path.
    length: usize,
}

impl Open {
    fn new(node: Node<'_>, length: usize) -> Self {
        let token = node.token();
        let end = match token.kind {
            NodeKind::Object | NodeKind::Array => token.next,
            NodeKind::String | NodeKind::Number | NodeKind::Bool | NodeKind::Null => node.at + 1,
        };
        Self {
            kind: token.kind,
            span: node.span(),
            at: node.at + 1,
            end,
            passed: 0,
            length,
        }
    }
}

impl<'a> Paths<'a> {
    pub(super) fn new(document: Document<'a>) -> Self {
        Self {
            document,
            open: Vec::new(),
            path: String::new(),
            last: 0,
        }
    }

    /// The JSON path (`$.code.block[2].input.flow_id`) of the innermost value around `offset`. Going
    /// on is quick, going back begins anew.
    pub fn at(&mut self, offset: usize) -> &str {
        let document = self.document;
        while self.open.len() > 1 && self.open.last().is_some_and(|o| offset >= o.span.end) {
            self.open.pop();
        }
        let is_back = offset < std::mem::replace(&mut self.last, offset);
        if is_back || self.open.is_empty() {
            self.open.clear();
            self.path = String::from("$");
            self.open.push(Open::new(document.root(), 1));
        }
        'deeper: while let Some(open) = self.open.last_mut() {
            self.path.truncate(open.length);
            while open.at < open.end {
                let at = open.at;
                let first = Node { document, at };
                let value = match open.kind {
                    NodeKind::Object => Node {
                        document,
                        at: at + 1,
                    },
                    NodeKind::Array
                    | NodeKind::String
                    | NodeKind::Number
                    | NodeKind::Bool
                    | NodeKind::Null => first,
                };
                if offset >= value.span().end {
                    open.at = value.token().next;
                    open.passed += 1;
                    continue;
                }
                if offset < first.span().start {
                    break 'deeper;
                }
                match open.kind {
                    NodeKind::Object => {
                        push_key(&mut self.path, &first.text().unwrap_or_default());
                    }
                    NodeKind::Array
                    | NodeKind::String
                    | NodeKind::Number
                    | NodeKind::Bool
                    | NodeKind::Null => self.path.push_str(&format!("[{}]", open.passed)),
                }
                let mut inner = Open::new(value, self.path.len());
                inner.span.start = first.span().start;
                self.open.push(inner);
                continue 'deeper;
            }
            break;
        }
        &self.path
    }
}

fn push_key(path: &mut String, key: &str) {
    if !key.is_empty() && key.chars().all(|c| c == '_' || c.is_alphanumeric()) {
        path.push('.');
        path.push_str(key);
    } else {
        path.push_str(&format!("[{key:?}]"));
    }
}
