//! Values that stand in a source as they are: texts, hashes, the bodies of lambdas.

use std::cell::Cell;
use std::collections::HashMap;

use ruby_prism::{
    AssocNode, ConstantWriteNode, LocalVariableWriteNode, Node, NodeList, StatementsNode,
};

use crate::model::span::Span;

/// How far names, parentheses and merged hashes are followed.
const MAX_STEPS: usize = 32;
/// How much is read in one source: bytes of texts, and entries and parts of a hundred bytes each.
/// What is brought in repeatedly counts each time, so that a small source can't become large here.
const MAX_WORK: usize = 200_000_000;
const WORK_PER_PART: usize = 100;
const MAX_SHOWN: usize = 200;
const TOO_MUCH: &str = "more than is read of one source";

/// A source whose syntax is right.
pub(super) struct Document<'pr> {
    text: &'pr str,
    line_starts: Vec<usize>,
    assigned: HashMap<&'pr [u8], Assigned<'pr>>,
    uses_names: Cell<bool>,
    work_left: Cell<usize>,
}

/// What a name stands for at the end of the source.
enum Assigned<'pr> {
    Variable(LocalVariableWriteNode<'pr>),
    Constant(ConstantWriteNode<'pr>),
    /// It is assigned more than once.
    Several,
}

impl<'pr> Document<'pr> {
    pub(super) fn new(text: &'pr str) -> Self {
        let starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self {
            text,
            line_starts: std::iter::once(0).chain(starts).collect(),
            assigned: HashMap::new(),
            uses_names: Cell::new(false),
            work_left: Cell::new(MAX_WORK),
        }
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    pub(super) fn place(&self, node: &Node<'pr>) -> Span {
        let location = node.location();
        Span::of(
            self.text,
            location.start() as usize..location.end() as usize,
        )
    }

    /// Takes note of a statement before the last; whether it is an assignment.
    pub(super) fn note_assignment(&mut self, statement: &Node<'pr>) -> bool {
        let (name, value) = if let Some(write) = statement.as_local_variable_write_node() {
            (write.name(), Assigned::Variable(write))
        } else if let Some(write) = statement.as_constant_write_node() {
            (write.name(), Assigned::Constant(write))
        } else {
            return false;
        };
        self.assigned
            .entry(name.as_slice())
            .and_modify(|assigned| *assigned = Assigned::Several)
            .or_insert(value);
        true
    }

    /// Whether something was found by following a name.
    pub(super) fn uses_names(&self) -> bool {
        self.uses_names.get()
    }

    /// The expression without parentheses, names and `.freeze` around it.
    pub(super) fn resolve(&self, mut node: Node<'pr>) -> Node<'pr> {
        for _ in 0..MAX_STEPS {
            match self.step(&node) {
                Some(inner) => node = inner,
                None => break,
            }
        }
        node
    }

    fn step(&self, node: &Node<'pr>) -> Option<Node<'pr>> {
        if let Some(parentheses) = node.as_parentheses_node() {
            return only_statement(parentheses.body()?);
        }
        if let Some(call) = node.as_call_node() {
            let bare = call.name().as_slice() == b"freeze"
                && call.arguments().is_none()
                && call.block().is_none();
            return if bare { call.receiver() } else { None };
        }
        if let Some(write) = node.as_local_variable_write_node() {
            return Some(write.value());
        }
        if let Some(write) = node.as_constant_write_node() {
            return Some(write.value());
        }
        if let Some(implicit) = node.as_implicit_node() {
            return Some(implicit.value());
        }
        let name = if let Some(read) = node.as_local_variable_read_node() {
            read.name()
        } else {
            node.as_constant_read_node()?.name()
        };
        let value = match self.assigned.get(name.as_slice())? {
            Assigned::Variable(write) => write.value(),
            Assigned::Constant(write) => write.value(),
            Assigned::Several => return None,
        };
        self.uses_names.set(true);
        Some(value)
    }

    /// The text that the expression is, if it is one.
    pub(super) fn text(&self, node: Node<'pr>) -> Option<String> {
        self.plain_text(&self.resolve(node))
    }

    /// The text that a string or symbol is, if nothing is computed in it.
    fn plain_text(&self, node: &Node<'pr>) -> Option<String> {
        let mut text = String::new();
        let Some(outer) = node.as_interpolated_string_node() else {
            self.append(node, &mut text)?;
            return Some(text);
        };
        // Strings beside each other, and heredocs whose lines are moved to the left.
        for part in outer.parts().iter() {
            match part.as_interpolated_string_node() {
                // A heredoc beside other strings.
                Some(inner) => {
                    for part in inner.parts().iter() {
                        self.append(&part, &mut text)?;
                    }
                }
                None => self.append(&part, &mut text)?,
            }
        }
        Some(text)
    }

    fn append(&self, node: &Node<'pr>, text: &mut String) -> Option<()> {
        let (string, symbol) = (node.as_string_node(), node.as_symbol_node());
        let bytes = match (&string, &symbol) {
            (Some(string), _) => string.unescaped(),
            (None, Some(symbol)) => symbol.unescaped(),
            (None, None) => return None,
        };
        self.work(WORK_PER_PART + bytes.len())?;
        text.push_str(std::str::from_utf8(bytes).ok()?);
        Some(())
    }

    /// Counts work; none if there was too much.
    fn work(&self, amount: usize) -> Option<()> {
        self.work_left
            .set(self.work_left.get().checked_sub(amount)?);
        Some(())
    }

    /// The entries of the hash that the expression is, as far as they can be read.
    pub(super) fn entries(&self, node: Node<'pr>) -> Entries<'pr> {
        let mut entries = Entries::default();
        self.collect(node, 0, &mut entries);
        for (index, pair) in entries.pairs.iter().enumerate() {
            entries.by_key.insert(pair.key.clone(), index);
        }
        entries
    }

    fn collect(&self, node: Node<'pr>, depth: usize, entries: &mut Entries<'pr>) {
        let node = self.resolve(node);
        if self.work(WORK_PER_PART).is_none() {
            return entries.gap(TOO_MUCH.to_owned(), node.location().start() as usize);
        }
        let elements = if let Some(hash) = node.as_hash_node() {
            hash.elements()
        } else if let Some(hash) = node.as_keyword_hash_node() {
            hash.elements()
        } else if let Some(call) = node.as_call_node()
            && let Some(receiver) = call.receiver()
            && call.name().as_slice() == b"merge"
            && call.block().is_none()
            && depth < MAX_STEPS
        {
            self.collect(receiver, depth + 1, entries);
            if let Some(arguments) = call.arguments() {
                for argument in arguments.arguments().iter() {
                    self.collect(argument, depth + 1, entries);
                }
            }
            return;
        } else {
            let why = match node.as_call_node() {
                // What is merged into is still there, unless it is replaced.
                Some(call) if depth < MAX_STEPS && adds_entries(call.name().as_slice()) => {
                    if let Some(receiver) = call.receiver() {
                        self.collect(receiver, depth + 1, entries);
                    }
                    format!("`.{}`", printable(call.name().as_slice()))
                }
                Some(call) => format!("a call of `{}`", printable(call.name().as_slice())),
                None => "an expression".to_owned(),
            };
            entries.gap(why, node.location().start() as usize);
            return;
        };
        for element in elements.iter() {
            self.element(&element, depth, entries);
        }
    }

    fn element(&self, element: &Node<'pr>, depth: usize, entries: &mut Entries<'pr>) {
        let at = element.location().start() as usize;
        if self.work(WORK_PER_PART).is_none() {
            return entries.gap(TOO_MUCH.to_owned(), at);
        }
        if let Some(assoc) = element.as_assoc_node() {
            match self.plain_text(&assoc.key()) {
                Some(key) => entries.pairs.push(Pair { key, assoc }),
                None => entries.gap("a computed key".to_owned(), at),
            }
        } else if let Some(value) = element.as_assoc_splat_node().and_then(|s| s.value())
            && depth < MAX_STEPS
        {
            self.collect(value, depth + 1, entries);
        } else {
            entries.gap("`**`".to_owned(), at);
        }
    }
}

/// What the source says, fit for a message: of bearable length and without control characters.
pub(super) fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        match c {
            _ if count == MAX_SHOWN => {
                shown.push('…');
                break;
            }
            c if c.is_control() => shown.extend(c.escape_debug()),
            c => shown.push(c),
        }
    }
    shown
}

/// Whether a method's result has the entries of its receiver and some more.
fn adds_entries(method: &[u8]) -> bool {
    matches!(
        method,
        b"merge" | b"merge!" | b"update" | b"deep_merge" | b"deep_merge!" | b"reverse_merge"
    )
}

/// A hash, as far as it can be read.
#[derive(Default)]
pub(super) struct Entries<'pr> {
    pairs: Vec<Pair<'pr>>,
    by_key: HashMap<String, usize>,
    gaps: Vec<Gap>,
}

pub(super) struct Pair<'pr> {
    pub(super) key: String,
    assoc: AssocNode<'pr>,
}

impl<'pr> Pair<'pr> {
    pub(super) fn value(&self) -> Node<'pr> {
        self.assoc.value()
    }

    pub(super) fn start(&self) -> usize {
        self.assoc.location().start() as usize
    }
}

