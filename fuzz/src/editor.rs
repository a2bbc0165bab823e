//! The editor by itself: a random document and random wishes, both made of the input's bytes.

#[path = "../../tests/editor/random.rs"]
pub(crate) mod random;
#[path = "../../tests/editor/render.rs"]
mod render;

use crate::common::oracle;

/// The first byte says how much of the rest makes the wishes.
///
/// # Panics
/// Where a wish does not hold afterwards, or something else changes, or broken text is edited badly.
pub fn editor(data: &[u8]) {
    let Some((&share, choices)) = data.split_first() else { return };
    let (document, wishes) = choices.split_at(choices.len() * usize::from(share) / 256);
    random::check(document, wishes);
    random::check_broken(document, wishes);
}
