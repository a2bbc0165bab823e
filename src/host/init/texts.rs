//! The texts of the files: a skeleton for a new one, the same edits for one that is there.

use std::fmt::Write as _;

use super::Host;
use crate::config::{self, API_VERSION, Field, FieldValue, KIND};
use crate::host::fields::{self, Kind};
use crate::text::{Span, position, splice};
use crate::yaml::{Node, Op, Path, Tree, Value, Want, lower};

/// How the program is called where it is on the `PATH`.
const PROGRAM: &str = "enable-dual-stack";
const FUNCTION: &str = "config.kubernetes.io/function";
const LOCAL: &str = "config.kubernetes.io/local-config";

/// `text` with `ops` made to hold for its object; `None`: they do already.
///
/// # Errors
/// What is in the way, and in which line.
fn edited(text: &str, ops: &[Op], is_it: impl Fn(&Node<'_>) -> bool) -> Result<Option<String>, String> {
    let at = |offset| format!("line {}", position(text, offset).line);
    let tree = Tree::parse(text, Span::new(0, text.len())).map_err(|error| format!("{}: {error}", at(error.offset)))?;
    let root = tree.roots().find(|root| !root.is_null() && is_it(root)).ok_or("there is no object in it")?;
    let lowered = lower(root, ops).map_err(|blocked| format!("{}: {blocked}", at(blocked.offset)))?;
    if lowered.edits.is_empty() {
        return Ok(None);
    }
    splice(text, lowered.edits).map(Some).map_err(|overlap| overlap.to_string())
}

fn new(skeleton: &str, ops: &[Op]) -> Result<String, String> {
    edited(skeleton, ops, |_| true).map(|text| text.unwrap_or_else(|| skeleton.to_owned()))
}

/// A functionConfig; the `spare` fields stand in it as comments.
pub(super) fn config(host: Option<Host>, head: &str, fields: &[Field], spare: &[Field]) -> Result<String, String> {
    let annotations = match host {
        Some(Host::Kustomize) => format!(
            "  annotations:\n    # kustomize finds the program on PATH, and runs it only with --enable-alpha-plugins --enable-exec.\n    {FUNCTION}: |\n      exec:\n        path: {PROGRAM}\n"
        ),
        Some(Host::Kpt) => {
            format!("  annotations:\n    # Read by the function, not sent to the cluster.\n    {LOCAL}: \"true\"\n")
        }
        Some(Host::ArgoCd) | None => String::new(),
    };
    let spec = if fields.is_empty() { " {}" } else { "" };
    let skeleton = format!("{head}apiVersion: {API_VERSION}\nkind: {KIND}\nmetadata:\n  name: {PROGRAM}\n{annotations}spec:{spec}\n");
    let ops: Vec<_> = fields.iter().map(|field| Op::is(Path::of(&["spec", &field.name]), value(field))).collect();
    let mut text = new(&skeleton, &ops)?;
    for Field { name, value } in spare {
        if let FieldValue::Text(value) = value {
            let _ = writeln!(text, "  # Nothing here needs it, but Kubernetes' own components would:\n  # {name}: {value}");
        }
    }
    Ok(text)
}

/// The value as the schema has it: flags are texts.
fn value(field: &Field) -> Value {
    let kind = fields::all().into_iter().find(|known| known.name == field.name).map(|known| known.kind);
    match (&field.value, kind) {
        (FieldValue::Text(text), Some(Kind::Boolean)) => Value::Bool(text == "true"),
        (FieldValue::Text(text), Some(Kind::Number)) => Value::Number(text.clone()),
        (FieldValue::Map(map), _) => Value::Map(map.iter().map(|(key, text)| (key.clone(), text.as_str().into())).collect()),
        (FieldValue::Text(text), _) => text.as_str().into(),
        (FieldValue::Other(_), _) => Value::Null,
    }
}

/// The functionConfig that is there, with the annotation that the host needs.
pub(super) fn annotated(text: &str, host: Option<Host>) -> Result<Option<String>, String> {
    let (annotation, value) = match host {
        Some(Host::Kustomize) => (FUNCTION, format!("{{exec: {{path: {PROGRAM}}}}}")),
        Some(Host::Kpt) => (LOCAL, "true".to_owned()),
        Some(Host::ArgoCd) | None => return Ok(None),
    };
    let exists = Op::new(Path::of(&["metadata", "annotations", annotation]), Want::Exists(value.into()));
    edited(text, &[exists], |root| root.text_at(&["kind"]) == Some(KIND))
}

/// A kustomization of these files, with the functionConfig as a transformer.
pub(super) fn kustomization(resources: &[String], config: &str) -> Result<String, String> {
    let skeleton = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - x\ntransformers:\n  - x\n";
    let names = resources.iter().enumerate().map(|(index, name)| {
        let list = Path::of(&["resources"]);
        if index == 0 { Op::is(list.index(0), name.as_str()) } else { Op::new(list, Want::Contains(name.as_str().into())) }
    });
    let transformer = Op::is(Path::of(&["transformers"]).index(0), config);
    new(skeleton, &names.chain([transformer]).collect::<Vec<_>>())
}

fn transformer(config: &str) -> Op {
    Op::new(Path::of(&["transformers"]), Want::Contains(config.into()))
}

/// The kustomization that is there, with the functionConfig as a transformer.
pub(super) fn with_transformer(text: &str, config: &str) -> Result<Option<String>, String> {
    // Another spelling of the same file.
    let with_dot = format!("./{config}");
    let tree = Tree::parse(text, Span::new(0, text.len())).map_err(|error| error.to_string())?;
    let mut listed = tree.roots().filter_map(|root| root.get("transformers")).flat_map(Node::items);
    if listed.any(|entry| entry.text() == Some(&with_dot)) {
        return Ok(None);
    }
    edited(text, &[transformer(config)], |_| true)
}

fn mutator(config: &str) -> Op {
    let mutator = Value::map([("exec", PROGRAM.into()), ("configPath", config.into())]);
    Op::new(Path::of(&["pipeline", "mutators"]), Want::Contains(mutator))
}

/// A Kptfile whose pipeline runs the program.
pub(super) fn kptfile(name: &str, config: &str) -> Result<String, String> {
    let skeleton = format!(
        "\
apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: x
  annotations:
    {LOCAL}: \"true\"
pipeline:
  mutators:
    - exec: {PROGRAM}
      configPath: x
"
    );
    let path = Path::of(&["pipeline", "mutators"]).index(0).key("configPath");
    new(&skeleton, &[Op::is(Path::of(&["metadata", "name"]), name), Op::is(path, config)])
}

/// The Kptfile that is there, with the program as its last mutator, unless it runs it already.
pub(super) fn with_mutator(text: &str, config: &str) -> Result<Option<String>, String> {
    let tree = Tree::parse(text, Span::new(0, text.len())).map_err(|error| error.to_string())?;
    let mutators = tree.roots().filter_map(|root| root.at(&["pipeline", "mutators"])).flat_map(Node::items);
    let mut runs = mutators.filter_map(|mutator| mutator.text_at(&["exec"]).or_else(|| mutator.text_at(&["image"])));
    if runs.any(|program| program.contains(PROGRAM)) {
        return Ok(None);
    }
    edited(text, &[mutator(config)], |root| root.text_at(&["kind"]) == Some("Kptfile"))
}

/// An Application of Argo CD whose plugin gets the fields of the functionConfig `config` as parameters.
pub(super) fn application(name: &str, config: &str) -> Result<String, String> {
    let skeleton = "\
# For the namespace of Argo CD. Here it is no manifest of its own application: +argocd:skip-file-rendering
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: x
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://git.example.com/your/repository.git
    targetRevision: HEAD
    path: the/folder/of/this/file
    plugin:
      name: enable-dual-stack
      # They speak before the functionConfig of the folder.
      parameters:
  destination:
    server: https://kubernetes.default.svc
";
    let tree = Tree::parse(config, Span::new(0, config.len())).map_err(|error| error.to_string())?;
    let root = tree.roots().find(|root| root.text_at(&["kind"]) == Some(KIND));
    let fields = config::fields_of(root).map_err(|error| error.message)?;
    let parameters = fields.iter().filter_map(|field| {
        let (key, value) = match &field.value {
            FieldValue::Text(text) => ("string", text.as_str().into()),
            FieldValue::Map(_) => ("map", value(field)),
            FieldValue::Other(_) => return None,
        };
        Some(Value::map([("name", field.name.as_str().into()), (key, value)]))
    });
    let parameters = Op::is(Path::of(&["spec", "source", "plugin", "parameters"]), Value::List(parameters.collect()));
    new(skeleton, &[Op::is(Path::of(&["metadata", "name"]), name), parameters])
}
