use super::*;

const ANSWER: &str = r#"{"result":[
 {"id":3067,"name":"new_connector_1_connector_4771_1626869205","title":"Parcel Tracker","latest_released_version":null,
  "latest_released_version_note":null,"oem_shared_version":null,"oem_shared_at":null,"released_versions":[]},
 {"id":3066,"name":"new_connector_1_connector_4771_1626869114","title":"Ledger Sync","latest_released_version":4,
  "latest_released_version_note":null,"oem_shared_version":2,"oem_shared_at":"2022-08-08T08:05:22.047-07:00",
  "released_versions":[{"version":4,"version_note":null,"created_at":"…","released_at":"…"},{"version":2}]}]}"#;

fn parsed(text: &str) -> Catalogue {
    match Catalogue::parse(text.as_bytes()) {
        Ok(catalogue) => catalogue,
        Err(error) => panic!("{error} at {}", error.place),
    }
}

#[test]
fn the_platforms_answer_is_accepted_as_it_is() {
    let catalogue = parsed(ANSWER);
    assert_eq!(catalogue.digest(), Digest::of(ANSWER.as_bytes()));
    assert_eq!(catalogue.entries().len(), 2);
    let unshared = catalogue.by_title("Parcel Tracker").expect("listed");
    assert_eq!(unshared.shared_version, SharedVersion::None);
    let shared = catalogue
        .by_internal_name("new_connector_1_connector_4771_1626869114")
        .expect("listed");
    assert_eq!(shared.title.as_str(), "Ledger Sync");
    assert_eq!(shared.shared_version, SharedVersion::At(Version(2)));
    assert_eq!(shared.latest_released, Some(Version(4)));
    assert_eq!(shared.released_versions, [Version(2), Version(4)]);
    assert_eq!(shared.visibility, Visibility::Unknown);
    assert_eq!(shared.data_center, None);
    assert_eq!(catalogue.by_title("ledger sync"), None);
}

#[test]
fn other_outlines_nulls_and_extra_keys() {
    let entry = r#"{"title":"A","name":"a_connector_1_2","oem_shared_version":1,
            "visibility":"closed","data_center":"eu","released_versions":[null,{"version":null}]}"#;
    for text in [
        format!("[{entry}]"),
        format!("\u{feff} [{entry}]"),
        format!(r#"{{"data":[null,{entry}]}}"#),
        format!(r#"{{"result":null,"data":[{entry}]}}"#),
    ] {
        let catalogue = parsed(&text);
        let found = catalogue.by_title("A").expect("listed");
        assert_eq!(found.visibility, Visibility::Closed);
        assert_eq!(
            found.data_center.as_ref().map(DataCenter::as_str),
            Some("eu")
        );
        assert_eq!(found.released_versions, []);
    }
    let nulls = r#"[{"title":"A","name":"a","oem_shared_version":null,"latest_released_version":null,
            "released_versions":null,"visibility":null,"data_center":null}]"#;
    assert_eq!(parsed(nulls).entries()[0].visibility, Visibility::Unknown);
    assert_eq!(parsed("[]").entries(), []);
}

#[test]
fn a_null_is_not_shared_and_an_absent_key_is_not_said() {
    let catalogue = parsed(
        r#"[{"title":"A","name":"a"},{"title":"B","name":"b","oem_shared_version":null},
                {"title":"C","name":"c","oem_shared_version":4}]"#,
    );
    let said: Vec<SharedVersion> = catalogue
        .entries()
        .iter()
        .map(|entry| entry.shared_version)
        .collect();
    let expected = [
        SharedVersion::Unsaid,
        SharedVersion::None,
        SharedVersion::At(Version(4)),
    ];
    assert_eq!(said, expected);
    assert_eq!(catalogue.unsaid().count(), 1);
    assert!(!catalogue.shares_nothing());
    // It survives being written: as a file, and in a decision record.
    assert_eq!(parsed(&catalogue.file()).entries(), catalogue.entries());
    let json = serde_json::to_string(catalogue.entries()).expect("serialises");
    let read: Vec<CatalogueEntry> = serde_json::from_str(&json).expect("reads back");
    assert_eq!(read, catalogue.entries());
    for nothing in [
        "[]",
        r#"[{"title":"A","name":"a"}]"#,
        r#"[{"title":"A","name":"a","oem_shared_version":null}]"#,
    ] {
        assert!(parsed(nothing).shares_nothing(), "{nothing}");
    }
}

