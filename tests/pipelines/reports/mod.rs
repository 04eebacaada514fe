//! Reports for other tools: within their limits, the gravest first, nothing in them that the tools
//! would take for something else, and there however a command ends.

mod endings;
mod formats;
mod html;
mod large;
