//! The text that Argo CD applies: plain documents of objects for the cluster, nothing that only tools understand.

use std::fmt::Write as _;

use crate::host::run_files;
use crate::package::{Form, Package, Resource};
use crate::text::{self, Edit, Span};
use crate::yaml::{Node, Op, Path, Tree, Want, lower};

/// Documents of objects, and how many objects they hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifests {
    pub text: String,
    pub objects: usize,
}

/// Annotations that tools write for each other: kustomize and kpt take them out of what they hand to a cluster
/// (reference: kyaml/kio/kioutil, kustomize api/resource). What a person asked for, such as
/// `config.kubernetes.io/origin` and `config.kubernetes.io/depends-on`, stays.
fn is_internal(annotation: &str) -> bool {
    let of_tools = ["internal.config.kubernetes.io/", "internal.config.k8s.io/", "config.k8s.io/", "kustomize.config.k8s.io/"];
    let named = ["index", "path", "id", "function", "local-config"];
    of_tools.iter().any(|prefix| annotation.starts_with(prefix))
        || annotation.strip_prefix("config.kubernetes.io/").is_some_and(|name| named.contains(&name))
}

/// Whether the object is not for the cluster: it configures a tool, this one among them.
fn stays_behind(package: &Package<'_>, resource: &Resource<'_>) -> bool {
    package.is_off_limits(resource) || run_files::is_ours(resource)
}

/// The documents of `text` that are for the cluster, each behind a `---`, without annotations of tools.
///
/// # Errors
/// A sentence that names the object which cannot be written so.
pub(super) fn of(text: &str) -> Result<Manifests, String> {
    let package = Package::read(text).map_err(|error| error.to_string())?;
    if package.form == Form::ResourceList {
        return Err("it holds a ResourceList, which Argo CD would apply with all annotations of tools: store its objects instead".into());
    }
    let tree = Tree::parse(text, Span::new(0, text.len())).map_err(|error| error.to_string())?;
    let starts: Vec<_> = tree.documents().collect();
    let mut manifests = Manifests::default();
    for (index, root) in tree.roots().enumerate() {
        // What stands between two documents, such as a comment, goes with the first.
        let start = if index == 0 { text.len() - text.trim_start_matches('\u{feff}').len() } else { starts[index] };
        let span = Span::new(start, starts.get(index + 1).copied().unwrap_or(text.len()));
        let within: Vec<_> = package.all().iter().filter(|resource| (span.start..span.end).contains(&resource.root().start())).collect();
        let (behind, kept): (Vec<_>, Vec<_>) = within.into_iter().partition(|resource| stays_behind(&package, resource));
        if kept.is_empty() {
            continue;
        }
        manifests.objects += kept.len();
        let edits = edits(root, &behind, &kept)?;
        let moved = edits.into_iter().map(|edit| {
            let span = Span::new(edit.span.start - span.start, edit.span.end - span.start);
            Edit::replace(span, edit.text)
        });
        let document = text::splice(span.of(text), moved.collect()).map_err(|overlap| overlap.to_string())?;
        let marker = if document.starts_with("---") { "" } else { "---\n" };
        let end = if document.ends_with('\n') { "" } else { "\n" };
        let _ = write!(manifests.text, "{marker}{document}{end}");
    }
    Ok(manifests)
}

