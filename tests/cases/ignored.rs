//! Ignore files, read where and as the official clients read them.
