#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| enable_dual_stack_fuzz::editor(data));
