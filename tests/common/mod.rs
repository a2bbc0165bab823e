//! The harness: whatever goes through [`check`] is asked for every invariant of the design, in every form.

pub(crate) mod forms;
pub(crate) mod harness;
pub(crate) mod oracle;
pub(crate) mod said;
