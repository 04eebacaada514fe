//! What the platform makes of a display name when it names a file after it.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::kind::AssetKind;
use super::path::{MAX_PART_BYTES, PackagePath, hard_to_store, is_ignorable, is_unseen};

/// The stem of what has no character that could stand in a file name. What the platform does then
/// is not known.
const NAMELESS: &str = "asset";

/// The front part of an asset's file names: `new_order` in `new_order.recipe.json`. Never empty,
/// and never what some disk or reader would refuse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stem(Box<str>);

impl Stem {
    /// The stem of an asset with this type and display name.
    ///
    /// Properties and the project's description have fixed ones (platform.md §5.4).
    pub fn of(kind: &AssetKind, name: &str) -> Self {
        if *kind == AssetKind::AccountProperties {
            return Self("account_properties".into());
        }
        if *kind == AssetKind::ProjectProperties {
            return Self("properties".into());
        }
        // What has no name of its own is known by its file's.
        let suffix = format!(".{}.json", kind.word());
        Self::safe(slug(name.strip_suffix(&suffix).unwrap_or(name)))
    }

    /// The stem of a test case: its recipe's slug before its own (platform.md §5.4).
    pub fn of_test_case(recipe: &str, test: &str) -> Self {
        let slugs = [slug(recipe), slug(test)];
        let both: Vec<_> = slugs.iter().filter(|slug| !slug.is_empty()).collect();
        Self::safe(match both[..] {
            [recipe, test] => format!("{recipe}_{test}"),
            [only] => only.clone(),
            _ => String::new(),
        })
    }

    fn safe(mut slug: String) -> Self {
        if slug.is_empty() {
            return Self(NAMELESS.into());
        }
        let fits =
            |slug: &str| slug.parse::<PackagePath>().is_ok() && hard_to_store(slug).is_none();
        if !fits(&slug) && slug.len() <= MAX_PART_BYTES {
            // `con.recipe.json` is no file on some systems.
            slug.push('_');
            if !fits(&slug) {
                return Self(NAMELESS.into());
            }
        }
        Self(slug.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a file of an asset, without its extension and the dot before it. `number` tells
    /// assets of one folder, type and stem apart: 0 shows nothing, 1 becomes `.1` before the type
    /// (platform.md §5.2). A stem that is too long is cut, so that `room` bytes stay free.
    pub fn file_name(&self, number: u32, kind: &AssetKind, room: usize) -> String {
        let number = match number {
            0 => String::new(),
            number => format!(".{number}"),
        };
        let kind = kind.word();
        let rest = number.len() + 1 + kind.len() + room;
        let longest = MAX_PART_BYTES.saturating_sub(rest);
        if self.0.len() <= longest {
            return format!("{}{number}.{kind}", self.0);
        }
        let mut end = longest;
        while !self.0.is_char_boundary(end) {
            end -= 1;
        }
        let stem = self.0[..end].trim_end_matches('_');
        let stem = if stem.is_empty() { NAMELESS } else { stem };
        format!("{stem}{number}.{kind}")
    }
}

/// The slug of a name: lower case, accents of Latin letters gone, every run of what is neither
/// letter nor digit one `_`, none at either end.
///
/// The sources differ (platform.md §5.2, §11) where no name that is known decides: this keeps CJK
/// and other scripts, as §11 has counted, drops accents from ASCII letters, as §5.2 says, and takes
/// `_` for a separator like any other, as §5.2 says and trimming implies.
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.nfkd() {
        let base = slug.chars().next_back().filter(|c| *c != '_');
        if is_ignorable(c) {
            continue;
        }
        if is_combining_mark(c) {
            // A mark goes from `é`, and stays where it is part of a letter of its script.
            if base.is_some_and(|base| !base.is_ascii()) {
                slug.push(c);
            }
        } else if c.is_alphanumeric() && !is_unseen(c) {
            slug.extend(c.to_lowercase());
        } else if base.is_some() {
            slug.push('_');
        }
    }
    slug.trim_end_matches('_').nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_slug() {
        for (name, expected) in [
            ("New order", "new_order"),
            ("  Sage Intacct (Custom) ", "sage_intacct_custom"),
            ("TravelPerk\u{a0}SDK", "travelperk_sdk"),
            ("[App] A > B = C & D", "app_a_b_c_d"),
            ("REC-001 | Send: e-mail!", "rec_001_send_e_mail"),
            ("add_attachments", "add_attachments"),
            ("_a __ b_", "a_b"),
            ("Café Crème", "cafe_creme"),
            ("Straße", "straße"),
            ("İstanbul", "istanbul"),
            ("申請の承認 2", "申請の承認_2"),
            ("ガ行", "ガ行"),
            ("ＦＵＬＬ ﾜｲﾄﾞ", "full_ワイド"),
            ("Заказы №5", "заказы_no5"),
            ("хлеб й", "хлеб_й"),
            ("हिन्दी", "हिन्दी"),
            ("go 🎉 ❤\u{fe0f} go", "go_go"),
            ("a\u{202e}b\u{200d}c\u{3164}d", "a_bc_d"),
            ("1½", "11_2"),
            ("🎉", ""),
            ("", ""),
            ("___", ""),
        ] {
            assert_eq!(slug(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_stem_can_always_stand_in_a_file_name() {
        let recipe = AssetKind::Recipe;
        for (name, number, expected) in [
            ("New order", 0, "new_order.recipe"),
            ("New order", 1, "new_order.1.recipe"),
            ("🎉", 0, "asset.recipe"),
            ("Con", 0, "con_.recipe"),
            ("COM¹", 0, "com1_.recipe"),
            ("nul", 2, "nul_.2.recipe"),
            ("my_file.recipe.json", 0, "my_file.recipe"),
        ] {
            let stem = Stem::of(&recipe, name);
            assert_eq!(stem.file_name(number, &recipe, 5), expected);
        }
        let long = Stem::of(&recipe, &"訳 ".repeat(400));
        for number in [0, 7, u32::MAX] {
            let name = format!("{}.json", long.file_name(number, &recipe, 5));
            assert!(name.len() <= MAX_PART_BYTES, "{}", name.len());
            assert!(name.parse::<PackagePath>().is_ok(), "{name}");
        }
        let fixed = |kind: AssetKind| Stem::of(&kind, "x").file_name(0, &kind, 5);
        assert_eq!(
            fixed(AssetKind::AccountProperties),
            "account_properties.properties"
        );
        assert_eq!(
            fixed(AssetKind::ProjectProperties),
            "properties.project_properties"
        );
    }

    #[test]
    fn a_test_case_is_named_after_its_recipe_too() {
        for (recipe, test, expected) in [
            ("New order", "Happy path", "new_order_happy_path"),
            ("🎉", "Happy path", "happy_path"),
            ("New order", "", "new_order"),
            ("", "", "asset"),
        ] {
            assert_eq!(Stem::of_test_case(recipe, test).as_str(), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_gets_a_path_that_reads(name in "\\PC*", number in 0u32..3) {
            let kind = AssetKind::Recipe;
            let stem = Stem::of(&kind, &name);
            let file = format!("{}.json", stem.file_name(number, &kind, 5));
            proptest::prop_assert!(file.parse::<PackagePath>().is_ok(), "{file:?}");
            proptest::prop_assert_eq!(slug(&slug(&name)), slug(&name));
        }
    }
}
