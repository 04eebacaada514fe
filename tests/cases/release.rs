//! What a release promises about the commit that it names.