/// A place in a hash where any entries may come in.
#[derive(Clone)]
pub(super) struct Gap {
    /// How many known entries stand before it.
    after: usize,
    /// What brings them in.
    pub(super) why: String,
    /// Where it starts.
    pub(super) at: usize,
}

/// What a hash has under a key.
pub(super) enum Found<'pr> {
    /// This.
    Value(Node<'pr>),
    /// Nothing.
    Absent,
    /// What a gap brings in, or else this.
    Doubtful(Option<Node<'pr>>, Gap),
}

impl<'pr> Entries<'pr> {
    fn gap(&mut self, why: String, at: usize) {
        self.gaps.push(Gap {
            after: self.pairs.len(),
            why,
            at,
        });
    }

    pub(super) fn pairs(&self) -> &[Pair<'pr>] {
        &self.pairs
    }

    pub(super) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// What stands under the key. As in Ruby, the last of several counts.
    pub(super) fn get(&self, key: &str) -> Found<'pr> {
        let index = self.by_key.get(key);
        let value = index.map(|index| self.pairs[*index].value());
        // Only what comes in later replaces an entry.
        let gap = match index {
            Some(index) => {
                let first = self.gaps.partition_point(|gap| gap.after <= *index);
                self.gaps.get(first)
            }
            None => self.gaps.first(),
        };
        match (value, gap) {
            (value, Some(gap)) => Found::Doubtful(value, gap.clone()),
            (Some(value), None) => Found::Value(value),
            (None, None) => Found::Absent,
        }
    }
}