#[test]
fn a_page_of_a_longer_list_is_told_from_a_whole_one() {
    let entry = |n: usize, more: &str| {
        format!(r#"{{"title":"T{n}","name":"t{n}_connector_1_{n}","oem_shared_version":1{more}}}"#)
    };
    let entries = |count: usize, more: &str| -> String {
        let entries: Vec<String> = (0..count).map(|n| entry(n, more)).collect();
        entries.join(",")
    };
    let extent = |text: &str| parsed(text).extent();
    let one = entries(1, "");
    for page in [
        format!(r#"{{"result":[{one}],"next_page":2}}"#),
        format!(r#"{{"result":[{one}],"has_more":true}}"#),
        format!(r#"{{"result":[{one}],"total":2}}"#),
        format!(r#"{{"result":[{one}],"page":2}}"#),
        format!(r#"{{"data":[{one}],"meta":{{"page":1,"total_pages":3}}}}"#),
        format!("[{}]", entries(100, "")),
        format!("[{}]", entries(200, "")),
    ] {
        assert_eq!(extent(&page), Extent::Page, "{}", &page[..60]);
    }
    for whole in [
        format!(
            r#"{{"result":[{one}],"next_page":null,"next":"","has_more":false,"total":1,"page":1,"per_page":100}}"#
        ),
        format!(r#"{{"result":[{one}],"meta":{{"total_pages":1}}}}"#),
        format!("[{}]", entries(99, "")),
        format!("[{}]", entries(100, r#","visibility":"open""#)),
        "[]".to_owned(),
    ] {
        assert_eq!(extent(&whole), Extent::Whole, "{whole:.60}");
    }
}

#[test]
fn titles_that_differ_only_in_case_or_space_are_near() {
    let catalogue = parsed(
        r#"[{"title":"Ledger Sync","name":"a"},{"title":"LedgerSync ","name":"b"},{"title":"Café","name":"c"}]"#,
    );
    let near = |title: &str| -> Vec<String> {
        catalogue
            .near_title(title)
            .into_iter()
            .map(|entry| entry.internal_name.to_string())
            .collect()
    };
    assert_eq!(near("ledger  sync"), ["a", "b"]);
    assert_eq!(near("Ledger Sync"), ["b"]);
    assert_eq!(near("Cafe\u{301}"), ["c"]);
    assert!(near("Ledger-Sync").is_empty());
}

#[test]
fn errors_name_the_entry_and_point_at_the_value() {
    for (text, message, line, column) in [
        ("", "catalogue: there is no list of connectors in it", 1, 1),
        (
            " 3",
            "catalogue: there is no list of connectors in it",
            1,
            2,
        ),
        (
            r#"{"items":[]}"#,
            "catalogue: there is no list of connectors in it",
            1,
            1,
        ),
        (
            "[\n  {\"title\" \"A\"}]",
            "catalogue: `\"` where `:` is expected",
            2,
            12,
        ),
        (
            "{\"result\":[\n",
            "catalogue: the text ends where a value or `]` is expected",
            2,
            1,
        ),
        ("[{}, 3]", "catalogue entry 1: `title` is missing", 1, 2),
        (
            "[\n null,\n 3]",
            "catalogue entry 2: it should be an object, but is a number",
            3,
            2,
        ),
        (
            "[{\"title\":\"A\",\n  \"name\":null}]",
            "catalogue entry 1 (`A`): `name` is missing",
            1,
            2,
        ),
        (
            "[{\"title\":\"A\",\n  \"name\": \"a-b\"}]",
            "catalogue entry 1 (`A`): `name`: invalid internal connector name `a-b`: only letters, digits and `_` may stand in it",
            2,
            11,
        ),
        (
            "[{\"name\":\"a\",\"title\":\"é\",\"oem_shared_version\":\"2\"}]",
            "catalogue entry 1 (`é`): `oem_shared_version` should be a version number, but is a text",
            1,
            47,
        ),
        (
            "[{\"name\":\"a\",\"title\":\"A\",\"released_versions\":[{\"version\":1},\n{\"version\":-1}]}]",
            "catalogue entry 1 (`A`): `version` should be a version number, but is another number",
            2,
            12,
        ),
        (
            "[{\"name\":\"a\",\"title\":\"A\",\"visibility\":\"opne\"}]",
            "catalogue entry 1 (`A`): unknown visibility `opne`",
            1,
            39,
        ),
        (
            "[{\"name\":\"a\",\"title\":\"A\",\"data_center\":\"EU\"}]",
            "catalogue entry 1 (`A`): `data_center`: invalid data center `EU`: only lower-case letters, digits and `-` may stand in it",
            1,
            40,
        ),
        (
            "[{\"name\":\"a\",\"title\":\"A\"},null,\n{\"name\":\"b\",\"title\":\"A\"}]",
            "catalogue entry 3 (`A`): its `title` `A` is that of entry 1 too",
            2,
            21,
        ),
        (
            "[null,{\"name\":\"a\",\"title\":\"A\"},\n{\"name\":\"a\",\"title\":\"B\"}]",
            "catalogue entry 3 (`B`): its `name` `a` is that of entry 2 too",
            2,
            9,
        ),
        (
            "[{\"name\":\"a\",\n\"name\":\"b\"}]",
            "catalogue: the key `name` stands twice in one object",
            2,
            1,
        ),
    ] {
        let error = Catalogue::parse(text.as_bytes()).expect_err(text);
        assert_eq!(
            (
                error.to_string().as_str(),
                error.place.line,
                error.place.column
            ),
            (message, line, column),
            "{text}"
        );
    }
    let error = Catalogue::parse(b"[\n \xff]").expect_err("no UTF-8");
    assert_eq!(*error.problem, CatalogueProblem::NotUtf8);
    assert_eq!((error.place.line, error.place.column), (2, 2));
}

#[test]
fn a_catalogue_serialises_with_its_digest() {
    let json = serde_json::to_value(parsed(
        r#"[{"title":"A","name":"a","oem_shared_version":3}]"#,
    ))
    .expect("serialises");
    assert_eq!(json["connectors"][0]["shared_version"], 3);
    assert_eq!(json["connectors"][0]["visibility"], "unknown");
    assert_eq!(json["digest"].as_str().map(str::len), Some(64));
    assert_eq!(json.as_object().map(serde_json::Map::len), Some(2));
}
