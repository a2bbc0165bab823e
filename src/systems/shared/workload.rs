//! Containers of a workload, and their environment.

use crate::package::{Package, Resource};
use crate::plan::Place;
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

/// Where the value of a variable stands.
#[derive(Clone, Debug)]
pub(crate) enum Variable<'p> {
    /// Nowhere: the container does not get the variable.
    Unset,
    /// In the package: in the entry itself, or under the key of the object that the entry refers to.
    At { resource: &'p Resource<'p>, path: Path, node: Option<Node<'p>> },
    /// Elsewhere: the place of the entry, and what it refers to.
    Elsewhere { entry: Path, from: String },
}

/// The containers under `field` (`containers` or `initContainers`) of a Pod, or of a workload's Pod template.
pub(crate) fn containers<'p>(resource: &'p Resource<'p>, field: &str) -> Vec<Container<'p>> {
    let keys: &[&str] = if resource.kind == "Pod" { &["spec"] } else { &["spec", "template", "spec"] };
    let list = resource.root().at(keys).and_then(|spec| spec.get(field));
    let (items, path) = (list.into_iter().flat_map(Node::items).enumerate(), Path::of(keys).key(field));
    items.map(|(index, node)| Container { resource, path: path.index(index), node }).collect()
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

    pub(crate) fn image(&self) -> &'p str {
        self.node.text_at(&["image"]).unwrap_or_default()
    }

    /// All entries of `env` with this name, in order; the kubelet takes the last.
    pub(crate) fn env(&self, name: &str) -> Vec<EnvEntry<'p>> {
        self.all_env().filter(|entry| entry.name() == name).collect()
    }

    /// All entries of `env`.
    pub(crate) fn all_env(&self) -> impl Iterator<Item = EnvEntry<'p>> {
        let entries = self.node.get("env").into_iter().flat_map(Node::items).enumerate();
        entries.map(|(index, node)| EnvEntry { index, node })
    }

    /// The place of the entry at `index` of `env`.
    pub(crate) fn env_path(&self, index: usize) -> Path {
        self.path.key("env").index(index)
    }

    /// Where the variable `name` has its value: the last entry of `env` decides, else the last object of `envFrom` that
    /// has the key (Kubernetes API reference, Container: `env` takes precedence over `envFrom`).
    pub(crate) fn variable(&self, package: &'p Package<'p>, name: &str) -> Variable<'p> {
        let Some(entry) = self.env(name).last().copied() else { return self.of_env_from(package, name) };
        let path = self.env_path(entry.index);
        if entry.node.get("valueFrom").is_none() {
            return Variable::At { resource: self.resource, path: path.key("value"), node: entry.node.get("value") };
        }
        let namespace = &self.resource.namespace;
        let (kind, field, (object, key)) = match (entry.key_ref("configMapKeyRef"), entry.key_ref("secretKeyRef")) {
            (Some(reference), _) => ("ConfigMap", "data", reference),
            (_, Some(reference)) => ("Secret", "stringData", reference),
            _ => return Variable::Elsewhere { entry: path, from: "a field of the Pod".into() },
        };
        let Some(resource) = find(package, kind, object, namespace, &[field, key]) else {
            return Variable::Elsewhere { entry: path, from: format!("the {kind} \"{object}\", which is not in this package") };
        };
        let node = resource.root().at(&[field, key]);
        if kind == "Secret" && node.is_none() && resource.root().at(&["data", key]).is_some() {
            return Variable::Elsewhere { entry: path, from: format!("the Secret \"{object}\", where it is base64 in `data`") };
        }
        Variable::At { resource, path: Path::of(&[field, key]), node }
    }

    /// The variable as a key of a ConfigMap that `envFrom` names.
    fn of_env_from(&self, package: &'p Package<'p>, name: &str) -> Variable<'p> {
        let sources = self.node.get("envFrom").into_iter().flat_map(Node::items);
        let found = sources.filter_map(|source| {
            let key = name.strip_prefix(source.text_at(&["prefix"]).unwrap_or_default())?;
            let map = source.text_at(&["configMapRef", "name"])?;
            let resource = find(package, "ConfigMap", map, &self.resource.namespace, &["data", key])?;
            let node = resource.root().at(&["data", key])?;
            Some(Variable::At { resource, path: Path::of(&["data", key]), node: Some(node) })
        });
        found.last().unwrap_or(Variable::Unset)
    }

    /// The place of the value of a variable; of the container, where it has none.
    pub(crate) fn place(&self, package: &'p Package<'p>, name: &str) -> Place {
        match self.variable(package, name) {
            Variable::At { resource, path, .. } => Place::at(resource, &path),
            Variable::Elsewhere { entry, .. } => Place::at(self.resource, &entry),
            Variable::Unset => Place::at(self.resource, &self.path),
        }
    }

    /// What the variable is when the container runs, as far as the package says it.
    pub(crate) fn env_text(&self, package: &'p Package<'p>, name: &str) -> Option<&'p str> {
        self.variable(package, name).text()
    }
}

impl<'p> Variable<'p> {
    /// The value, if the package says one.
    pub(crate) fn text(&self) -> Option<&'p str> {
        match self {
            Self::At { node, .. } => node.filter(|node| !node.is_null())?.text(),
            _ => None,
        }
    }
}

impl<'p> EnvEntry<'p> {
    pub(crate) fn name(&self) -> &'p str {
        self.node.text_at(&["name"]).unwrap_or_default()
    }

    /// Name and key of the object that the value comes from.
    fn key_ref(&self, field: &str) -> Option<(&'p str, &'p str)> {
        let reference = self.node.at(&["valueFrom", field])?;
        Some((reference.text_at(&["name"])?, reference.text_at(&["key"])?))
    }
}

/// The object of the core group that a reference from `namespace` means; of several, as of a base and its overlay, one that
/// has `keys`. References inside a kustomize build still have the names of before prefixes and hashes, so former names count;
/// a namespace may be set later, too.
pub(crate) fn find<'p>(package: &'p Package<'p>, kind: &str, name: &str, namespace: &str, keys: &[&str]) -> Option<&'p Resource<'p>> {
    let named = package.named(kind, name);
    let same: Vec<_> = named.iter().copied().filter(|resource| resource.namespace == namespace).collect();
    let meant = if same.is_empty() && named.len() == 1 { named } else { same };
    let with_keys = meant.iter().find(|resource| resource.root().at(keys).is_some());
    with_keys.or(meant.first()).copied()
}
