//! Text → objects: a ResourceList, a List, or a stream of documents.
//!
//! Finding the objects and reading one are separate: a [`Resource`] knows its kind and name, and is parsed when a
//! system asks for its [`root`](Resource::root). There are two ways to find them, which give the same: [`Package::scan`]
//! looks at the indentation only, and [`Package::read`] parses everything. [`with`] takes the first where it can.

mod append;
mod files;
mod lines;
mod list;
mod memo;
mod scan;
mod shallow;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

pub use self::append::Appended;
pub use self::files::{File, with_files};
use self::lines::Lines;
use self::list::List;
use self::memo::Memo;
use crate::text::{self, Edit, Span};
use crate::yaml::{Blocked, Kind, Node, Op, Path, Tree, Value, Want, YamlError, lower};

/// The annotations that say which file an object is in; kpt and kustomize write the first, older versions the second.
const PATHS: [&str; 2] = ["internal.config.kubernetes.io/path", "config.kubernetes.io/path"];

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
    by_kind: BTreeMap<Cow<'t, str>, Vec<usize>>,
    /// The positions of the objects of a kind and name, former names too; made when first asked for.
    by_name: RefCell<BTreeMap<String, BTreeMap<String, Vec<usize>>>>,
    around: Around<'t>,
    /// apiVersion, kind, name and namespace of the functionConfig.
    config_identity: Option<[String; 4]>,
    /// Set once an object of a scanned package cannot be read alone.
    misread: Rc<Cell<bool>>,
}

