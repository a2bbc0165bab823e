//! Text → objects: a ResourceList, a List, or a stream of documents.
//!
//! Finding the objects and reading one are separate: a [`Resource`] knows its kind and name, and is parsed when a
//! system asks for its [`root`](Resource::root).

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::rc::Rc;

use crate::text::{Edit, Span};
use crate::yaml::{Blocked, Node, Op, Path, Tree, Value, Want, YamlError, lower};

/// How the objects are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `config.kubernetes.io` ResourceList: the function protocol of kustomize and kpt.
    ResourceList,
    /// A `v1` List.
    List,
    /// Documents separated by `---`.
    Stream,
}

/// All objects of a text.
#[derive(Clone, Debug)]
pub struct Package<'t> {
    /// The text that all offsets address; nothing, where the objects come from several files.
    pub text: &'t str,
    /// How the objects are wrapped.
    pub form: Form,
    resources: Vec<Resource<'t>>,
    /// The positions of the objects of each kind.
    by_kind: HashMap<String, Vec<usize>>,
    /// The positions of the objects of a kind and name, former names too; made when first asked for.
    by_name: RefCell<HashMap<String, HashMap<String, Vec<usize>>>>,
    tree: Rc<Tree<'t>>,
    /// apiVersion, kind, name and namespace of the functionConfig.
    config_identity: Option<[String; 4]>,
}

/// One object.
#[derive(Clone, Debug)]
pub struct Resource<'t> {
    /// Its position in the package.
    pub index: usize,
    /// `apiVersion`, or nothing.
    pub api_version: Cow<'t, str>,
    /// `kind`, or nothing.
    pub kind: Cow<'t, str>,
    /// `metadata.name`, or nothing: files of kubeadm and kind have none.
    pub name: Cow<'t, str>,
    /// `metadata.namespace`, or nothing.
    pub namespace: Cow<'t, str>,
    /// The name of the file, where the objects come from files.
    file: Option<Rc<str>>,
    tree: Rc<Tree<'t>>,
    root: u32,
}

/// The text is not a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageError {
    /// Byte offset of the place.
    pub offset: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for PackageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PackageError {}

impl From<YamlError> for PackageError {
    fn from(error: YamlError) -> Self {
        Self { offset: error.offset, message: format!("the input is not YAML: {}", error.message) }
    }
}

impl<'t> Package<'t> {
    /// Finds the objects of `text`.
    ///
    /// # Errors
    /// [`PackageError`] where the text is not YAML, or is a ResourceList without a list of items.
    pub fn read(text: &'t str) -> Result<Self, PackageError> {
        let tree = Rc::new(Tree::parse(text, Span::new(0, text.len()))?);
        let mut roots = tree.roots().filter(|root| !root.is_null());
        let (form, objects) = match (roots.next(), roots.next()) {
            (Some(root), None) if is_resource_list(root) => (Form::ResourceList, items_of(root)?),
            (Some(root), None) if is_list(root) => (Form::List, items_of(root)?),
            _ => (Form::Stream, tree.roots().filter(|root| !root.is_null()).collect()),
        };
        let mut package = Self {
            text,
            form,
            resources: Vec::new(),
            by_kind: HashMap::new(),
            by_name: RefCell::default(),
            tree: Rc::clone(&tree),
            config_identity: None,
        };
        for object in objects {
            package.push(&tree, object);
        }
        for resource in &package.resources {
            package.by_kind.entry(resource.kind.to_string()).or_default().push(resource.index);
        }
        package.config_identity = package.function_config().map(identity);
        Ok(package)
    }

    /// Adds an object, or the objects of a List among the objects.
    fn push(&mut self, tree: &Rc<Tree<'t>>, object: Node<'_>) {
        if is_list(object) {
            object.get("items").into_iter().flat_map(Node::items).for_each(|item| self.push(tree, item));
            return;
        }
        let text = |keys: &[&str]| Cow::Owned(object.text_at(keys).unwrap_or_default().to_owned());
        self.resources.push(Resource {
            index: self.resources.len(),
            api_version: text(&["apiVersion"]),
            kind: text(&["kind"]),
            name: text(&["metadata", "name"]),
            namespace: text(&["metadata", "namespace"]),
            file: None,
            tree: Rc::clone(tree),
            root: object.resolved().id(),
        });
    }

