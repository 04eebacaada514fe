//! A package and the workspace that it was made for.
