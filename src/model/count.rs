//! Numbers of things in words.

/// A number of things: `1 recipe`, `2 recipes`.
pub fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(0, "recipe"), "0 recipes");
        assert_eq!(counted(1, "recipe"), "1 recipe");
        assert_eq!(counted(2, "recipe"), "2 recipes");
    }
}