/// What is around the objects.
#[derive(Clone, Debug)]
enum Around<'t> {
    /// All of the text was parsed: it is the tree of the objects, too.
    Whole(Rc<Tree<'t>>),
    /// A list was scanned.
    List(List<'t>),
    /// A stream was scanned.
    Nothing,
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
    origin: Option<&'t str>,
    content: Content<'t>,
    memo: Memo,
}

#[derive(Clone, Debug)]
enum Content<'t> {
    /// A node of a tree.
    Node(Rc<Tree<'t>>, u32),
    /// Lines that are parsed when someone asks.
    Lines(Lines<'t>),
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
        Self { offset: error.offset, message: format!("the input cannot be read as YAML: {}", error.message) }
    }
}

impl<'t> Package<'t> {
    /// Finds the objects of `text`, all of it parsed.
    ///
    /// # Errors
    /// [`PackageError`] where the text is not YAML, or is a ResourceList without a list of items.
    pub fn read(text: &'t str) -> Result<Self, PackageError> {
        if let Some(offset) = text::lone_carriage_return(text) {
            let message = "a carriage return without a line feed: lines must end with a line feed, or with both";
            return Err(PackageError { offset, message: message.into() });
        }
        let tree = Rc::new(Tree::parse(text, Span::new(0, text.len()))?);
        let mut roots = tree.roots().filter(|root| !root.is_null());
        let (form, objects) = match (roots.next(), roots.next()) {
            (Some(root), None) if is_resource_list(root) => (Form::ResourceList, items_of(root)?),
            (Some(root), None) if is_list(root) => (Form::List, items_of(root)?),
            _ => (Form::Stream, tree.roots().filter(|root| !root.is_null()).collect()),
        };
        let mut resources = Vec::new();
        for object in objects {
            push(&mut resources, &tree, object)?;
        }
        Ok(Self::new(text, form, resources, Around::Whole(Rc::clone(&tree)), Rc::default()))
    }

    /// Finds the objects of `text` by indentation, and parses none of them; nothing where only the parser can tell.
    ///
    /// An object that cannot be read alone when someone asks for it is a null, and the package is
    /// [misread](Self::is_misread): what was made of it must be dropped. [`with`] sees to that.
    pub fn scan(text: &'t str) -> Option<Self> {
        if text::lone_carriage_return(text).is_some() {
            return None;
        }
        let found = scan::scan(text)?;
        let misread = Rc::new(Cell::new(false));
        let in_list = found.list.is_some();
        let resources = found.objects.into_iter().enumerate().map(|(index, object)| {
            let [api_version, kind, name, namespace] = object.heads;
            let content = Content::Lines(Lines::new(text, object.lines, in_list, Rc::clone(&misread)));
            Resource { index, api_version, kind, name, namespace, origin: None, content, memo: Memo::default() }
        });
        Some(Self::new(text, found.form, resources.collect(), found.list.map_or(Around::Nothing, Around::List), misread))
    }

    /// Whether an object that was asked for cannot be read alone.
    pub fn is_misread(&self) -> bool {
        self.misread.get()
    }

    fn new(text: &'t str, form: Form, resources: Vec<Resource<'t>>, around: Around<'t>, misread: Rc<Cell<bool>>) -> Self {
        let mut by_kind: BTreeMap<Cow<'t, str>, Vec<usize>> = BTreeMap::new();
        for resource in &resources {
            by_kind.entry(resource.kind.clone()).or_default().push(resource.index);
        }
        let mut package = Self { text, form, resources, by_kind, by_name: RefCell::default(), around, config_identity: None, misread };
        package.config_identity = package.function_config().map(|config| heads(config).map(str::to_owned));
        package
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
            let mut index: BTreeMap<String, Vec<usize>> = BTreeMap::new();
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
        configures_tools(resource) || self.config_identity.as_ref().is_some_and(|config| *config == resource.heads())
    }

    /// The package with the objects at some positions replaced by these texts, each of one object; one at a position
    /// behind the last is a new object.
    ///
    /// # Errors
    /// The position of a text that is not one object.
    pub fn edited<'a>(&'a self, texts: &'a BTreeMap<usize, String>) -> Result<Package<'a>, usize> {
        let mut resources: Vec<Resource<'a>> = self.resources.clone();
        for (&index, text) in texts {
            let tree = Rc::new(Tree::parse(text, Span::new(0, text.len())).map_err(|_| index)?);
            let mut roots = tree.roots();
            let (Some(root), None) = (roots.next(), roots.next()) else { return Err(index) };
            match resources.get_mut(index) {
                Some(resource) => {
                    resource.content = Content::Node(Rc::clone(&tree), root.id());
                    resource.memo = Memo::default();
                }
                None => push(&mut resources, &tree, root).map_err(|_| index)?,
            }
        }
        Ok(Package {
            config_identity: self.config_identity.clone(),
            ..Package::new(self.text, self.form, resources, self.around.clone(), Rc::clone(&self.misread))
        })
    }

    /// The functionConfig of a ResourceList.
    pub fn function_config(&self) -> Option<Node<'_>> {
        if self.form != Form::ResourceList {
            return None;
        }
        let config = match &self.around {
            Around::Whole(tree) => only(tree.roots())?.get("functionConfig"),
            Around::List(list) => list.get("functionConfig"),
            Around::Nothing => None,
        };
        config.filter(|config| !config.is_null())
    }

    /// The edits that append `results` to those of a ResourceList; none for another form.
    ///
    /// # Errors
    /// [`Blocked`] where `results` is there and is not a list.
    pub fn results(&self, results: Vec<Value>) -> Result<Vec<Edit>, Blocked> {
        if self.form != Form::ResourceList {
            return Ok(Vec::new());
        }
        let path = Path::of(&["results"]);
        let ops: Vec<_> = results.into_iter().map(|result| Op::new(path.clone(), Want::Contains(result))).collect();
        self.lower(&ops)
    }

    /// The edits that make `ops` hold for the list around the objects.
    fn lower(&self, ops: &[Op]) -> Result<Vec<Edit>, Blocked> {
        let edits = match &self.around {
            Around::Whole(tree) => only(tree.roots()).map(|root| lower(root, ops).map(|lowered| lowered.edits)),
            Around::List(list) => list.lower(ops),
            Around::Nothing => None,
        };
        edits.unwrap_or_else(|| {
            self.misread.set(true);
            Ok(Vec::new())
        })
    }
}

