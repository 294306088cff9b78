//! Reads `build.ninja` as a plan, and answers ninja's tools.
