//! Where the system gives little memory: all of the input is read, or there is an error.

use crate::common::{CALICO, clean, config, ran};

/// A ResourceList of the function's own configuration first, and many objects after it; at least `size` bytes.
fn list(size: usize) -> String {
    let indented = |text: &str| text.trim_end().replace('\n', "\n  ");
    let objects = CALICO.trim_start_matches("# Calico, cut down.\n").split("---\n");
    let calico = objects.map(|object| format!("- {}", indented(object))).collect::<Vec<_>>().join("\n");
    let mut text = format!(
        "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n  {}\nitems:\n{calico}\n",
        indented(&config("fd00:10:244::/56"))
    );
    let more = "b".repeat(4000);
    while text.len() < size {
        text.extend(["- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: more\n  data:\n    a: ", &more, "\n"]);
    }
    text
}

#[test]
fn an_address_space_without_room_for_large_pages_is_no_reason_to_read_less() {
    for size in [1 << 16, 1 << 17, (1 << 17) + 1, 1 << 20, (1 << 20) + 1, 3 << 20] {
        let text = list(size);
        let run = |limit: &str| {
            let script = format!("{limit} exec '{}'", env!("CARGO_BIN_EXE_enable-dual-stack"));
            ran(clean("sh").args(["-c", &script]), &text)
        };
        let (free, limited) = (run(""), run("ulimit -v 1000000;"));
        assert_eq!(free.code, 0, "{}", free.stderr);
        assert!(free.stdout.len() > text.len() && free.stdout.matches("name: more").count() == text.matches("name: more").count());
        assert!(limited == free, "{size}: {} of {} bytes, {}", limited.stdout.len(), free.stdout.len(), limited.stderr);
    }
}
