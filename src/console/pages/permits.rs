//! What has to be permitted, each as a box of its own.

use maud::{Markup, html};

use crate::console::fields::Fields;
use crate::plan::import::document::{Needed, Permission};
use crate::report::html::text;

/// Every permission that there is.
fn permissions() -> impl Iterator<Item = Permission> {
    let words = Permission::WORDS.iter();
    words.filter_map(|word| word.parse().ok())
}

fn name(permission: Permission) -> String {
    format!("permit.{permission}")
}

/// The boxes of what is needed.
pub(super) fn boxes(needs: &[Needed]) -> Markup {
    let of = |permission| {
        needs
            .iter()
            .filter(move |needed| needed.permission == permission)
    };
    html! {
        @if !needs.is_empty() {
            fieldset {
                legend { "It has to be permitted" }
                @for permission in permissions().filter(|permission| of(*permission).next().is_some()) {
                    label {
                        input type="checkbox" name=(name(permission)) value="yes" required;
                        (words(permission))
                        @for needed in of(permission) { small { (text(&needed.because)) } }
                    }
                }
            }
        }
    }
}

/// What a form permits.
pub(super) fn granted(form: &Fields) -> Vec<Permission> {
    let ticked = |permission: &Permission| form.get(&name(*permission)).is_some();
    permissions().filter(ticked).collect()
}

/// What somebody permits.
const fn words(permission: Permission) -> &'static str {
    match permission {
        Permission::RestartRecipes => "Stop running recipes, change them and start them again",
        Permission::Downgrade => "Put older code of a connector in place of newer code",
        Permission::MoveRecipes => {
            "Have running recipes that it is not about run another version of a connector"
        }
        Permission::MissingConnectors => "Import recipes whose connector is not there",
        Permission::OverwriteRows => "Put the package's rows in place of those that tables have",
        Permission::OverwriteEdits => "Overwrite what somebody changed there",
        Permission::OtherTarget => "Import a package that is for another target",
    }
}