/// What a lambda takes and gives.
pub(super) struct Procedure<'pr> {
    parameters: Vec<Option<&'pr [u8]>>,
    body: Body<'pr>,
}

pub(super) enum Body<'pr> {
    /// There is none: it gives nil.
    Nothing,
    /// It gives this expression.
    Expression(Node<'pr>),
    /// It does something first, or gives one of several.
    Statements,
}

impl<'pr> Procedure<'pr> {
    /// The lambda that the expression is, in any of Ruby's spellings.
    pub(super) fn of(node: &Node<'pr>) -> Option<Self> {
        let (parameters, body) = if let Some(lambda) = node.as_lambda_node() {
            (lambda.parameters(), lambda.body())
        } else {
            let call = node.as_call_node()?;
            let makes_one = matches!(call.name().as_slice(), b"lambda" | b"proc");
            if !makes_one || call.receiver().is_some() || call.arguments().is_some() {
                return None;
            }
            // Not `lambda(&something)`, which is no block but its argument.
            let block = call.block()?.as_block_node()?;
            (block.parameters(), block.body())
        };
        let parameters = parameters
            .and_then(|parameters| parameters.as_block_parameters_node()?.parameters())
            .map(|parameters| names(&parameters.requireds()))
            .unwrap_or_default();
        let body = match body {
            None => Body::Nothing,
            Some(body) => only_statement(body).map_or(Body::Statements, Body::Expression),
        };
        Some(Self { parameters, body })
    }

    /// The name of a parameter, counted from 0.
    pub(super) fn parameter(&self, index: usize) -> Option<&'pr [u8]> {
        self.parameters.get(index).copied().flatten()
    }

    pub(super) fn into_body(self) -> Body<'pr> {
        self.body
    }
}

fn names<'pr>(parameters: &NodeList<'pr>) -> Vec<Option<&'pr [u8]>> {
    let name = |parameter: Node<'pr>| {
        let parameter = parameter.as_required_parameter_node()?;
        Some(parameter.name().as_slice())
    };
    parameters.iter().map(name).collect()
}

fn only_statement(body: Node<'_>) -> Option<Node<'_>> {
    let statements: StatementsNode<'_> = body.as_statements_node()?;
    let body = statements.body();
    if body.len() == 1 { body.first() } else { None }
}
