//! `extraArgs` of kubeadm: a map up to v1beta3, a list of `name` and `value` from v1beta4 (and in Cluster API v1beta2).

use crate::plan::Rule;
use crate::yaml::{Kind, Node, Op, Path, Want};

pub(crate) static DUPLICATE: Rule = Rule {
    id: "kube-component-duplicate-flag",
    title: "A flag is there twice",
    why: "The last one decides; the other one misleads.",
    remedy: "Remove all but the last.",
    source: "https://pkg.go.dev/github.com/spf13/pflag",
};

/// The arguments that a document hands to a component, beside those that kubeadm makes itself.
#[derive(Clone, Debug)]
pub(crate) struct ExtraArgs<'n> {
    path: Path,
    args: Vec<Arg<'n>>,
    is_list: bool,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Arg<'n> {
    /// Without dashes.
    pub name: String,
    pub value: &'n str,
    /// The place of the value.
    pub value_path: Path,
    /// The place of the whole entry.
    entry: Path,
    is_list: bool,
}

impl<'n> ExtraArgs<'n> {
    /// The arguments at `keys` of `document`, which is at `path`; where there are none yet, `new_as_list` says their form.
    pub(crate) fn at(document: Node<'n>, path: &Path, keys: &[&str], new_as_list: bool) -> Self {
        let path = path.keys(keys);
        let node = document.at(keys).map(Node::resolved).filter(|node| !node.is_null());
        let is_list = node.map_or(new_as_list, |node| matches!(node.kind(), Kind::Sequence(_)));
        let of_map = node.into_iter().flat_map(Node::entries).filter_map(|(key, value)| {
            let at = path.key(key.text()?);
            Some(Arg { name: key.text()?.replace('_', "-"), value: value.text()?, value_path: at.clone(), entry: at, is_list: false })
        });
        let of_list = node.into_iter().flat_map(Node::items).enumerate().filter_map(|(index, item)| {
            let entry = path.index(index);
            let name = item.text_at(&["name"])?.replace('_', "-");
            Some(Arg { name, value: item.text_at(&["value"]).unwrap_or_default(), value_path: entry.key("value"), entry, is_list: true })
        });
        let args = of_map.chain(of_list).collect();
        Self { path, args, is_list }
    }

    /// The arguments of this name, in order: of a string, the last one decides.
    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Arg<'n>> {
        self.args.iter().filter(move |arg| arg.name == name)
    }

    /// The argument of this name that decides.
    pub(crate) fn get(&self, name: &str) -> Option<&Arg<'n>> {
        self.args.iter().rfind(|arg| arg.name == name)
    }

    /// The argument `name`, which is not there yet, must be `value`.
    pub(crate) fn add(&self, name: &str, value: &str) -> Op {
        let path = if self.is_list { self.path.item("name", name).key("value") } else { self.path.key(name) };
        Op::is(path, value)
    }
}

impl Arg<'_> {
    /// The argument must have this value.
    pub(crate) fn is(&self, value: &str) -> Op {
        Op::is(self.value_path.clone(), value)
    }

    /// The argument must have this name.
    pub(crate) fn renamed(&self, name: &str) -> Op {
        if self.is_list { Op::is(self.entry.key("name"), name) } else { Op::new(self.entry.clone(), Want::Named(name.to_owned())) }
    }

    /// The argument must go.
    pub(crate) fn absent(&self) -> Op {
        Op::new(self.entry.clone(), Want::Absent)
    }
}
