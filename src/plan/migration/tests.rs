use super::addresses_in;

#[test]
fn addresses_of_an_account_are_told_and_others_are_not() {
    for (text, found) in [
        (
            r#"{"url":"https://www.workato.com/webhooks/rest/3f2a/order_created"}"#,
            &["www.workato.com/webhooks/rest/3f2a/order_created"][..],
        ),
        (
            "see app.eu.workato.com/recipes/123?tab=jobs, and app.eu.workato.com/recipes/123?tab=jobs.",
            &["app.eu.workato.com/recipes/123?tab=jobs"],
        ),
        ("apim.workato.com/acme/v1", &["apim.workato.com/acme/v1"]),
        ("https://docs.workato.com/features/logging-service", &[]),
        ("support@workato.com", &[]),
        ("written with workato.com.", &[]),
        (
            "workato.community/x notworkato.com/x workato.com.example/x",
            &[],
        ),
        ("workato.com/x", &["workato.com/x"]),
        ("workato.com", &[]),
    ] {
        assert_eq!(addresses_in(text), found, "{text}");
    }
}
