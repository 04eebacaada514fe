//! The rule: whether a connector goes into a package for a target.
