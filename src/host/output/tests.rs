use crate::host::entry::{Entry, Object};
use crate::host::files::SourceFile;
use crate::host::run_files::Outcome;
use crate::plan::Severity;
use crate::text::{Edit, Span};
use crate::yaml::Value;

const TEXT: &str = "kind: DaemonSet\nspec:\n  value: \"false\" # say\n";

fn file(name: &str, text: &str) -> SourceFile {
    SourceFile { name: name.into(), path: None, named: true, text: text.into() }
}

fn said(severity: Severity, rule: &'static str, message: &str) -> Entry {
    let (file, span, object, path, current, proposed) = (None, None, None, None, None, None);
    Entry { severity, rule, message: message.into(), file, span, object, path, current, proposed }
}

/// Something about no file, an error at a line, a warning about a file as a whole, a file with nothing to say; one edit.
pub(in crate::host) fn outcome() -> Outcome {
    let start = TEXT.find("\"false\"").unwrap();
    let span = Span::new(start, start + 7);
    let object = Object {
        api_version: "apps/v1".into(),
        kind: "DaemonSet".into(),
        namespace: "kube-system".into(),
        name: "calico-node".into(),
        title: "DaemonSet kube-system/calico-node".into(),
    };
    Outcome {
        files: vec![file("a,b.yaml", TEXT), file("fine <1>.yaml", "kind: X\n")],
        config_file: None,
        edits: vec![vec![Edit::replace(span, "\"true\"")], vec![]],
        entries: vec![
            said(Severity::Error, "file-unreadable", "gone.yaml: 100% gone"),
            Entry {
                file: Some(0),
                span: Some(span),
                object: Some(object),
                path: Some("spec.value".into()),
                current: Some(Value::from("false")),
                proposed: Some(Value::from("true")),
                ..said(Severity::Error, "some-rule", "must be changed\nnow")
            },
            Entry { file: Some(0), ..said(Severity::Warning, "other-rule", "odd") },
        ],
        maps: Vec::new(),
        packages: 1,
        skipped: 3,
        could_not: true,
    }
}
