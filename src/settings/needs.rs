//! What a package needs to be told.