/// Takes the items of a List that stay behind out, and the annotations of tools off the others.
fn edits(root: Node<'_>, behind: &[&Resource<'_>], kept: &[&Resource<'_>]) -> Result<Vec<Edit>, String> {
    let cannot = |resource: &Resource<'_>, reason: &str| format!("{resource} is not for the cluster and cannot be taken out: {reason}");
    let mut out = Vec::new();
    for resource in behind {
        let items = root.get("items").into_iter().flat_map(Node::items);
        let index = items.take_while(|item| item.start() != resource.root().start()).count();
        let path = Path::of(&["items"]).index(index);
        if root.nearest(&path).start() != resource.root().start() {
            return Err(cannot(resource, "write it to a file of its own"));
        }
        out.push(Op::new(path, Want::Absent));
    }
    let mut edits =
        lower(root, &out).map_err(|blocked| behind.first().map_or(String::new(), |first| cannot(first, &blocked.reason)))?.edits;
    for resource in kept {
        let path = Path::of(&["metadata", "annotations"]);
        let annotations = resource.root().at(&["metadata", "annotations"]);
        let names: Vec<_> = annotations.into_iter().flat_map(Node::entries).filter_map(|(name, _)| name.text()).collect();
        let internal: Vec<_> = names.iter().copied().filter(|name| is_internal(name)).collect();
        let absent: Vec<_> = if internal.len() == names.len() && !names.is_empty() {
            vec![Op::new(path, Want::Absent)]
        } else {
            internal.into_iter().map(|name| Op::new(path.key(name), Want::Absent)).collect()
        };
        let lowered = lower(resource.root(), &absent)
            .map_err(|blocked| format!("the annotations of {resource} that tools wrote cannot be taken off: {}", blocked.reason))?;
        edits.extend(lowered.edits);
    }
    Ok(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, annotations: &str) -> String {
        let lines = annotations.trim_end().replace('\n', "\n    ");
        let annotations = if lines.is_empty() { String::new() } else { format!("  annotations:\n    {lines}\n") };
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{annotations}data: {{}}\n")
    }

    fn plain(text: &str) -> (String, usize) {
        let manifests = of(text).unwrap_or_else(|error| panic!("{error}"));
        (manifests.text, manifests.objects)
    }

    #[test]
    fn documents_are_kept_as_they_are() {
        let text = format!("\u{feff}# first\n{}---\n# nothing\n---\n{}\n...\n", object("a", ""), object("b", "x: y\n").trim_end());
        let expected = format!("---\n# first\n{}---\n{}\n...\n", object("a", ""), object("b", "x: y\n").trim_end());
        assert_eq!(plain(&text), (expected, 2));
    }

    #[test]
    fn annotations_of_tools_are_taken_off() {
        let tools =
            "config.kubernetes.io/index: '0'\ninternal.config.kubernetes.io/path: a.yaml\nkustomize.config.k8s.io/id: |\n  kind: X\n";
        assert_eq!(plain(&object("a", tools)), (format!("---\n{}", object("a", "")), 1));
        let asked = "config.kubernetes.io/origin: x\nmine: y\n";
        assert_eq!(plain(&object("a", &format!("{tools}{asked}"))), (format!("---\n{}", object("a", asked)), 1));
    }

    #[test]
    fn what_configures_tools_stays_behind() {
        let local = object("local", "config.kubernetes.io/local-config: 'true'\n");
        let config = "apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nmetadata:\n  name: x\n";
        let kptfile = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: x\n";
        assert_eq!(plain(&format!("{local}---\n{}---\n{config}---\n{kptfile}", object("a", ""))), (format!("---\n{}", object("a", "")), 1));
        assert_eq!(plain(config), (String::new(), 0));
    }

    #[test]
    fn a_list_loses_its_items_for_tools() {
        let item =
            |name: &str, annotations: &str| format!("- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: {name}\n{annotations}");
        let local = "    annotations:\n      config.kubernetes.io/local-config: \"true\"\n";
        let list = format!("apiVersion: v1\nkind: List\nitems:\n{}{}{}", item("a", ""), item("local", local), item("b", ""));
        let expected = format!("---\napiVersion: v1\nkind: List\nitems:\n{}{}", item("a", ""), item("b", ""));
        assert_eq!(plain(&list), (expected, 2));
    }

    #[test]
    fn json_becomes_a_document_of_a_stream() {
        let text =
            r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "annotations": {"config.kubernetes.io/index": "0"}}}"#;
        let expected = "---\n{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}}\n";
        assert_eq!(plain(text), (expected.to_owned(), 1));
    }

    #[test]
    fn a_resource_list_is_refused() {
        let list = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n";
        assert!(of(list).is_err());
    }
}
