//! Addresses of the platform in what moves: webhooks, APIs and pages of the source's account.

/// The platform's domain.
const DOMAIN: &str = "workato.com";
/// Hosts of it that are everybody's.
const PUBLIC: [&str; 4] = ["docs", "support", "status", "university"];

/// The addresses of an account that a text names, each once, in the order of the text.
pub fn addresses_in(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for (at, _) in text.match_indices(DOMAIN) {
        let end = at + DOMAIN.len();
        let host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let before = text.get(..at).unwrap_or_default();
        let start = before.trim_end_matches(host).len();
        let Some(from) = text.get(start..) else {
            continue;
        };
        let within = |c: char| {
            c.is_ascii_alphanumeric()
                || matches!(
                    c,
                    '/' | '.' | '-' | '_' | '~' | '%' | '?' | '=' | '&' | ':' | '+'
                )
        };
        let address = from.get(..end - start).unwrap_or_default();
        let rest = text.get(end..).unwrap_or_default();
        let length = rest.find(|c: char| !within(c)).unwrap_or(rest.len());
        let rest = rest.get(..length).unwrap_or_default();
        // Another domain, such as workato.community or workato.com.example.
        let another =
            |text: &str| text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        if another(rest) || rest.strip_prefix('.').is_some_and(another) {
            continue;
        }
        let first = address.split('.').next().unwrap_or_default();
        let is_domain = address == DOMAIN || address.ends_with(&format!(".{DOMAIN}"));
        if !is_domain || PUBLIC.contains(&first) || before.ends_with('@') {
            continue;
        }
        let whole = from.get(..end - start + rest.len()).unwrap_or_default();
        let whole = whole.trim_end_matches(['.', ',', ':', '?', '&']);
        // The domain alone is a name, no address.
        if (address != DOMAIN || rest.len() > 1) && !found.contains(&whole) {
            found.push(whole);
        }
    }
    found
}
