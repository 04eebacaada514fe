//! Why a decision was made and how to change it, in words.

use super::*;

pub(super) fn evidence(decision: &ConnectorDecision) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(entry) = &decision.catalog {
        let name: &InternalName = &entry.internal_name;
        notes.push(match entry.matched_by {
            Match::InternalName => format!("the catalogue knows it by its internal name `{name}`"),
            Match::Title => {
                format!("the catalogue knows it by its title; its internal name there is `{name}`")
            }
        });
    }
    notes
}

pub(super) fn how_to_change(connector: &Connector<'_>, case: Case, ruling: Ruling) -> String {
    let title = connector.label();
    let supply = if case.files == Files::Present {
        ""
    } else {
        " --connectors DIR, where DIR has its files"
    };
    let option = |word: &str| format!("--connector {}", shell_word(&format!("{title}={word}")));
    match ruling {
        Ruling::SharedLeftOut => format!("to pack it all the same: {}{supply}", option("include")),
        Ruling::SharedIncluded => {
            format!("to let customers run the shared one: {}", option("auto"))
        }
        Ruling::SharedUnreachable => format!(
            "share it open-source or in the customer's data center, or pack it as the customer's own: {}{supply}",
            option("include")
        ),
        Ruling::OwnIncluded => {
            "to give it to all customers instead, share it in the admin workspace".to_owned()
        }
        Ruling::OwnRefused => format!(
            "share it in the admin workspace, or pack it: {}",
            option("auto")
        ),
        Ruling::ExternalIncluded => format!("to leave it out: {}", option("exclude")),
        Ruling::ExternalLeftOut => format!("to pack it: {}", option("auto")),
        Ruling::Elsewhere => {
            "to pack it here too, give the folder with its files: --connectors DIR".to_owned()
        }
        Ruling::SharingUnknown => format!(
            "say which connectors are shared: --catalog FILE|ADDRESS, or --catalog none; or pack it as the customer's own, whatever is shared: {}{supply}",
            option("include")
        ),
        Ruling::ReachUnknown => format!(
            "say where the customer and the admin workspace are: --data-center DC, and `data_center` in the catalogue; or pack it as the customer's own: {}{supply}",
            option("include")
        ),
        Ruling::UnknownIncluded => format!(
            "say which connectors are shared, --catalog FILE|ADDRESS, and let the rule decide: {}",
            option("auto")
        ),
        Ruling::Missing => match (&connector.lack, case.target, case.word) {
            (Some(lack), ..) => format!(
                "{}, or give another folder with its files: --connectors DIR",
                lack.way_out()
            ),
            (None, TargetKind::External, _) | (None, _, ConnectorPolicy::Include) => {
                "give the folder with its files: --connectors DIR".to_owned()
            }
            (None, TargetKind::Customer, ConnectorPolicy::Auto | ConnectorPolicy::Exclude) => "if customers have it as a shared connector, give the catalogue that says so: --catalog FILE|ADDRESS; if not, give the folder with its files: --connectors DIR".to_owned(),
        },
    }
}
