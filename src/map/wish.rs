//! What the systems want to hold, and whether it does.

use std::collections::{BTreeMap, HashSet};

use crate::cidr::{Cidr, Family};
use crate::config::{Config, Mode};
use crate::facts::Role;
use crate::package::{Package, Resource};
use crate::plan::{Change, Plan};
use crate::text;
use crate::yaml::{self, Op, Path, Scalar, Step, Value, Want};

/// Stand in for ranges that nobody says, so that the systems name the places that need one. They are for documentation and
/// benchmarks (RFC 3849, RFC 2544), so that no system takes them for unique-local, and they are never shown.
const ANY: [(Role, Family, &str); 4] = [
    (Role::Pods, Family::V6, "2001:db8:ffff:ff00::/56"),
    (Role::Services, Family::V6, "2001:db8:ffff:fe00::/112"),
    (Role::Pods, Family::V4, "198.18.0.0/16"),
    (Role::Services, Family::V4, "198.19.0.0/16"),
];

/// The configuration, with a stand-in for each range that nobody says; it asks for both families.
pub(super) fn with_any_range(config: &Config) -> Config {
    let range = |role, family| {
        let any = ANY.iter().find(|(of, in_family, _)| (*of, *in_family) == (role, family));
        config.range(role, family).or_else(|| Some(Cidr::parse(any?.2).ok()?.cidr))
    };
    Config {
        mode: Mode::DualStack,
        ipv6_pod_cidr: range(Role::Pods, Family::V6),
        ipv6_service_cidr: range(Role::Services, Family::V6),
        ipv4_pod_cidr: range(Role::Pods, Family::V4),
        ipv4_service_cidr: range(Role::Services, Family::V4),
        ..config.clone()
    }
}

/// Whether the message shows a stand-in for a range that the configuration does not have.
pub(super) fn tells_of_any(message: &str, config: &Config) -> bool {
    ANY.iter().any(|(role, family, range)| config.range(*role, *family).is_none() && message.contains(range))
}

/// What must hold at a place.
#[derive(Debug)]
pub(super) struct Wish<'p> {
    pub change: &'p Change,
    pub resource: &'p Resource<'p>,
    pub holds: bool,
    /// The ranges in what must stand there.
    pub ranges: Vec<Cidr>,
    /// Whether a row shows it.
    pub is_shown: bool,
}

impl Wish<'_> {
    /// What its place is called: a flag that a list must have, by its own name.
    pub(super) fn name(&self) -> String {
        let flag = match &self.change.op.want {
            Want::Contains(Value::Str(word)) => word.split_once('=').map(|(flag, _)| flag).filter(|flag| flag.starts_with("--")),
            _ => None,
        };
        flag.map_or_else(|| name_of(self.resource, &self.change.op.path), str::to_owned)
    }
}

/// The wishes of a plan, in its order.
pub(super) fn wishes<'p>(package: &'p Package<'p>, plan: &'p Plan) -> Vec<Wish<'p>> {
    let mut by_resource: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, change) in plan.changes.iter().enumerate() {
        by_resource.entry(change.resource).or_default().push(index);
    }
    let mut open = HashSet::new();
    for (resource, indexes) in by_resource {
        let ops: Vec<Op> = indexes.iter().map(|&index| plan.changes[index].op.clone()).collect();
        let root = package.all()[resource].root();
        if let Ok(lowered) = yaml::lower(root, &ops) {
            open.extend(lowered.done.into_iter().map(|done| indexes[done.op]));
        } else {
            // Something is in the way of one of them: each is asked alone.
            let fails = |op: &Op| yaml::lower(root, std::slice::from_ref(op)).map_or(true, |lowered| !lowered.done.is_empty());
            open.extend(indexes.into_iter().zip(&ops).filter(|(_, op)| fails(op)).map(|(index, _)| index));
        }
    }
    let wish = |(index, change): (usize, &'p Change)| Wish {
        change,
        resource: &package.all()[change.resource],
        holds: !open.contains(&index),
        ranges: texts(&change.op.want).iter().flat_map(|text| ranges_in(text)).map(|(_, _, range)| range).collect(),
        is_shown: false,
    };
    plan.changes.iter().enumerate().map(wish).collect()
}

/// The scalars of what must stand there.
fn texts(want: &Want) -> Vec<String> {
    match want {
        Want::Is(value) | Want::Exists(value) | Want::Contains(value) => scalars(value),
        Want::Plain(text) => vec![text.clone()],
        Want::Absent | Want::Named(_) => Vec::new(),
    }
}

/// The texts in a value.
pub(super) fn scalars(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Bool(value) => vec![value.to_string()],
        Value::Number(text) | Value::Str(text) => vec![text.clone()],
        Value::List(items) => items.iter().flat_map(scalars).collect(),
        Value::Map(entries) => entries.iter().flat_map(|(_, value)| scalars(value)).collect(),
    }
}