    /// The objects of several files as one package, in this order, each with the name of its file.
    #[must_use]
    pub fn join(files: Vec<(&str, Package<'t>)>) -> Self {
        let mut joined = Self {
            text: "",
            form: Form::Stream,
            resources: Vec::new(),
            by_kind: HashMap::new(),
            by_name: RefCell::default(),
            tree: Rc::new(Tree::default()),
            config_identity: None,
        };
        for (name, file) in files {
            let name = Rc::from(name);
            for resource in file.resources {
                let index = joined.resources.len();
                joined.by_kind.entry(resource.kind.to_string()).or_default().push(index);
                joined.resources.push(Resource { index, file: Some(Rc::clone(&name)), ..resource });
            }
        }
        joined
    }

    /// All objects, in order, also those that systems must leave alone.
    pub fn all(&self) -> &[Resource<'t>] {
        &self.resources
    }

    /// The objects of a kind of an API group (`""` is the core group), whatever the version, that may be edited.
    pub fn of_kind<'p>(&'p self, group: &'p str, kind: &'p str) -> impl Iterator<Item = &'p Resource<'t>> {
        let indexes = self.by_kind.get(kind).into_iter().flatten();
        indexes.map(|&index| &self.resources[index]).filter(move |resource| resource.is(group, kind) && !self.is_off_limits(resource))
    }

    /// The objects of a kind of the core group that have this name, or had it before kustomize renamed them.
    pub fn named(&self, kind: &str, name: &str) -> Vec<&Resource<'t>> {
        let mut by_name = self.by_name.borrow_mut();
        let index = by_name.entry(kind.to_owned()).or_insert_with(|| {
            let mut index: HashMap<String, Vec<usize>> = HashMap::new();
            for resource in self.of_kind("", kind) {
                for name in resource.names() {
                    index.entry(name.to_owned()).or_default().push(resource.index);
                }
            }
            index
        });
        index.get(name).into_iter().flatten().map(|&index| &self.resources[index]).collect()
    }

    /// Whether systems must leave the object alone: it configures the tools, not the cluster.
    pub fn is_off_limits(&self, resource: &Resource<'_>) -> bool {
        configures_tools(resource) || self.config_identity.as_ref().is_some_and(|config| *config == resource.identity())
    }

    /// The package with the objects at some positions replaced by these texts, each of one object.
    ///
    /// # Errors
    /// The position of a text that is not one object.
    pub fn edited<'a>(&'a self, texts: &'a BTreeMap<usize, String>) -> Result<Package<'a>, usize> {
        let mut resources: Vec<Resource<'a>> = self.resources.clone();
        for (&index, text) in texts {
            let tree = Tree::parse(text, Span::new(0, text.len())).map_err(|_| index)?;
            let mut roots = tree.roots();
            let (Some(root), None) = (roots.next().map(Node::id), roots.next()) else { return Err(index) };
            drop(roots);
            let resource = &mut resources[index];
            (resource.tree, resource.root) = (Rc::new(tree), root);
        }
        Ok(Package { resources, by_name: RefCell::default(), ..self.clone() })
    }

    /// The functionConfig of a ResourceList.
    pub fn function_config(&self) -> Option<Node<'_>> {
        let root = self.tree.roots().find(|root| !root.is_null())?;
        if self.form != Form::ResourceList {
            return None;
        }
        root.get("functionConfig").filter(|config| !config.is_null())
    }

    /// The edits that append `results` to those of a ResourceList; none for another form.
    ///
    /// # Errors
    /// [`Blocked`] where `results` is there and is not a list.
    pub fn results(&self, results: Vec<Value>) -> Result<Vec<Edit>, Blocked> {
        let Some(root) = self.tree.roots().find(|root| !root.is_null()).filter(|_| self.form == Form::ResourceList) else {
            return Ok(Vec::new());
        };
        let path = Path::of(&["results"]);
        let ops: Vec<_> = results.into_iter().map(|result| Op::new(path.clone(), Want::Contains(result))).collect();
        lower(root, &ops).map(|lowered| lowered.edits)
    }
}

