//! What references of a package mean in the workspace that it is imported into.