/// The ranges that stand as words in a text: where each begins, as it is written, and what it is.
pub(super) fn ranges_in(text: &str) -> impl Iterator<Item = (usize, &str, Cidr)> {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/'))).filter(|word| word.contains('/'));
    words.filter_map(|word| Some((word.as_ptr() as usize - text.as_ptr() as usize, word, Cidr::parse(word).ok()?.cidr)))
}

/// Where something is.
#[derive(Clone, Debug, Default)]
pub(super) struct Spot {
    pub file: Option<String>,
    pub line: Option<usize>,
}

impl Spot {
    /// The line of a byte.
    pub(super) fn of(resource: &Resource<'_>, offset: usize) -> Self {
        let line = text::position(resource.root().source(), offset).line;
        Self { file: resource.file().map(str::to_owned), line: Some(line) }
    }

    /// The line of a place, or of the last one on the way that is there.
    pub(super) fn nearest(resource: &Resource<'_>, path: &Path) -> Self {
        Self::of(resource, yaml::offset_of(resource.root(), path))
    }
}

/// The first scalar at the place that `pick` takes something of.
pub(super) fn first<T>(resource: &Resource<'_>, path: &Path, mut pick: impl FnMut(Scalar<'_>) -> Option<T>) -> Option<T> {
    let mut found = None;
    yaml::visit(resource.root(), path, &mut |scalar| {
        if found.is_none() {
            found = pick(scalar);
        }
    });
    found
}

/// What a place is called: the flag or the variable whose value it is, else the last word of its path that says something.
pub(super) fn name_of(resource: &Resource<'_>, path: &Path) -> String {
    let named = match path.steps() {
        [.., Step::Index(_)] => first(resource, path, |scalar| {
            let (flag, _) = scalar.text.split_once('=').filter(|(flag, _)| flag.starts_with("--"))?;
            Some(flag.to_owned())
        }),
        [item @ .., Step::Key(key)] if &**key == "value" && matches!(item.last(), Some(Step::Index(_))) => {
            let item = item.iter().fold(Path::root(), |path, step| path.step(step.clone()));
            first(resource, &item.key("name"), |scalar| Some(scalar.text.to_owned()))
        }
        _ => None,
    };
    named.unwrap_or_else(|| last_word(path))
}

fn last_word(path: &Path) -> String {
    let telling = path.steps().iter().rev().find_map(|step| match step {
        Step::Item { key, value } if key == "name" => Some(value.as_str()),
        Step::Key(key) if !matches!(&**key, "value" | "cidr" | "enabled") => Some(&**key),
        _ => None,
    });
    telling.unwrap_or_default().to_owned()
}

/// The family that a name says. `IP` of calico-node is the IPv4 address beside `IP6`.
pub(super) fn family_of(name: &str) -> Option<Family> {
    let lower = name.to_ascii_lowercase();
    let has = |digit| [format!("v{digit}"), format!("ip{digit}")].iter().any(|word| lower.contains(word.as_str()));
    match (has('4') || name == "IP", has('6')) {
        (true, false) => Some(Family::V4),
        (false, true) => Some(Family::V6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_found_as_they_are_written() {
        let found: Vec<_> = ranges_in("--a=10.0.0.1/8,fd00:0::/56 x/1 \"10.1.0.0/33\"").collect();
        let range = |text: &str| Cidr::parse(text).unwrap().cidr;
        assert_eq!(found, [(4, "10.0.0.1/8", range("10.0.0.0/8")), (15, "fd00:0::/56", range("fd00::/56"))]);
    }

    #[test]
    fn names_say_families() {
        for (name, family) in [
            ("assign_ipv4", Some(Family::V4)),
            ("FELIX_IPV6SUPPORT", Some(Family::V6)),
            ("IP", Some(Family::V4)),
            ("IP6", Some(Family::V6)),
            ("IP6_AUTODETECTION_METHOD", Some(Family::V6)),
            ("ipFamily", None),
            ("dualStack", None),
        ] {
            assert_eq!(family_of(name), family, "{name}");
        }
    }

    #[test]
    fn places_are_called_by_what_tells_them_apart() {
        let text = "env:\n- name: IP\n  value: x\n- name: IP6\n  value: x\nargs: [\"--cluster-cidr=10.0.0.0/8\"]\nipPools: [{cidr: x}]\n";
        let package = Package::read(text).unwrap();
        let name = |path: Path| name_of(&package.all()[0], &path);
        assert_eq!(name(Path::of(&["env"]).index(1).key("value")), "IP6");
        assert_eq!(name(Path::of(&["env"]).item("name", "FELIX_IPV6SUPPORT").key("value")), "FELIX_IPV6SUPPORT");
        assert_eq!(name(Path::of(&["ipPools"]).index(0).key("cidr")), "ipPools");
        assert_eq!(name(Path::of(&["args"]).index(0)), "--cluster-cidr");
        assert_eq!(name(Path::of(&["args"])), "args");
    }
}
