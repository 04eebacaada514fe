//! A workspace in memory.
