//! The limits that a user's plan with the platform has, where they are other ones than documented:
//! `limits.toml` in the user's configuration, a class and its rate in each line.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::client::{Limits, RateWanted};
use crate::io::limited;
use crate::io::system::HOME;

/// Bytes that the file may have.
const LONGEST: u64 = 1 << 16;
/// Stands for all classes together.
const ALL: &str = "all";

/// Where the file is, if anywhere.
pub(crate) fn path(variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = PathBuf::from(variable(name)?);
        path.is_absolute().then_some(path)
    };
    let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute(HOME)?.join(".config")))?;
    Some(config.join("recipack").join("limits.toml"))
}

/// Takes what a file says; nothing where there is none.
pub(crate) fn take(path: &Path, limits: &mut Limits) -> Result<(), Failure> {
    let wrong = |what: String| {
        Failure::usage(format!("{}: {what}", path.display()))
            .help("each line is a class and its rate: recipes = \"300/min\"")
    };
    let bytes = match limited::read(path, LONGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is no text".to_owned()))?;
    for wanted in rates(&text).map_err(wrong)? {
        limits.take(wanted);
    }
    Ok(())
}

fn rates(text: &str) -> Result<Vec<RateWanted>, String> {
    let document: toml_edit::DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
    let mut rates = Vec::new();
    for (class, rate) in document.iter() {
        let rate = rate
            .as_str()
            .ok_or_else(|| format!("`{class}` is no rate in quotes"))?;
        let wanted = match class {
            ALL => rate.to_owned(),
            class => format!("{class}={rate}"),
        };
        let wanted = wanted.parse();
        rates.push(wanted.map_err(|error: crate::client::RateError| error.to_string())?);
    }
    Ok(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_class_and_its_rate() {
        let rates = rates("recipes = \"300/min\"\nembedded-imports = \"9/h\"\nall = \"5/s\"\n");
        let rates = rates.expect("rates");
        let expected = ["recipes=300", "embedded-imports=9/h", "5/s"];
        let expected: Vec<RateWanted> = expected
            .iter()
            .map(|text| text.parse().expect("one"))
            .collect();
        assert_eq!(rates, expected);
    }

    #[test]
    fn what_is_none_is_told() {
        for (text, told) in [
            ("recipes = 300", "`recipes` is no rate in quotes"),
            ("recipe = \"300/min\"", "did you mean `recipes`?"),
            ("recipes = \"300/day\"", "`day` is not a span of time"),
            ("recipes", "expected"),
        ] {
            let error = rates(text).expect_err("none");
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
