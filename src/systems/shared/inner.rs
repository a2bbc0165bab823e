//! Documents inside scalars, as ConfigMaps hold them.

use crate::package::{Package, Resource};
use crate::text::Span;
use crate::yaml::{Embedded, Node, Path, Tree};

/// Calls `each` with the first document that the scalar `node` holds.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn document<R>(node: Node<'_>, each: impl FnOnce(Node<'_>) -> R) -> Result<R, String> {
    let embedded = Embedded::of(node.resolved()).ok_or("is not a string")?;
    let tree = Tree::parse(&embedded.text, Span::new(0, embedded.text.len())).map_err(|error| format!("cannot be read: {error}"))?;
    let root = tree.roots().next().ok_or("is empty")?;
    Ok(each(root))
}

/// A ConfigMap's key whose value holds a document.
#[derive(Clone, Debug)]
pub(crate) struct MapKey<'p> {
    pub resource: &'p Resource<'p>,
    /// The place of the value.
    pub path: Path,
    pub node: Node<'p>,
}

/// The values of ConfigMaps that hold a document of this `kind`, under one of `keys`. The kind is looked for as a word
/// first, because most ConfigMaps hold something else.
pub(crate) fn in_config_maps<'p>(package: &'p Package<'p>, keys: &[&str], kind: &str) -> Vec<MapKey<'p>> {
    let mut found = Vec::new();
    for resource in package.of_kind("", "ConfigMap") {
        for key in keys {
            let node = resource.root().at(&["data", key]).filter(|node| node.text().is_some_and(|text| text.contains(kind)));
            found.extend(node.map(|node| MapKey { resource, path: Path::of(&["data", key]), node }));
        }
    }
    found
}
