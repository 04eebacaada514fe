//! Changes to the text of a TOML document that touch nothing but what they are about: comments,
//! order, spacing and line ends stay as the author left them.
//!
//! Every function takes the text and byte spans that a parse of that text gave.

use std::ops::Range;

/// Puts `text` with its `cuts` left out together again. The cuts may be in any order.
pub(super) fn without(text: &str, mut cuts: Vec<Range<usize>>) -> String {
    cuts.sort_by_key(|cut| (cut.start, cut.end));
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    for cut in cuts {
        if at < cut.start {
            kept.push_str(&text[at..cut.start]);
        }
        at = at.max(cut.end);
    }
    kept.push_str(&text[at..]);
    kept
}

/// `text` with `replacement` in the place of `span`.
pub(super) fn replaced(text: &str, span: &Range<usize>, replacement: &str) -> String {
    [&text[..span.start], replacement, &text[span.end..]].concat()
}

/// `text` with one more line after the one that holds the byte before `at`.
pub(super) fn with_line_after(text: &str, at: usize, line: &str) -> String {
    let end = line_end(text, at);
    let insertion = [newline(text), line].concat();
    replaced(text, &(end..end), &insertion)
}

/// `text` with a paragraph at its end.
pub(super) fn with_paragraph(text: &str, lines: &[String]) -> String {
    let newline = newline(text);
    let mut longer = text.to_owned();
    if !text.trim_start_matches('\u{feff}').is_empty() {
        if !text.ends_with('\n') {
            longer.push_str(newline);
        }
        let last = longer.trim_end_matches(['\n', '\r']).len();
        if longer[last..].matches('\n').count() < 2 {
            longer.push_str(newline);
        }
    }
    for line in lines {
        longer.push_str(line);
        longer.push_str(newline);
    }
    longer
}

/// `text` with `new` after the last of the `elements` of a list or inline table that takes up
/// `container`, brackets included.
pub(super) fn with_element(
    text: &str,
    container: &Range<usize>,
    elements: &[Range<usize>],
    new: &str,
) -> String {
    let close = container.end - 1;
    let Some(last) = elements.last() else {
        return with_first_element(text, container, new);
    };
    let comma = comma_between(text, last.end, close);
    let stands_alone = text[line_start(text, last.start)..last.start]
        .trim()
        .is_empty();
    let after = comma.map_or(last.end, |comma| comma + 1);
    if !stands_alone {
        return match comma {
            Some(_) => replaced(text, &(after..after), &format!(" {new},")),
            None => replaced(text, &(after..after), &format!(", {new}")),
        };
    }
    let indent = &text[line_start(text, last.start)..last.start];
    let line = [newline(text), indent, new].concat();
    // A comment behind the last element is about that element.
    let end = line_end(text, after);
    let at = match end < close && is_blank_or_comment(&text[after..end]) {
        true => end,
        false => after,
    };
    match comma {
        Some(_) => replaced(text, &(at..at), &format!("{line},")),
        None => {
            let longer = replaced(text, &(at..at), &line);
            replaced(&longer, &(last.end..last.end), ",")
        }
    }
}

fn with_first_element(text: &str, container: &Range<usize>, new: &str) -> String {
    let inside = container.start + 1..container.end - 1;
    if text[inside.clone()].trim().is_empty() {
        let padded = match text.as_bytes()[container.start] {
            b'{' => format!(" {new} "),
            _ => new.to_owned(),
        };
        return replaced(text, &inside, &padded);
    }
    // There are comments, so that the closing bracket has a line of its own.
    let at = line_start(text, inside.end);
    let line = ["  ", &text[at..inside.end], new, ",", newline(text)].concat();
    replaced(text, &(at..at), &line)
}

/// `text` without one of the `elements` of a list or inline table. Comments stay.
pub(super) fn without_element(
    text: &str,
    container: &Range<usize>,
    elements: &[Range<usize>],
    index: usize,
) -> String {
    let element = elements[index].clone();
    let limit = elements
        .get(index + 1)
        .map_or(container.end - 1, |next| next.start);
    let stands_alone = text[line_start(text, element.start)..element.start]
        .trim()
        .is_empty();
    match comma_between(text, element.end, limit) {
        Some(comma) if text[element.end..comma].trim().is_empty() => {
            without(text, vec![tidy(text, element.start..comma + 1)])
        }
        Some(comma) => without(text, vec![element, comma..comma + 1]),
        // A list may keep the comma of the element before.
        None if stands_alone || index == 0 => without(text, vec![tidy(text, element)]),
        None => {
            let before = elements[index - 1].end;
            match comma_between(text, before, element.start) {
                Some(comma) if text[comma + 1..element.start].trim().is_empty() => {
                    replaced(text, &(comma..element.end), "")
                }
                Some(comma) => without(text, vec![comma..comma + 1, element]),
                None => without(text, vec![element]),
            }
        }
    }
}

