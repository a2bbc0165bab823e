//! The random cases: as many as `PROPTEST_CASES` says.

use proptest::prelude::*;

use super::random;

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..most)
}

/// As many as `PROPTEST_CASES` says.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(5_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn wishes_hold_and_nothing_else_changes(document in bytes(600), wishes in bytes(80)) {
        random::check(&document, &wishes);
    }

    #[test]
    fn broken_text_is_refused_or_holds_together(document in bytes(300), wishes in bytes(120)) {
        random::check_broken(&document, &wishes);
    }
}
