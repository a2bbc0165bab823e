//! See the library's documentation.

fn main() -> std::process::ExitCode {
    enable_dual_stack::host::main()
}
