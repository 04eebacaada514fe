//! What the platform documents and this sandbox does not serve: told apart from what there is
//! nowhere, so that nobody looks for a slip of the pen.

/// Paths below `/api`, or below a customer. `*` stands for one part, `**` for any that follow, also
/// for none.
const ELSEWHERE: &[(&str, &str)] = &[
    ("*", "activity_logs/**"),
    ("*", "agentic/**"),
    ("*", "api_clients/**"),
    ("*", "api_access_profiles/**"),
    ("*", "api_collections/**"),
    ("*", "api_portals/**"),
    ("*", "connections/runtime_user_connections/**"),
    ("*", "custom_oauth_profiles/**"),
    ("*", "data_tables/**"),
    ("*", "data_orchestration/**"),
    ("*", "deployments/**"),
    ("*", "developer_api_client_roles/**"),
    ("*", "developer_api_clients/**"),
    ("*", "environment_roles/**"),
    ("*", "event_streams/**"),
    ("*", "log_streaming/**"),
    ("*", "lookup_tables/**"),
    ("*", "member_invitations/**"),
    ("*", "members/**"),
    ("*", "on_prem_agents/**"),
    ("*", "on_prem_groups/**"),
    ("*", "project_builds/**"),
    ("*", "project_grants/**"),
    ("*", "project_roles/**"),
    ("*", "roles/**"),
    ("*", "secrets_management/**"),
    ("*", "sdk/**"),
    ("*", "tags/**"),
    ("*", "tags_assignments/**"),
    ("*", "test_cases/**"),
    ("*", "topics/**"),
    ("*", "user_groups/**"),
    ("*", "v2/**"),
    ("*", "workspace/**"),
    ("GET", "connections/*/input_schema"),
    ("POST", "connections/*/pick_list"),
    ("GET", "custom_connectors/search_shared"),
    ("GET", "integrations"),
    ("GET", "integrations/search"),
    ("POST", "projects/*/build"),
    ("POST", "projects/*/deploy"),
    ("PUT", "projects/*"),
    ("POST", "recipes/*/poll_now"),
    ("PUT", "recipes/*/reset_trigger"),
    ("POST", "recipes/*/reset_trigger"),
    ("POST", "recipes/*/share"),
    ("POST", "recipes/*/health"),
    ("POST", "recipes/*/jobs/**"),
    ("POST", "recipes/*/test_cases/**"),
    ("GET", "recipes/*/test_cases/**"),
    ("GET", "recipes/*/test_runs/**"),
];

/// Whether the platform documents a path that is not served here.
pub(super) fn is_elsewhere(method: &str, parts: &[&str]) -> bool {
    ELSEWHERE.iter().any(|(wanted, pattern)| {
        (*wanted == "*" || *wanted == method)
            && is_like(&pattern.split('/').collect::<Vec<_>>(), parts)
    })
}

fn is_like(pattern: &[&str], parts: &[&str]) -> bool {
    match (pattern, parts) {
        (["**"], _) | ([], []) => true,
        ([wanted, pattern @ ..], [part, parts @ ..]) => {
            (*wanted == "*" || wanted == part) && is_like(pattern, parts)
        }
        ([], _) | (_, []) => false,
    }
}
