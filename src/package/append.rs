//! A new object, behind the last one.
//!
//! In a ResourceList or a List it is one more item; in a stream, one more document. Hosts place it by its annotations:
//! it gets the path of the object that asked for it, and no index, so that kpt appends it to that file
//! (functions-spec.md, path and index; kpt, kyaml/kio).

use super::{Form, PATHS, Package, Resource};
use crate::text::{Edit, Span};
use crate::yaml::{Blocked, Op, Path, Tree, Value, Want, append_document, append_item};

/// A new object in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The position of the object that it comes behind; its own edits go first.
    pub behind: usize,
    /// The edits that write it.
    pub edits: Vec<Edit>,
    /// Its text alone.
    pub text: String,
}

impl Package<'_> {
    /// The edits that append `object`, which `beside` asked for.
    ///
    /// # Errors
    /// [`Blocked`] where `items` cannot be edited.
    pub fn append(&self, beside: &Resource<'_>, object: &Value) -> Result<Appended, Blocked> {
        let object = placed(object.clone(), beside);
        let in_same_text = |other: &&Resource<'_>| std::ptr::eq(other.root().source(), beside.root().source());
        let last = self.all().iter().rev().find(in_same_text).unwrap_or(beside);
        let edits = if self.form == Form::Stream {
            append_document(last.root(), &object)
        } else if let Some(edits) = append_item(last.root(), &object) {
            edits
        } else {
            self.lower(&[Op::new(Path::of(&["items"]), Want::Contains(object.clone()))])?
        };
        let text = edits.last().and_then(|edit| alone(&edit.text)).filter(|text| means(text, &object));
        let text = text.ok_or_else(|| Blocked {
            op: 0,
            path: Path::root(),
            offset: last.root().span().end,
            reason: "a new object cannot be written behind the last one; this is a bug of enable-dual-stack, please report it".into(),
        })?;
        Ok(Appended { behind: last.index, edits, text })
    }
}

/// `object` with the annotations that tell hosts where `beside` is.
fn placed(object: Value, beside: &Resource<'_>) -> Value {
    let paths = PATHS.iter().filter_map(|key| Some(((*key).to_owned(), Value::from(beside.annotation(key)?))));
    let paths: Vec<_> = paths.collect();
    let Value::Map(mut entries) = object else { return object };
    for (key, value) in &mut entries {
        if let (false, "metadata", Value::Map(metadata)) = (paths.is_empty(), key.as_str(), value) {
            metadata.push(("annotations".to_owned(), Value::Map(paths.clone())));
        }
    }
    Value::Map(entries)
}

/// The object in the text of an edit, without what makes it an item or a document.
fn alone(inserted: &str) -> Option<String> {
    let text = inserted.trim_start_matches([',', '\r', '\n']);
    let dashes = if text.starts_with("---") { 3 } else { text.len() - text.trim_start_matches([' ', '-']).len() };
    Some(format!("{:dashes$}{}", "", text.get(dashes..)?))
}

/// Whether `text` is one document that means `object`.
fn means(text: &str, object: &Value) -> bool {
    let tree = Tree::parse(text, Span::new(0, text.len()));
    tree.is_ok_and(|tree| {
        let mut roots = tree.roots();
        roots.next().map(Value::of).as_ref() == Some(object) && roots.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> Value {
        let spec = Value::map([("cidr", Value::from("fd00::/48")), ("natOutgoing", Value::Bool(true))]);
        Value::map([
            ("apiVersion", Value::from("crd.projectcalico.org/v1")),
            ("kind", Value::from("IPPool")),
            ("metadata", Value::map([("name", Value::from("six"))])),
            ("spec", spec),
        ])
    }

    fn appended(input: &str) -> String {
        let package = Package::read(input).unwrap();
        let appended = package.append(&package.all()[0], &pool()).unwrap();
        if let Some(scanned) = Package::scan(input) {
            assert_eq!(scanned.append(&scanned.all()[0], &pool()).unwrap(), appended);
        }
        let output = crate::text::splice(input, appended.edits).unwrap();
        let after = Package::read(&output).unwrap();
        assert_eq!(after.all().len(), package.all().len() + 1, "{output}");
        assert_eq!(after.all().last().unwrap().name, "six");
        let values = |package: &Package<'_>, n: usize| -> Vec<_> { package.all()[..n].iter().map(|one| Value::of(one.root())).collect() };
        assert_eq!(values(&after, package.all().len()), values(&package, package.all().len()), "{output}");
        output
    }

    #[test]
    fn behind_the_last_document_of_a_stream() {
        assert_eq!(
            appended("kind: A\nspec:\n  a: 1\n"),
            "kind: A\nspec:\n  a: 1\n---\napiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata:\n  name: six\nspec:\n  cidr: fd00::/48\n  natOutgoing: true\n"
        );
        assert!(appended("kind: A\n# the end\n...\n").starts_with("kind: A\n# the end\n...\n---\napiVersion"));
        assert!(appended("kind: A\r\nb: 1\r\n").contains("b: 1\r\n---\r\napiVersion: crd.projectcalico.org/v1\r\n"));
    }

    #[test]
    fn a_text_without_a_last_line_break_stays_without_one() {
        assert!(appended("kind: A").ends_with("natOutgoing: true"));
        assert!(appended("kind: A\ntext: |\n  b").starts_with("kind: A\ntext: |-\n  b\n---\n"));
        assert!(appended("kind: A\ntext: |\n  b\n").starts_with("kind: A\ntext: |\n  b\n---\n"));
        assert!(appended("kind: A\ntext: |+\n  b\n\n").starts_with("kind: A\ntext: |+\n  b\n\n---\n"));
    }

    #[test]
    fn as_the_last_item_of_a_list_laid_out_as_the_others() {
        let output = appended("apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: A\n# the end\n");
        assert!(output.contains("    kind: A\n  - apiVersion: crd.projectcalico.org/v1\n    kind: IPPool\n    metadata:\n"), "{output}");
        assert!(output.ends_with("# the end\n"));
        let output =
            appended("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: v1\n  kind: A\nresults: []\n");
        assert!(output.contains("  kind: A\n- apiVersion: crd.projectcalico.org/v1\n"), "{output}");
    }

    #[test]
    fn json_stays_json() {
        let output = appended(r#"{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "A"}]}"#);
        let json: serde_json::Value = serde_json::from_str(&output).unwrap();
        assert_eq!(json["items"][1]["spec"]["cidr"], "fd00::/48");
        assert!(appended(r#"{"kind": "A"}"#).contains("\n---\n{\"apiVersion\": "));
    }

    #[test]
    fn hosts_are_told_the_file_but_no_index() {
        let input = "kind: A\nmetadata:\n  annotations:\n    config.kubernetes.io/index: '3'\n    config.kubernetes.io/path: 'a.yaml'\n    internal.config.kubernetes.io/path: 'a.yaml'\n";
        let output = appended(input);
        let added = &output[input.len()..];
        assert!(
            added.contains("\n    config.kubernetes.io/path: 'a.yaml'") || added.contains("\n    config.kubernetes.io/path: a.yaml"),
            "{added}"
        );
        assert_eq!((added.matches("path:").count(), added.matches("index").count()), (2, 0), "{added}");
    }
}
