//! `recipack.toml`: which project, which assets, which connectors, which targets.
