//! Setting a variable of a container.

use super::workload::{Container, Variable};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Op, Path};

pub(crate) static DUPLICATE: Rule = Rule {
    id: "calico-node-duplicate-variable",
    title: "A variable is there twice",
    why: "The kubelet takes the last entry; server-side apply refuses the object.",
    remedy: "Remove all entries but one.",
    source: "https://github.com/projectcalico/calico/pull/1637",
};
pub(crate) static FROM_ELSEWHERE: Rule = Rule {
    id: "calico-node-variable-from-elsewhere",
    title: "A variable comes from another object",
    why: "What it says there decides; an edit of the entry would cut the reference.",
    remedy: "Set the value where it comes from, or write it in place of `valueFrom`.",
    source: "https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.33/#envvar-v1-core",
};
pub(crate) static TEMPLATE: Rule = Rule {
    id: "calico-node-variable-template",
    title: "A variable is filled in later",
    why: "Its value is a placeholder of another tool; an edit would cut it off from that tool.",
    remedy: "Give that tool the value, or run the function over its output.",
    source: "docs/architecture.md",
};

/// The rules that setting a variable can say.
pub(crate) const RULES: [&Rule; 3] = [&DUPLICATE, &FROM_ELSEWHERE, &TEMPLATE];

/// A value that a variable must have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub name: &'a str,
    pub value: &'a str,
    pub rule: &'static Rule,
    /// What it does, for a person: "calico-node creates the IPv6 pool from it".
    pub effect: &'a str,
}

/// `setting` must hold for `container`, wherever the value stands; a new entry goes to the end of `env`.
pub(crate) fn set(package: &Package<'_>, container: &Container<'_>, setting: Setting<'_>, plan: &mut Plan) {
    set_with(package, container, setting, plan, |op| op);
}

/// As [`set`], with a last word about the wish.
pub(crate) fn set_with(
    package: &Package<'_>,
    container: &Container<'_>,
    Setting { name, value, rule, effect }: Setting<'_>,
    plan: &mut Plan,
    wish: impl Fn(Op) -> Op,
) {
    let (resource, path) = match place(package, container, name) {
        Ok(place) => place,
        Err((entry, from)) => {
            let message = format!("`{name}` comes from {from}: it was not edited, and what comes out must be \"{value}\"");
            plan.warning(&FROM_ELSEWHERE, Place::at(container.resource, &entry).with_proposed(value), message);
            return;
        }
    };
    if let Some(text) = container.variable(package, name).text().filter(|text| is_template(text)) {
        let message = format!("`{name}` is filled in later (\"{text}\"): it was not edited, and must become \"{value}\"");
        plan.warning(&TEMPLATE, Place::at(resource, &path).with_proposed(value), message);
        return;
    }
    plan.want(resource, rule, wish(Op::is(path, value)), format!("`{name}` set to \"{value}\": {effect}"));
}

/// The place of the value of `name`, which may not be there yet.
///
/// # Errors
/// The place of the entry, and where it refers to, if that is not in the package.
fn place<'p>(package: &'p Package<'p>, container: &Container<'p>, name: &str) -> Result<(&'p Resource<'p>, Path), (Path, String)> {
    match container.variable(package, name) {
        Variable::Unset => Ok((container.resource, container.path.key("env").item("name", name).key("value"))),
        Variable::At { resource, path, .. } => Ok((resource, path)),
        Variable::Elsewhere { entry, from } => Err((entry, from)),
    }
}

/// Says where one of `names` is there more than once.
pub(crate) fn find_duplicates(container: &Container<'_>, names: &[&str], plan: &mut Plan) {
    for name in names {
        let entries = container.env(name);
        for entry in entries.iter().rev().skip(1) {
            let message = format!("`{name}` is there {} times, and the last entry decides: remove this one", entries.len());
            plan.warning(&DUPLICATE, Place::at(container.resource, &container.env_path(entry.index)), message);
        }
    }
}

/// Whether another tool, or the kubelet, puts the value in.
pub(crate) fn is_template(text: &str) -> bool {
    ["{{", "${", "$(", "<%"].iter().any(|mark| text.contains(mark))
        || (text.starts_with("__") && text.ends_with("__"))
        || (text.starts_with('<') && text.ends_with('>'))
}
