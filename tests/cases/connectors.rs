//! Which connector is which, and which is none.
