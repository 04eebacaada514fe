//! In which order the platform writes the keys of an asset's JSON (platform.md §5.4).

use super::kind::AssetKind;

/// The keys of a reference object (platform.md §5.5).
pub const OF_REFERENCE: &[&str] = &["zip_name", "name", "folder"];

/// The outermost keys of an asset of this type, as far as their order is known: as the platform
/// writes them now, and as it wrote them before (platform.md §12).
pub fn of(kind: &AssetKind) -> &'static [&'static [&'static str]] {
    match kind {
        AssetKind::LookupTable => &[
            &[
                "name",
                "schema",
                "max_allowed_entries_count",
                "project_name",
                "data",
            ],
            &[
                "name",
                "schema",
                "data",
                "max_allowed_entries_count",
                "project_name",
            ],
        ],
        AssetKind::ApiEndpoint => &[
            // platform.md §5.4 lists them in another order, but 20 of 20 real files that hold them all
            // have this one.
            &[
                "name",
                "recipe_id",
                "api_group_id",
                "method",
                "path",
                "legacy",
                "recipe_timeout",
                "validate_request",
                "validation_formula",
                "use_cache",
                "cache_ttl",
                "cache_keys",
                "cache_size_limit",
            ],
            &[
                "name",
                "method",
                "path",
                "legacy",
                "recipe_id",
                "api_group_id",
                "recipe_timeout",
                "validate_request",
                "validation_formula",
                "use_cache",
                "cache_ttl",
                "cache_keys",
                "cache_size_limit",
            ],
        ],
        AssetKind::Recipe => &[&[
            "name",
            "description",
            "version",
            "private",
            "concurrency",
            "version_comment",
            "code",
            "config",
            "tags",
        ]],
        AssetKind::Connection => &[&[
            "name",
            "provider",
            "secure_gateway_tunnel_name",
            "root_folder",
            "tags",
        ]],
        AssetKind::CustomAdapter => &[&[
            "title",
            "description",
            "logo_file_name",
            "logo_content_type",
            "version_no",
            "note",
        ]],
        AssetKind::DataTable => &[&["name", "schema", "project_name", "data", "tags"]],
        AssetKind::Template => &[&["name", "schema", "content"]],
        AssetKind::Schema => &[&["name", "schema"]],
        AssetKind::Topic => &[&["name", "schema", "retention"]],
        AssetKind::ApiGroup => &[&[
            "name",
            "version",
            "description",
            "handle",
            "use_prefix",
            "soap",
            "soap_config",
        ]],
        AssetKind::TestCase => &[&[
            "name",
            "description",
            "recipe_id",
            "mocks",
            "assertions",
            "body_digest",
        ]],
        AssetKind::App => &[&[
            "name",
            "creation_page",
            "workato_db_table",
            "workflow_stages",
            "tabs",
            "displayed_columns",
        ]],
        AssetKind::Page => &[&["name", "path", "content"]],
        AssetKind::InsightsQuery => {
            &[&["page_id", "name", "index", "version", "query", "references"]]
        }
        AssetKind::Genie => &[&[
            "name",
            "logo_file_name",
            "logo_content_type",
            "description",
            "instructions",
            "ai_provider",
            "ai_model",
            "matrix",
            "mcp_servers",
            "references",
        ]],
        AssetKind::Skill => &[&["name", "trigger_description", "references"]],
        AssetKind::McpServer => &[&[
            "name",
            "description",
            "auth_type",
            "tools_type",
            "tools",
            "references",
        ]],
        AssetKind::DecisionModel => &[&["name", "description", "graph"]],
        AssetKind::Project => &[&["description", "color", "icon"]],
        AssetKind::AccountProperties
        | AssetKind::ProjectProperties
        | AssetKind::KnowledgeBase
        | AssetKind::DataPipeline
        | AssetKind::Tags
        | AssetKind::Other(_) => &[],
    }
}
