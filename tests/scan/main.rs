//! The scan finds what the parser finds, or nothing.

#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod compare;
mod hostile;

use compare::{Verdict, compare};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! { static C: RefCell<BTreeMap<String, usize>> = RefCell::default(); }

#[test]
fn fuzz() {
    let mut runner = proptest::test_runner::TestRunner::default();
    let r = runner.run(&hostile::packages(), |text| {
        let v = compare(&text);
        C.with(|c| *c.borrow_mut().entry(format!("{v:?}")).or_default() += 1);
        Ok(())
    });
    C.with(|c| println!("{:?}", c.borrow()));
    if let Err(e) = r {
        panic!("{e}")
    }
}