/// The bytes to leave out for a statement that takes up `span`: its whole lines, unless a comment
/// stands behind it, which stays.
pub(super) fn statement_cut(text: &str, span: Range<usize>) -> Range<usize> {
    let start = line_start(text, span.start);
    let end = line_end(text, span.end);
    if !text[span.end..end].trim().is_empty() {
        return tidy(text, span);
    }
    start..after_newline(text, end)
}

/// Joins cuts that touch, and lets those that would leave two blank lines take one of them along.
pub(super) fn joined(text: &str, mut cuts: Vec<Range<usize>>) -> Vec<Range<usize>> {
    cuts.sort_by_key(|cut| (cut.start, cut.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for cut in cuts {
        match joined.last_mut() {
            Some(last) if text[last.end..cut.start.max(last.end)].trim().is_empty() => {
                last.end = last.end.max(cut.end);
            }
            _ => joined.push(cut),
        }
    }
    for cut in &mut joined {
        let is_whole_lines = line_start(text, cut.start) == cut.start
            && (cut.end == text.len() || line_start(text, cut.end) == cut.end);
        let next = &text[cut.end..line_end(text, cut.end)];
        if is_whole_lines && next.trim().is_empty() && cut.start > 0 {
            let before = line_start(text, cut.start - 1);
            if text[before..cut.start].trim().is_empty() {
                cut.start = before;
            }
        }
    }
    joined
}

/// Widens a cut by the spaces, or the whole line, that would be left for nothing.
fn tidy(text: &str, cut: Range<usize>) -> Range<usize> {
    let line = line_start(text, cut.start);
    let end = line_end(text, cut.end);
    let before = &text[line..cut.start];
    let after = &text[cut.end..end];
    let spaces_after = after.len() - after.trim_start().len();
    let next = after.trim_start().chars().next();
    if before.trim().is_empty() && next.is_none() {
        line..after_newline(text, end)
    } else if matches!(next, None | Some(']' | '}')) {
        cut.start - (before.len() - before.trim_end().len())..cut.end
    } else {
        cut.start..cut.end + spaces_after
    }
}

/// The comma that stands between two bytes, comments disregarded.
fn comma_between(text: &str, from: usize, to: usize) -> Option<usize> {
    let mut is_comment = false;
    for (at, byte) in text.as_bytes()[from..to].iter().enumerate() {
        match byte {
            b'#' => is_comment = true,
            b'\n' => is_comment = false,
            b',' if !is_comment => return Some(from + at),
            _ => {}
        }
    }
    None
}

fn is_blank_or_comment(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with('#')
}

/// How this text ends its lines.
fn newline(text: &str) -> &'static str {
    match text.contains("\r\n") {
        true => "\r\n",
        false => "\n",
    }
}

/// Where the line of the byte at `at` starts.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    match text[..at].rfind('\n') {
        Some(newline) => newline + 1,
        // A byte order mark is no part of any line.
        None if text.starts_with('\u{feff}') => '\u{feff}'.len_utf8().min(at),
        None => 0,
    }
}

/// Where the line of the byte at `at` ends, before its newline.
fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    match text[at..end].ends_with('\r') {
        true => end - 1,
        false => end,
    }
}

