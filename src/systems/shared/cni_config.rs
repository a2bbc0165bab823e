//! The text of a CNI config: a JSON template with bare placeholders such as `__CNI_MTU__`.

use std::rc::Rc;

use crate::package::Resource;
use crate::text::{self, Edit, Span};
use crate::yaml::{Embedded, Kind, Layout, Node, Path, Style, Tree, Value};

/// A string that holds a CNI config, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct CniText<'p> {
    pub resource: &'p Resource<'p>,
    pub path: Path,
    pub plugins: Rc<Result<Vec<CalicoPlugin>, Unreadable>>,
}

/// Why a text cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is a template in other ways than `__NAME__`: what is wrong, to stand behind the name of the text.
    Template(String),
    /// It is no JSON with its placeholders filled in: why not.
    Broken(String),
}

/// The object of `"type": "calico"` in a CNI config.
#[derive(Clone, Debug)]
pub(crate) struct CalicoPlugin {
    /// Its place within the config.
    pub path: Path,
    /// Who gives out the addresses.
    pub ipam: Ipam,
    /// The object `ipam`.
    pub options: Option<Value>,
    /// `mtu`: a number, or the name of a placeholder.
    pub mtu: Option<Value>,
    /// Whether the plugin is a `delegate` of flannel's.
    pub under_flannel: bool,
}

/// An IPAM plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ipam {
    /// calico-ipam, also where `type` is missing: nothing else fills it in.
    Calico,
    /// host-local.
    HostLocal,
    /// Another one.
    Other(String),
    /// No `ipam` at all.
    Missing,
}

impl Ipam {
    /// The name in messages.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Calico => "calico-ipam",
            Self::HostLocal => "host-local",
            Self::Other(name) => name,
            Self::Missing => "none",
        }
    }
}

impl<'p> CniText<'p> {
    /// Reads the string `node` at `path` of `resource`.
    pub(crate) fn read(resource: &'p Resource<'p>, path: Path, node: Node<'_>) -> Self {
        let plugins = resource.once(node, || json(node, |root| collect(root, &Path::root(), false)));
        Self { resource, path, plugins }
    }

    /// The Calico plugins, if the text could be read.
    pub(crate) fn readable(&self) -> &[CalicoPlugin] {
        self.plugins.as_ref().as_ref().map_or(&[], Vec::as_slice)
    }

    /// The place of `ipam` of `plugin` in the object.
    pub(crate) fn ipam(&self, plugin: &CalicoPlugin) -> Path {
        self.path.inside().join(&plugin.path).key("ipam")
    }
}

/// What `read` makes of the JSON template in the string `node`.
///
/// # Errors
/// [`Unreadable`], where an edit could hit the wrong place, or could not help.
pub(crate) fn json<T>(node: Node<'_>, read: impl FnOnce(Node<'_>) -> T) -> Result<T, Unreadable> {
    let template = |reason: String| Unreadable::Template(reason);
    let embedded = Embedded::of(node.resolved()).ok_or_else(|| template("is not a string".into()))?;
    let text = &embedded.text;
    let tree = Tree::parse(text, Span::new(0, text.len())).map_err(|error| template(format!("cannot be read as JSON: {error}")))?;
    let root = tree.roots().next().ok_or_else(|| template("is empty".into()))?;
    if let Some(node) = root.descendants().find(|node| !is_json(*node)) {
        let line = text::position(text, node.start()).line;
        return Err(template(format!("is not JSON at its line {line}: it holds a comment or a template marker")));
    }
    let fill = |node: Node<'_>| Edit::replace(node.span(), "0");
    let filled = text::splice(text, root.descendants().filter(|node| is_placeholder(*node)).map(fill).collect());
    let is_json = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).map(|_| ());
    // Where it is none, the reader that makes values has the better words.
    let why = |text: &str| is_json(text).or_else(|_| serde_json::from_str::<serde_json::Value>(text).map(|_| ()));
    match filled.map(|filled| why(&filled)) {
        Ok(Ok(())) => Ok(read(root)),
        Ok(Err(error)) => Err(Unreadable::Broken(error.to_string())),
        Err(overlap) => Err(template(overlap.to_string())),
    }
}

/// Flow style, keys in quotes, no comment read as part of a word: what JSON with bare placeholders has.
fn is_json(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Mapping(layout) => layout == Layout::Flow && node.entries().all(|(key, _)| key.kind() == Kind::Scalar(Style::Double)),
        Kind::Sequence(layout) => layout == Layout::Flow,
        Kind::Scalar(Style::Plain) => node.text().is_some_and(|text| !text.is_empty() && !text.contains(char::is_whitespace)),
        Kind::Scalar(style) => style == Style::Double,
        Kind::Alias(_) => false,
    }
}

/// Whether the installer puts a value in: a bare `__NAME__` (calico v3.32.1 cni-plugin/pkg/install/install.go).
fn is_placeholder(node: Node<'_>) -> bool {
    node.kind() == Kind::Scalar(Style::Plain) && node.text().is_some_and(|text| text.starts_with("__") && text.ends_with("__"))
}

/// The Calico plugins under `object`: in `plugins`, as a `delegate`, or the object itself.
fn collect(object: Node<'_>, path: &Path, under_flannel: bool) -> Vec<CalicoPlugin> {
    let mut found = Vec::new();
    let kind = object.text_at(&["type"]);
    if kind == Some("calico") {
        let options = object.get("ipam");
        let ipam = match (options, options.and_then(|options| options.text_at(&["type"]))) {
            (None, _) => Ipam::Missing,
            (_, None | Some("calico-ipam")) => Ipam::Calico,
            (_, Some("host-local")) => Ipam::HostLocal,
            (_, Some(other)) => Ipam::Other(other.to_owned()),
        };
        let (options, mtu) = (options.map(Value::of), object.get("mtu").map(Value::of));
        found.push(CalicoPlugin { path: path.clone(), ipam, options, mtu, under_flannel });
    }
    if let Some(delegate) = object.get("delegate") {
        found.extend(collect(delegate, &path.key("delegate"), kind == Some("flannel")));
    }
    // A list of plugins, and what Multus hands on to.
    for list in ["plugins", "delegates"] {
        for (index, plugin) in object.get(list).into_iter().flat_map(Node::items).enumerate() {
            found.extend(collect(plugin, &path.key(list).index(index), false));
        }
    }
    found
}
