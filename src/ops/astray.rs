//! What is not as planned, as a workspace that was read back shows it.

/// How much of it is listed before the rest is only counted: as much as there can be assets may be so.
pub const LISTED: usize = 1_000;

/// What is not as planned. The first are held, and the rest is counted.
#[derive(Debug, Default)]
pub struct Astray {
    listed: Vec<String>,
    more: usize,
}

impl Astray {
    /// Adds one.
    pub fn push(&mut self, what: String) {
        match self.listed.len() < LISTED {
            true => self.listed.push(what),
            false => self.more += 1,
        }
    }

    /// The first ones and, if there are more, one that says how many.
    pub fn listed(self) -> Vec<String> {
        let Self { mut listed, more } = self;
        if more > 0 {
            listed.push(format!("and {more} more, which are not listed"));
        }
        listed
    }
}

impl Extend<String> for Astray {
    fn extend<I: IntoIterator<Item = String>>(&mut self, all: I) {
        all.into_iter().for_each(|what| self.push(what));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_listed_and_the_rest_is_counted() {
        for (count, listed, last) in [
            (0, 0, None),
            (1_000, 1_000, Some("999")),
            (1_003, 1_001, Some("and 3 more, which are not listed")),
        ] {
            let mut astray = Astray::default();
            astray.extend((0..count).map(|number: usize| number.to_string()));
            let told = astray.listed();
            assert_eq!(told.len(), listed);
            assert_eq!(told.last().map(String::as_str), last);
        }
    }
}
