//! Small inputs that look harmless, and what has to be said and done about each. One module a subject.

mod attention;
mod binding;
mod bounds;
mod builder;
mod by_help;
mod catalogue;
mod connectors;
mod consent;
mod damage;
mod destination;
mod echoes;
mod files;
mod ignored;
mod limits;
mod manifests;
mod outlines;
mod outputs;
mod pictures;
mod places;
mod record;
mod release;
mod roots;
mod rows;
mod several;
mod shared_lists;
mod slips;
