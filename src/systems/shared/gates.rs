//! The feature gate `IPv6DualStack`, which dual-stack needs in some versions of Kubernetes and others refuse.
//!
//! # Sources
//! kubernetes/website feature-gates-removed, `IPv6DualStack`: alpha v1.15 to v1.20, beta and on by default v1.21 and v1.22,
//! stable and locked v1.23 and v1.24, removed in v1.25, which stops with "unrecognized feature gate: IPv6DualStack".

use crate::config::{Config, Mode};
use crate::facts::{Facts, GateFact};
use crate::package::Resource;
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;
use crate::yaml::{Node, Op, Path, Value, Want};

use super::kubernetes_version::FIRST;
use super::ranges::is_placeholder;

/// The gate.
pub(crate) const GATE: &str = "IPv6DualStack";

pub(crate) static GATE_ON: Rule = Rule {
    id: "feature-gate-dual-stack",
    title: "The feature gate IPv6DualStack fits the version of Kubernetes",
    why: "v1.16 to v1.20 refuse two ranges without it; v1.23 and v1.24 stop at `=false`; v1.25 and newer stop at any mention: \"unrecognized feature gate: IPv6DualStack\".",
    remedy: "v1.16 to v1.20: `IPv6DualStack=true`; v1.21 to v1.24: not `=false`; v1.25 and newer: no mention.",
    source: "https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates-removed/",
};

pub(crate) static GATES_PLACEHOLDER: Rule = Rule {
    id: "feature-gates-placeholder",
    title: "Feature gates are filled in later",
    why: "What is filled in decides whether the component starts: v1.16 to v1.20 refuse two ranges without IPv6DualStack, v1.25 and newer stop at any mention of it.",
    remedy: "v1.16 to v1.20: fill in `IPv6DualStack=true`, too; v1.25 and newer: no mention of it.",
    source: "https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates-removed/",
};

/// What must hold for the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It is on: v1.16 to v1.20.
    On,
    /// It is not off: v1.21 to v1.24.
    NotOff,
    /// It is not mentioned: v1.25 and newer.
    Absent,
}

/// What must hold in a version; unknown means a current one.
pub(crate) fn need(version: Option<Version>) -> Need {
    match version {
        Some(version) if version <= Version::new(1, 20) => Need::On,
        Some(version) if version <= Version::new(1, 24) => Need::NotOff,
        _ => Need::Absent,
    }
}

/// What must hold for this configuration; nothing is switched on for IPv6 alone, or before v1.16.
fn need_of(config: &Config) -> Option<Need> {
    match need(config.kubernetes_version) {
        Need::On if config.mode != Mode::DualStack || config.kubernetes_version.is_some_and(|version| version < FIRST) => None,
        need => Some(need),
    }
}

/// Whether the list `A=true,B=false` of a flag says that the gate is on; the last mention decides.
pub(crate) fn mention(list: &str) -> Option<bool> {
    list.split(',').filter_map(value_of).next_back()
}

/// The fact that the list of a flag mentions the gate, or is filled in later.
pub(crate) fn list_fact(facts: &mut Facts, reader: &'static str, list: &str, place: Place) {
    let on = mention(list);
    if on.is_some() || is_placeholder(list) {
        facts.gates.push(GateFact { reader, on, place: place.with_current(list) });
    }
}

fn value_of(item: &str) -> Option<bool> {
    let (name, value) = item.split_once('=')?;
    (name.trim() == GATE).then(|| is_true(value.trim()))
}

/// Whether the value of a flag is true, as strconv.ParseBool of Go reads it for the components.
pub(crate) fn is_true(value: &str) -> bool {
    matches!(value, "true" | "True" | "TRUE" | "t" | "T" | "1")
}

/// The list `A=true,B=false` of a flag as it must be, empty where nothing is left; `None`: it is so. Only a flag that
/// `carries` the gate gets it where it has no mention.
pub(crate) fn in_list(list: &str, carries: bool, config: &Config) -> Option<String> {
    let need = need_of(config)?;
    let others = || list.split(',').filter(|item| value_of(item).is_none()).collect::<Vec<_>>().join(",");
    match (need, mention(list)) {
        (Need::On, Some(false)) => Some(on(&others())),
        (Need::On, None) if carries => Some(on(list)),
        (Need::NotOff, Some(false)) | (Need::Absent, Some(_)) => Some(others()),
        _ => None,
    }
}

/// As [`in_list`], for the list at `place`; one that is filled in later is not edited, but reported. `what` it is, for a message.
pub(crate) fn completed(place: Place, what: &str, list: &str, carries: bool, config: &Config, plan: &mut Plan) -> Option<String> {
    let text = in_list(list, carries, config)?;
    if !is_placeholder(list) {
        return Some(text);
    }
    say_filled_in_later(place, what, list, config, plan);
    None
}

/// Says what must come of gates that are filled in later.
pub(crate) fn say_filled_in_later(place: Place, what: &str, text: &str, config: &Config, plan: &mut Plan) {
    let must = match need(config.kubernetes_version) {
        Need::On => format!("must come to hold {GATE}=true"),
        Need::NotOff => format!("must not hold {GATE}=false"),
        Need::Absent => format!("must not mention {GATE}"),
    };
    let message = format!("{what} is filled in later (\"{text}\") and was not edited: it {must}");
    plan.warning(&GATES_PLACEHOLDER, place.with_current(text), message);
}

fn on(list: &str) -> String {
    let comma = if list.is_empty() { "" } else { "," };
    format!("{list}{comma}{GATE}=true")
}

