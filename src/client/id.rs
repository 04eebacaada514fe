//! The numbers by which the platform names things.

use std::fmt;

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }
    };
}

id_type!(
    /// A folder.
    FolderId
);
id_type!(
    /// A project. Its folder has another number.
    ProjectId
);
id_type!(
    /// An export manifest (platform.md §1.2).
    ManifestId
);
id_type!(
    /// An export or import that the platform works on: what it calls a package (platform.md §1.3).
    JobId
);
id_type!(
    /// A recipe.
    RecipeId
);
id_type!(
    /// A connection.
    ConnectionId
);
id_type!(
    /// An API endpoint.
    EndpointId
);
