//! Containers of a workload, and their environment.

use crate::package::{Package, Resource};
use crate::yaml::{Node, Path};

/// A container in the Pod template of a workload.
#[derive(Clone, Debug)]
pub(crate) struct Container<'p> {
    pub resource: &'p Resource<'p>,
    pub path: Path,
    pub node: Node<'p>,
}

/// An entry of `env`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnvEntry<'p> {
    pub index: usize,
    pub node: Node<'p>,
}

/// The containers under `field` (`containers` or `initContainers`) of a Pod, or of a workload's Pod template.
pub(crate) fn containers<'p>(resource: &'p Resource<'p>, field: &str) -> Vec<Container<'p>> {
    let keys: &[&str] = if resource.kind == "Pod" { &["spec"] } else { &["spec", "template", "spec"] };
    let list = resource.root().at(keys).and_then(|spec| spec.get(field));
    let items = list.into_iter().flat_map(Node::items).enumerate();
    items.map(|(index, node)| Container { resource, path: Path::of(keys).key(field).index(index), node }).collect()
}

/// The Pods of the package, and the workloads that have a Pod template.
pub(crate) fn workloads<'p>(package: &'p Package<'p>) -> impl Iterator<Item = &'p Resource<'p>> {
    let kinds = [
        ("", "Pod"),
        ("apps", "DaemonSet"),
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("extensions", "DaemonSet"),
        ("extensions", "Deployment"),
    ];
    kinds.into_iter().flat_map(|(group, kind)| package.of_kind(group, kind))
}

impl<'p> Container<'p> {
    pub(crate) fn name(&self) -> &'p str {
        self.node.text_at(&["name"]).unwrap_or_default()
    }

    /// All entries of `env` with this name, in order; the kubelet takes the last.
    pub(crate) fn env(&self, name: &str) -> Vec<EnvEntry<'p>> {
        let entries = self.node.get("env").into_iter().flat_map(Node::items).enumerate();
        entries.filter(|(_, node)| node.text_at(&["name"]) == Some(name)).map(|(index, node)| EnvEntry { index, node }).collect()
    }

    /// What the variable is when the container runs: its value, or the key of a ConfigMap of the package it refers to.
    pub(crate) fn env_text<'a>(&self, package: &'a Package<'a>, name: &str) -> Option<&'a str>
    where
        'p: 'a,
    {
        let entry = *self.env(name).last()?;
        if let Some(value) = entry.node.get("value") {
            return value.text();
        }
        let (map, key) = entry.config_map_key()?;
        find(package, "ConfigMap", map, &self.resource.namespace)?.root().text_at(&["data", key])
    }

    /// The place of the entry at `index` of `env`.
    pub(crate) fn env_path(&self, index: usize) -> Path {
        self.path.key("env").index(index)
    }
}

impl<'p> EnvEntry<'p> {
    /// Name and key of the ConfigMap that the value comes from.
    pub(crate) fn config_map_key(&self) -> Option<(&'p str, &'p str)> {
        self.key_ref("configMapKeyRef")
    }

    /// Name and key of the Secret that the value comes from.
    pub(crate) fn secret_key(&self) -> Option<(&'p str, &'p str)> {
        self.key_ref("secretKeyRef")
    }

    fn key_ref(&self, field: &str) -> Option<(&'p str, &'p str)> {
        let reference = self.node.at(&["valueFrom", field])?;
        Some((reference.text_at(&["name"])?, reference.text_at(&["key"])?))
    }
}

/// The object of the core group that a reference from `namespace` means. References inside a kustomize build still
/// have the names of before prefixes and hashes, so former names count; a namespace may be set later, too.
pub(crate) fn find<'p>(package: &'p Package<'p>, kind: &str, name: &str, namespace: &str) -> Option<&'p Resource<'p>> {
    let named = package.named(kind, name);
    let same = named.iter().find(|resource| resource.namespace == namespace);
    same.or(if named.len() == 1 { named.first() } else { None }).copied()
}
