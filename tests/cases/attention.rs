//! What a person has to know before an import.