impl Resource<'_> {
    /// The object, parsed.
    pub fn root(&self) -> Node<'_> {
        self.tree.node(self.root)
    }

    /// Whether the object is of this group and kind; the core group is `""`.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group() == group
    }

    /// The API group; the core group is `""`.
    pub fn group(&self) -> &str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// The version of the API, such as `v1beta2`.
    pub fn version(&self) -> &str {
        self.api_version.rsplit_once('/').map_or(&self.api_version, |(_, version)| version)
    }

    /// The annotation `key`.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.root().text_at(&["metadata", "annotations", key])
    }

    /// The file that the object is in: where it was read, or, relative to the package, as kpt and kustomize tell it.
    pub fn file(&self) -> Option<&str> {
        if self.file.is_some() {
            return self.file.as_deref();
        }
        ["internal.config.kubernetes.io/path", "config.kubernetes.io/path"].into_iter().find_map(|key| self.annotation(key))
    }

    /// The position of the object in its file.
    pub fn file_index(&self) -> Option<u32> {
        let index = ["internal.config.kubernetes.io/index", "config.kubernetes.io/index"];
        index.into_iter().find_map(|key| self.annotation(key))?.parse().ok()
    }

    /// The name of the object, and those that it had before kustomize renamed it; each once.
    fn names(&self) -> BTreeSet<&str> {
        let previous = self.annotation("internal.config.kubernetes.io/previousNames").unwrap_or_default();
        previous.split(',').chain([&*self.name]).filter(|name| !name.is_empty()).collect()
    }

    /// The original name: what it was called before kustomize renamed it.
    pub fn original_name(&self) -> &str {
        let previous = self.annotation("internal.config.kubernetes.io/previousNames");
        previous.and_then(|names| names.split(',').next()).filter(|name| !name.is_empty()).unwrap_or(&self.name)
    }

    fn identity(&self) -> [String; 4] {
        [&self.api_version, &self.kind, &self.name, &self.namespace].map(std::string::ToString::to_string)
    }
}

/// `DaemonSet kube-system/calico-node`
impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        match (&*self.namespace, &*self.name) {
            (_, "") => Ok(()),
            ("", name) => write!(f, " {name}"),
            (namespace, name) => write!(f, " {namespace}/{name}"),
        }
    }
}

fn identity(object: Node<'_>) -> [String; 4] {
    [["apiVersion"].as_slice(), &["kind"], &["metadata", "name"], &["metadata", "namespace"]]
        .map(|keys| object.text_at(keys).unwrap_or_default().to_owned())
}

fn is_resource_list(root: Node<'_>) -> bool {
    root.text_at(&["kind"]) == Some("ResourceList")
        && root.text_at(&["apiVersion"]).is_some_and(|version| version.starts_with("config.kubernetes.io/"))
}

/// A `v1` List, or a typed one such as ConfigMapList; a custom resource that is only named like one has no objects.
fn is_list(root: Node<'_>) -> bool {
    let (Some(kind), Some(version)) = (root.text_at(&["kind"]), root.text_at(&["apiVersion"])) else { return false };
    let is_object = |item: Node<'_>| item.text_at(&["kind"]).is_some() && item.text_at(&["apiVersion"]).is_some();
    let first = root.get("items").and_then(|items| items.items().next());
    kind.ends_with("List")
        && kind != "ResourceList"
        && (first.is_some_and(is_object) || (first.is_none() && version == "v1" && kind == "List"))
}

fn items_of(root: Node<'_>) -> Result<Vec<Node<'_>>, PackageError> {
    let Some(items) = root.get("items") else { return Ok(Vec::new()) };
    if !items.is_null() && !matches!(items.resolved().kind(), crate::yaml::Kind::Sequence(_)) {
        return Err(PackageError { offset: items.start(), message: "`items` must be a list of objects".into() });
    }
    Ok(items.items().collect())
}

/// Objects that configure kpt and kustomize, or that are marked as not meant for the cluster.
fn configures_tools(resource: &Resource<'_>) -> bool {
    (resource.group() == "kpt.dev" && resource.kind == "Kptfile")
        || (resource.group() == "kustomize.config.k8s.io" && matches!(&*resource.kind, "Kustomization" | "Component"))
        || resource.annotation("config.kubernetes.io/local-config").is_some_and(|value| value != "false")
}