/// What an edit of the gate does, for a message; `place` is where.
pub(crate) fn effect(place: &str, config: &Config) -> String {
    let done = |what| format!("feature gate `{GATE}` {what} {place}");
    match (need(config.kubernetes_version), config.kubernetes_version) {
        (Need::On, Some(version)) => format!("{}: Kubernetes {version} refuses two ranges without it", done("set in")),
        (Need::NotOff, Some(version)) => format!("{}: it must not be off in Kubernetes {version}", done("removed from")),
        (_, Some(version)) => format!("{}: Kubernetes {version} stops at \"unrecognized feature gate: {GATE}\"", done("removed from")),
        (_, None) => format!(
            "{}, taking Kubernetes for a current version: v1.25 and newer stop at \"unrecognized feature gate: {GATE}\"; for an older one give `kubernetesVersion`",
            done("removed from")
        ),
    }
}

/// A mapping `featureGates`, as kubeadm, the kubelet and kube-proxy have it.
#[derive(Clone, Debug)]
pub(crate) struct GateMap<'a> {
    pub resource: &'a Resource<'a>,
    /// The place of the document that has the mapping.
    pub path: Path,
    /// Who reads it.
    pub reader: &'static str,
}

impl GateMap<'_> {
    /// The gate in `document` must be as the version needs it. Only one that `carries` the gate gets it where it has no mention.
    pub(crate) fn want(&self, document: Node<'_>, carries: bool, config: &Config, plan: &mut Plan) {
        let Some(need) = need_of(config) else { return };
        let gates = document.get("featureGates");
        let path = self.path.key("featureGates");
        let text = gates.and_then(|gates| gates.text().or_else(|| gates.text_at(&[GATE])));
        if let Some(text) = text.filter(|text| is_placeholder(text)) {
            if need == Need::On && !carries {
                return;
            }
            let place = Place::at(self.resource, &path);
            return say_filled_in_later(place, &format!("`featureGates` of {}", self.reader), text, config, plan);
        }
        let mention = gates.and_then(|gates| gates.get(GATE)).map(is_on);
        let op = match (need, mention) {
            (Need::On, Some(_)) => Op::is(path.key(GATE), true),
            (Need::On, None) if carries => Op::is(path.key(GATE), true),
            (Need::NotOff, Some(false)) | (Need::Absent, Some(_)) => {
                let alone = gates.is_some_and(|gates| gates.entries().count() == 1);
                Op::new(if alone { path } else { path.key(GATE) }, Want::Absent)
            }
            _ => return,
        };
        plan.want(self.resource, &GATE_ON, op, effect(&format!("`featureGates` of {}", self.reader), config));
    }

    /// Reports a mention.
    pub(crate) fn facts(&self, document: Node<'_>, facts: &mut Facts) {
        facts.seen = true;
        let at = |keys: &[&str]| Place::at(self.resource, &self.path.keys(keys));
        if let Some(mention) = document.at(&["featureGates", GATE]) {
            let on = Some(is_on(mention)).filter(|_| !mention.text().is_some_and(is_placeholder));
            let place = at(&["featureGates", GATE]).with_current(Value::of(mention));
            facts.gates.push(GateFact { reader: self.reader, on, place });
        } else if document.text_at(&["featureGates"]).is_some_and(is_placeholder) {
            facts.gates.push(GateFact { reader: self.reader, on: None, place: at(&["featureGates"]) });
        }
    }
}

fn is_on(value: Node<'_>) -> bool {
    value.text().is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str, version: Option<Version>, carries: bool) -> Option<String> {
        in_list(text, carries, &Config { kubernetes_version: version, ..Config::default() })
    }

    #[test]
    fn each_version_gets_what_it_needs() {
        let version = |minor| Some(Version::new(1, minor));
        let needs: Vec<_> = (16..=26).map(|minor| need(version(minor))).collect();
        let expected = [[Need::On; 5].as_slice(), &[Need::NotOff; 4], &[Need::Absent; 2]].concat();
        assert_eq!(needs, expected);
        assert_eq!(need(None), Need::Absent);

        assert_eq!(list("A=true", version(20), true), Some("A=true,IPv6DualStack=true".into()));
        assert_eq!(list("", version(16), true), Some("IPv6DualStack=true".into()));
        assert_eq!(list("A=true", version(20), false), None);
        assert_eq!(list("IPv6DualStack=false,A=true", version(20), false), Some("A=true,IPv6DualStack=true".into()));
        assert_eq!(list("IPv6DualStack=true", version(20), true), None);
        assert_eq!(list("A=true", version(15), true), None);
        for minor in 21..=24 {
            assert_eq!(list("A=true,IPv6DualStack=true", version(minor), true), None);
            assert_eq!(list("A=true,IPv6DualStack=false", version(minor), true), Some("A=true".into()));
            assert_eq!(list("A=true", version(minor), true), None);
        }
        for version in [version(25), version(33), None] {
            assert_eq!(list("IPv6DualStack=true,A=true,B=false", version, true), Some("A=true,B=false".into()));
            assert_eq!(list("IPv6DualStack=false", version, true), Some(String::new()));
            assert_eq!(list("A=true", version, true), None);
        }
    }

    #[test]
    fn the_last_mention_decides() {
        assert_eq!(mention("IPv6DualStack=true,IPv6DualStack=false"), Some(false));
        assert_eq!(mention("IPv6DualStackX=true"), None);
    }
}
