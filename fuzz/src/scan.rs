//! The scan by indentation finds what the parser finds, or nothing.

#[path = "../../tests/scan/compare.rs"]
mod compare;
#[path = "../../tests/scan/mishaps.rs"]
pub(crate) mod mishaps;

/// # Panics
/// Where the two ways to find the objects of a text differ.
pub fn scan(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        compare::compare(text);
    }
}