fn after_newline(text: &str, end: usize) -> usize {
    let rest = &text[end..];
    if rest.starts_with("\r\n") {
        end + 2
    } else if rest.starts_with('\n') {
        end + 1
    } else {
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list in `text`, and its elements.
    fn list(text: &str) -> (Range<usize>, Vec<Range<usize>>) {
        let document = toml_edit::Document::parse(text).expect("TOML");
        let (_, item) = document.iter().next().expect("a key");
        let array = item.as_array().expect("a list");
        let elements = array.iter().map(|value| value.span().expect("a span"));
        (item.span().expect("a span"), elements.collect())
    }

    #[test]
    fn an_element_is_added_in_the_style_of_the_others() {
        for (before, after) in [
            ("a = []", "a = [9]"),
            ("a = [ ]", "a = [9]"),
            ("a = [1]", "a = [1, 9]"),
            ("a = [ 1, 2 ]", "a = [ 1, 2, 9 ]"),
            ("a = [1,]", "a = [1, 9,]"),
            ("a = [\n  1,\n]\n", "a = [\n  1,\n  9,\n]\n"),
            ("a = [\n  1\n]\n", "a = [\n  1,\n  9\n]\n"),
            ("a = [\r\n\t1\r\n]\r\n", "a = [\r\n\t1,\r\n\t9\r\n]\r\n"),
            (
                "a = [\n  1, # one, first\n]",
                "a = [\n  1, # one, first\n  9,\n]",
            ),
            (
                "a = [\n  1 # one, first\n]",
                "a = [\n  1, # one, first\n  9\n]",
            ),
            (
                "a = [\n  1 # one\n  , # odd\n]",
                "a = [\n  1 # one\n  , # odd\n  9,\n]",
            ),
            ("a = [\n  1]", "a = [\n  1,\n  9]"),
            ("a = [\n  1,]", "a = [\n  1,\n  9,]"),
            ("a = [\n  # none\n]", "a = [\n  # none\n  9,\n]"),
            ("a = [1 # one\n]", "a = [1, 9 # one\n]"),
        ] {
            let (container, elements) = list(before);
            let added = with_element(before, &container, &elements, "9");
            assert_eq!(added, after, "{before}");
            assert_eq!(list(&added).1.len(), elements.len() + 1);
        }
    }

    #[test]
    fn an_element_goes_and_the_comments_stay() {
        for (before, index, after) in [
            ("a = [1]", 0, "a = []"),
            ("a = [ 1 ]", 0, "a = [ ]"),
            ("a = [1, 2, 3]", 0, "a = [2, 3]"),
            ("a = [1, 2, 3]", 1, "a = [1, 3]"),
            ("a = [1, 2, 3]", 2, "a = [1, 2]"),
            ("a = [ 1, 2 ]", 1, "a = [ 1 ]"),
            ("a = [1, 2,]", 1, "a = [1,]"),
            ("a = [\n  1,\n  2,\n]\n", 0, "a = [\n  2,\n]\n"),
            ("a = [\n  1,\n  2,\n]\n", 1, "a = [\n  1,\n]\n"),
            ("a = [\n  1,\n  2\n]\n", 1, "a = [\n  1,\n]\n"),
            ("a = [\r\n  1,\r\n  2\r\n]\r\n", 0, "a = [\r\n  2\r\n]\r\n"),
            (
                "a = [\n  # one\n  1, # first\n  2, # second\n]",
                0,
                "a = [\n  # one\n  # first\n  2, # second\n]",
            ),
            (
                "a = [\n  1, # first\n  2 # second, last\n]",
                1,
                "a = [\n  1, # first\n  # second, last\n]",
            ),
            ("a = [\n  1 # one\n  , 2]", 0, "a = [\n   # one\n   2]"),
            ("a = [1,\n  2]", 0, "a = [\n  2]"),
            ("a = [1, # one\n 2]", 0, "a = [# one\n 2]"),
        ] {
            let (container, elements) = list(before);
            let removed = without_element(before, &container, &elements, index);
            assert_eq!(removed, after, "{before}");
            assert_eq!(list(&removed).1.len(), elements.len() - 1);
        }
    }

    #[test]
    fn a_paragraph_stands_apart() {
        let lines = ["[x]".to_owned(), "y = 1".to_owned()];
        for (before, after) in [
            ("", "[x]\ny = 1\n"),
            ("a = 1", "a = 1\n\n[x]\ny = 1\n"),
            ("a = 1\n", "a = 1\n\n[x]\ny = 1\n"),
            ("a = 1\n\n", "a = 1\n\n[x]\ny = 1\n"),
            ("a = 1\r\n", "a = 1\r\n\r\n[x]\r\ny = 1\r\n"),
        ] {
            assert_eq!(with_paragraph(before, &lines), after, "{before:?}");
        }
    }

    #[test]
    fn statements_go_with_their_lines_but_without_their_comments() {
        for (before, statement, after) in [
            ("a = 1\nb = 2\nc = 3\n", "b = 2", "a = 1\nc = 3\n"),
            ("a = 1\n  b = 2 # two\n", "b = 2", "a = 1\n  # two\n"),
            ("a = 1\n\nb = 2\n\nc = 3\n", "b = 2", "a = 1\n\nc = 3\n"),
            ("a = 1\n\nb = 2", "b = 2", "a = 1\n"),
            ("b = 2\r\nc = 3\r\n", "b = 2", "c = 3\r\n"),
            ("\u{feff}b = 2\nc = 3\n", "b = 2", "\u{feff}c = 3\n"),
        ] {
            let start = before.find(statement).expect("it is there");
            let cut = statement_cut(before, start..start + statement.len());
            let cuts = joined(before, vec![cut]);
            assert_eq!(without(before, cuts), after, "{before:?}");
        }
    }
}
