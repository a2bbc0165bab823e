//! What each fuzz target asks of its input. The checks are those of the tests (`tests/common`, `tests/editor`, `tests/scan`),
//! asked of texts that nobody wrote.

#[path = "../../tests/common/mod.rs"]
mod common;

mod arguments;
mod cidr;
mod config;
mod editor;
mod function;
mod legacy_plugin;
mod mutate;
mod readers;
mod scan;

pub use arguments::arguments;
pub use cidr::cidr;
pub use config::config;
pub use editor::editor;
pub use function::function;
pub use legacy_plugin::legacy_plugin;
pub use mutate::mutate;
pub use readers::readers;
pub use scan::scan;

/// Defines a target that takes text: half of the mutations are of its lines.
#[macro_export]
macro_rules! text_target {
    ($check:path) => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| { $crate::mutate(data, size, most, seed) });
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $check(data));
    };
}
