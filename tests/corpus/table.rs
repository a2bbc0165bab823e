//! x
pub(crate) const CORPUS: &[(&str, &[&str])] = &[];
pub(crate) const TRACES: &[(&str, &[&str])] = &[];
