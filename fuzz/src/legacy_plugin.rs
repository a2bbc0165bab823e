//! The legacy exec plugin: a plain stream in, and one out.

use enable_dual_stack::package::{Form, Package};
use enable_dual_stack::run;

use crate::common::harness;
use crate::function::{assert_one_text, edited, is_comparable};

/// The stream and the configuration are separated by a NUL, which no YAML holds.
///
/// # Panics
/// Where an invariant does not hold.
pub fn legacy_plugin(data: &[u8]) {
    let Some((stream, config)) = std::str::from_utf8(data).ok().and_then(|text| text.split_once('\0')) else { return };
    let response = run::stream(stream, config);
    let Some(edits) = response.output else {
        assert!(response.code > 0 && response.stderr.contains("error: "), "it must say why there is no output: {:?}", response.stderr);
        return;
    };
    assert_eq!(response.code, 0, "there is an output");
    let output = edited(stream, &edits);
    let again = run::stream(&output, config);
    assert_eq!((again.code, again.output), (0, Some(Vec::new())), "running on the output: {}", again.stderr);
    let config = super::config::read(config).expect("it was read before");
    // An object that nobody asked for may be no YAML.
    let Ok(package) = Package::read(stream) else { return };
    assert_one_text(stream, &package, &config);
    if package.form != Form::ResourceList && is_comparable(stream) && is_comparable(&output) && !stream.contains("\"Apply\"") {
        harness::invariants(stream, &config);
    }
}