/// What `answer` makes of the objects of `text`.
///
/// It is asked once more where an object turns out not to be readable alone: what it refers to is outside of it, or it
/// is no YAML. Then all of the text is parsed, and both the answer and the error are those of the whole.
///
/// # Errors
/// Those of [`Package::read`].
pub fn with<T>(text: &str, answer: impl Fn(&Package<'_>) -> T) -> Result<T, PackageError> {
    if let Some(package) = Package::scan(text) {
        let answer = answer(&package);
        if !package.is_misread() {
            return Ok(answer);
        }
    }
    Package::read(text).map(|package| answer(&package))
}

/// Adds an object, or the objects of a List among the objects.
///
/// # Errors
/// [`PackageError`] where aliases or merge keys bring the objects of a List: a few can stand for any number of objects, or
/// for the List itself.
fn push<'t>(resources: &mut Vec<Resource<'t>>, tree: &Rc<Tree<'t>>, object: Node<'_>) -> Result<(), PackageError> {
    if is_list(object) {
        let Some(items) = object.get("items") else { return Ok(()) };
        let is_own = object.own("items").is_some_and(|(_, own)| own.id() == items.id());
        if !is_own || object.is_alias() || items.is_alias() {
            let message = "the items of a List among the objects must be written out there, without an alias or a merge key";
            return Err(PackageError { offset: object.start(), message: message.into() });
        }
        return items.items().try_for_each(|item| push(resources, tree, item));
    }
    let [api_version, kind, name, namespace] = heads(object).map(|head| Cow::Owned(head.to_owned()));
    let content = Content::Node(Rc::clone(tree), object.resolved().id());
    resources.push(Resource { index: resources.len(), api_version, kind, name, namespace, origin: None, content, memo: Memo::default() });
    Ok(())
}

/// The document that is not empty.
fn only<'n>(mut roots: impl Iterator<Item = Node<'n>>) -> Option<Node<'n>> {
    roots.find(|root| !root.is_null())
}

impl Resource<'_> {
    /// The object, parsed.
    pub fn root(&self) -> Node<'_> {
        match &self.content {
            Content::Node(tree, root) => tree.node(*root),
            Content::Lines(lines) => lines.root(self.heads()),
        }
    }

    /// Whether someone has asked for the object, or all of the text was parsed.
    pub fn is_read(&self) -> bool {
        match &self.content {
            Content::Node(..) => true,
            Content::Lines(lines) => lines.is_parsed(),
        }
    }

    /// What `make` makes of `node`, a node of the object. It is made once, however many ask.
    pub fn once<T: 'static>(&self, node: Node<'_>, make: impl FnOnce() -> T) -> Rc<T> {
        self.memo.of(node, make)
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
        if self.origin.is_some() {
            return self.origin;
        }
        PATHS.into_iter().find_map(|key| self.annotation(key))
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

    fn heads(&self) -> [&str; 4] {
        [&self.api_version, &self.kind, &self.name, &self.namespace]
    }
}

/// `DaemonSet kube-system/calico-node`; without a name, `ClusterConfiguration of kubeadm.k8s.io/v1beta4`.
impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        match (&*self.namespace, &*self.name) {
            (_, "") if self.api_version.is_empty() => Ok(()),
            (_, "") => write!(f, " of {}", self.api_version),
            ("", name) => write!(f, " {name}"),
            (namespace, name) => write!(f, " {namespace}/{name}"),
        }
    }
}

/// apiVersion, kind, name and namespace.
fn heads(object: Node<'_>) -> [&str; 4] {
    [["apiVersion"].as_slice(), &["kind"], &["metadata", "name"], &["metadata", "namespace"]]
        .map(|keys| object.text_at(keys).unwrap_or_default())
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
    if let Some((_, twice)) = root.duplicate_key() {
        let message = format!("the key `{}` of the list is there twice: remove one", twice.text().unwrap_or_default());
        return Err(PackageError { offset: twice.start(), message });
    }
    let Some(items) = root.get("items") else {
        // A list without items is an empty one, but nobody must lose his objects by a letter.
        let is_meant = |key: &Node<'_>| key.text().is_some_and(|key| key.len() < 10 && strsim::damerau_levenshtein(key, "items") <= 2);
        let Some((key, _)) = root.entries().find(|(key, _)| is_meant(key)) else { return Ok(Vec::new()) };
        let message = format!("the key `{}` of the list must be `items`", key.text().unwrap_or_default());
        return Err(PackageError { offset: key.start(), message });
    };
    if !items.is_null() && !matches!(items.resolved().kind(), Kind::Sequence(_)) {
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
