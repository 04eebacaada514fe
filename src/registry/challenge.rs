//! What a registry asks of somebody who did not log in: the `WWW-Authenticate` of its answer.

/// How it wants to be told who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// By name and password.
    Basic,
    /// By a token that is had from `realm`.
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

/// The challenge that is known among those that an answer has. A bearer's comes first.
pub(super) fn challenge<'h>(headers: impl IntoIterator<Item = &'h str>) -> Option<Challenge> {
    let mut basic = None;
    for header in headers {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            basic = Some(Challenge::Basic);
        }
        if scheme.eq_ignore_ascii_case("bearer") {
            let parameters = parameters(rest);
            let get = |name: &str| {
                let found = parameters.iter().find(|(key, _)| key == name);
                found.map(|(_, value)| value.clone())
            };
            if let Some(realm) = get("realm") {
                return Some(Challenge::Bearer {
                    realm,
                    service: get("service"),
                    scope: get("scope"),
                });
            }
        }
    }
    basic
}

/// `key="value", key=value`, with `\` before a character that is meant as itself.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        let key: String = std::iter::from_fn(|| rest.next_if(|c| *c != '=')).collect();
        if rest.next().is_none() {
            return found;
        }
        let mut value = String::new();
        if rest.next_if_eq(&'"').is_some() {
            while let Some(c) = rest.next() {
                match c {
                    '"' => break,
                    '\\' => value.extend(rest.next()),
                    c => value.push(c),
                }
            }
        } else {
            value.extend(std::iter::from_fn(|| rest.next_if(|c| *c != ',')));
        }
        while rest.next_if(|c| *c != ',').is_some() {}
        rest.next();
        let key = key.trim().to_ascii_lowercase();
        found.push((key, value.trim().to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_as_they_are_sent() {
        let bearer = |scope: Option<&str>| Challenge::Bearer {
            realm: "https://auth.example/token?a=b".to_owned(),
            service: Some("reg, \"istry".to_owned()),
            scope: scope.map(str::to_owned),
        };
        let text = r#"Bearer realm="https://auth.example/token?a=b",service="reg, \"istry",scope="repository:a:pull,push""#;
        assert_eq!(
            challenge([text]),
            Some(bearer(Some("repository:a:pull,push")))
        );
        let text = r#"bearer  Realm="https://auth.example/token?a=b" , service="reg, \"istry""#;
        assert_eq!(challenge(["Basic realm=x", text]), Some(bearer(None)));
        assert_eq!(challenge([r#"Basic realm="x""#]), Some(Challenge::Basic));
        assert_eq!(challenge(["BASIC"]), Some(Challenge::Basic));
        for none in [
            "",
            "Bearer",
            "Bearer service=x",
            "Negotiate",
            "Bearer realm",
        ] {
            assert_eq!(challenge([none]), None, "{none}");
        }
    }
}
