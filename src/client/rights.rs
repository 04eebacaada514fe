//! What a token needs the right to, for whoever has to give it one. The platform gives rights by
//! endpoint (platform.md §3).

/// Endpoints and what they are for. Those of customers are the same below the customer.
const RIGHTS: &[(&str, &str, &str)] = &[
    ("GET", "/api/users/me", "see whose token it is"),
    ("GET", "/api/folders", "list folders"),
    ("POST", "/api/folders", "create folders"),
    ("GET", "/api/projects", "list projects"),
    ("GET", "/api/recipes", "list recipes"),
    ("GET", "/api/recipes/:id", "see a recipe"),
    ("GET", "/api/recipes/:id/jobs", "list jobs of recipes"),
    ("PUT", "/api/recipes/:id/start", "start recipes"),
    ("PUT", "/api/recipes/:id/stop", "stop recipes"),
    ("GET", "/api/connections", "list connections"),
    ("GET", "/api/api_endpoints", "list API endpoints"),
    (
        "PUT",
        "/api/api_endpoints/:id/enable",
        "enable API endpoints",
    ),
    (
        "PUT",
        "/api/api_endpoints/:id/disable",
        "disable API endpoints",
    ),
    ("GET", "/api/custom_connectors", "list custom connectors"),
    (
        "GET",
        "/api/custom_connectors/search",
        "search custom connectors",
    ),
    (
        "GET",
        "/api/custom_connectors/:id/code",
        "see the code of custom connectors",
    ),
    ("POST", "/api/custom_connectors", "create custom connectors"),
    (
        "PUT",
        "/api/custom_connectors/:id",
        "update custom connectors",
    ),
    (
        "POST",
        "/api/custom_connectors/:id/release",
        "release custom connectors",
    ),
    (
        "POST",
        "/api/custom_connectors/:id/oem_share/:id",
        "share custom connectors",
    ),
    (
        "POST",
        "/api/custom_connectors/:id/share_oem_version/:id",
        "share custom connectors",
    ),
    (
        "DELETE",
        "/api/custom_connectors/:id/suppress_oem_version",
        "share custom connectors no longer",
    ),
    (
        "GET",
        "/api/export_manifests/folder_assets",
        "list what an export would hold",
    ),
    ("POST", "/api/export_manifests", "create export manifests"),
    (
        "DELETE",
        "/api/export_manifests/:id",
        "delete export manifests",
    ),
    ("POST", "/api/packages/export/:id", "export packages"),
    ("POST", "/api/packages/import/:id", "import packages"),
    (
        "GET",
        "/api/packages/:id",
        "see how far an export or import is",
    ),
    ("GET", "/api/packages/:id/download", "download packages"),
    ("POST", "/api/exports/:id", "export packages"),
    ("GET", "/api/exports/:id", "see how far an export is"),
    ("POST", "/api/imports", "import packages"),
    ("GET", "/api/imports/:id", "see how far an import is"),
    ("GET", "/api/managed_users", "list customers"),
    ("POST", "/api/managed_users", "make workspaces of customers"),
    ("GET", "/api/managed_users/:id", "see a customer"),
    ("PUT", "/api/managed_users/:id", "change a customer"),
];

/// What a question needs, in words, and its endpoint.
pub(super) fn right(method: &str, path: &str) -> String {
    let mut parts: Vec<&str> = path
        .split('/')
        .map(|part| match part.parse::<u64>() {
            Ok(_) => ":id",
            Err(_) => part,
        })
        .collect();
    // A customer may go by another name than its number.
    if let Some(customer) = parts.get_mut(3)
        && path.starts_with("/api/managed_users/")
    {
        *customer = ":id";
    }
    let endpoint = parts.join("/");
    let of_customer = endpoint.strip_prefix("/api/managed_users/:id/");
    let own = of_customer.map_or_else(|| endpoint.clone(), |rest| format!("/api/{rest}"));
    let mut known = RIGHTS.iter();
    let known = known.find(|(verb, pattern, _)| *verb == method && *pattern == own);
    let whose = match of_customer {
        Some(_) => " of customers",
        None => "",
    };
    match known {
        Some((_, _, words)) => format!("{words}{whose} ({method} {endpoint})"),
        None => format!("{method} {endpoint}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_named_by_what_it_is_for() {
        for (method, path, told) in [
            ("GET", "/api/recipes", "list recipes (GET /api/recipes)"),
            (
                "POST",
                "/api/custom_connectors/12/release",
                "release custom connectors (POST /api/custom_connectors/:id/release)",
            ),
            (
                "POST",
                "/api/managed_users/EA2300/imports",
                "import packages of customers (POST /api/managed_users/:id/imports)",
            ),
            (
                "GET",
                "/api/managed_users/7",
                "see a customer (GET /api/managed_users/:id)",
            ),
            (
                "GET",
                "/api/managed_users/7/recipes/9/jobs",
                "list jobs of recipes of customers (GET /api/managed_users/:id/recipes/:id/jobs)",
            ),
            ("PATCH", "/api/else/5", "PATCH /api/else/:id"),
        ] {
            assert_eq!(right(method, path), told);
        }
    }
}
