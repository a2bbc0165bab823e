//! The ranges at one place: a comma list, or a YAML list. The family that is missing is appended; the order, which says
//! what the primary family is, never changes.
//!
//! # Sources
//! Kubernetes components read `strings.Split(value, ",")` and parse each part as it is, so a blank behind the comma is
//! fatal to them (kubernetes v1.33 cmd/kube-apiserver/app/options/validation.go). KEP-563: "the first element of the
//! --service-cluster-ip-range flag MUST NOT change IP families".

use crate::cidr::{Cidr, Family};
use crate::config::{Config, Mode};
use crate::facts::Role;
use crate::package::Resource;
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Op, Path, Value, Want};

pub(crate) static PLACEHOLDER: Rule = Rule {
    id: "range-placeholder",
    title: "A range is filled in later",
    why: "What is filled in decides; if it is one range, the cluster keeps one family there.",
    remedy: "Fill in both ranges, as `a,b` without a blank.",
    source: "https://kubernetes.io/docs/concepts/services-networking/dual-stack/#configure-ipv4-ipv6-dual-stack",
};
pub(crate) static UNREADABLE: Rule = Rule {
    id: "range-unreadable",
    title: "A range cannot be read",
    why: "The component cannot read it either.",
    remedy: "Write one range, or one of each family as `a,b` without a blank.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kube-apiserver/app/options/validation.go (\"is not a valid cidr\")",
};
pub(crate) static UNKNOWN: Rule = Rule {
    id: "range-unknown",
    title: "The range of the missing family is not known",
    why: "Nothing is invented, so the place keeps one family.",
    remedy: "Give the range in the functionConfig.",
    source: "README, Configuration",
};
pub(crate) static HOST_BITS: Rule = Rule {
    id: "range-host-bits",
    title: "A range has bits set behind its prefix",
    why: "Components take it for the whole range, people take it for a part of it.",
    remedy: "Write the range with its first address.",
    source: "https://pkg.go.dev/net#ParseCIDR",
};

/// Why a list of ranges is not edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// There is no range.
    Empty,
    /// Something is filled in later.
    Placeholder,
    /// A part that is no range, and why.
    Unreadable(String),
    /// The range of this family is needed, and nobody says it.
    Unknown(Family),
}

/// A list of ranges as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completed {
    /// The whole text.
    pub text: String,
    /// The range that it did not have.
    pub added: Option<Cidr>,
}

/// The ranges of a comma list, in order. Blanks around the comma, which some readers allow, are read over.
///
/// # Errors
/// [`Unfit`], where it is not a list of ranges.
pub(crate) fn read(text: &str) -> Result<Vec<Cidr>, Unfit> {
    if text.trim().is_empty() {
        return Err(Unfit::Empty);
    }
    let part = |part: &str| {
        let part = part.trim();
        Cidr::parse(part).map(|parsed| parsed.cidr).map_err(|reason| Unfit::Unreadable(format!("\"{part}\" {reason}")))
    };
    let ranges: Result<Vec<_>, _> = text.split(',').map(part).collect();
    ranges.map_err(|unfit| if is_placeholder(text) { Unfit::Placeholder } else { unfit })
}

/// As [`read`], without the reason: nothing, where it is not a list of ranges.
pub(crate) fn ranges(text: &str) -> Vec<Cidr> {
    read(text).unwrap_or_default()
}

/// The strings of a YAML list, each read as a range.
///
/// # Errors
/// [`Unfit`], where one is no range.
pub(crate) fn read_list(list: Node<'_>) -> Result<Vec<Cidr>, Unfit> {
    let texts: Vec<_> = list.items().map(|item| item.text().unwrap_or_default()).collect();
    read(&texts.join(","))
}

/// Whether a text has a mark of templates: `${X}`, `$(X)`, `{{ X }}`, `<ip>`, `X.X.X.0`, `__X__`.
pub(crate) fn is_placeholder(text: &str) -> bool {
    ["$", "{{", "<", ">", "__"].iter().any(|mark| text.contains(mark)) || text.to_ascii_lowercase().contains("x.x")
}

/// The range of the family that `ranges` lack: the configuration's, if both families are wanted.
///
/// # Errors
/// [`Unfit::Unknown`] where it is needed, and nobody says it. Services stay as they are, then.
fn missing(ranges: &[Cidr], role: Role, config: &Config) -> Result<Option<Cidr>, Unfit> {
    let [Some(first), None] = [ranges.first(), ranges.get(1)] else { return Ok(None) };
    if config.mode != Mode::DualStack {
        return Ok(None);
    }
    let family = first.family().other();
    match config.range(role, family) {
        None if role == Role::Pods => Err(Unfit::Unknown(family)),
        range => Ok(range),
    }
}

/// What the comma list `text` of ranges of `role` must be; `None`: it is so.
///
/// # Errors
/// [`Unfit`], where it cannot be known.
pub(crate) fn complete(text: &str, role: Role, config: &Config) -> Result<Option<Completed>, Unfit> {
    let added = missing(&read(text)?, role, config)?;
    let parts = text.split(',').map(|part| part.trim().to_owned()).chain(added.map(|range| range.to_string()));
    let completed = parts.collect::<Vec<_>>().join(",");
    Ok((completed != text).then_some(Completed { text: completed, added }))
}

/// The ranges that `text` has once it is completed; nothing where it is not a list of ranges.
pub(crate) fn after(text: &str, role: Role, config: &Config) -> Vec<Cidr> {
    let mut ranges = ranges(text);
    ranges.extend(missing(&ranges, role, config).ok().flatten());
    ranges
}

/// A place of ranges.
#[derive(Clone, Debug)]
pub(crate) struct RangePlace<'a> {
    pub resource: &'a Resource<'a>,
    pub path: Path,
    pub role: Role,
    /// What it is, for a message: "`--cluster-cidr` of kube-proxy".
    pub what: String,
}

impl RangePlace<'_> {
    /// What the comma list `text` here must be, and the message for it; nothing where it is so, or where it cannot be edited,
    /// which is said.
    pub(crate) fn completed(&self, text: &str, config: &Config, plan: &mut Plan) -> Option<(String, String)> {
        self.look_at_host_bits(text, plan);
        match complete(text, self.role, config) {
            Ok(completed) => completed.map(|completed| (completed.text.clone(), self.message(&completed))),
            Err(unfit) => {
                self.report(&unfit, text, ", as `a,b` without a blank", config, plan);
                None
            }
        }
    }

    /// The comma list `text` here must have a range of both families; `op` makes of the whole new text the wish.
    pub(crate) fn want_comma_list(&self, text: &str, config: &Config, rule: &'static Rule, op: impl FnOnce(String) -> Op, plan: &mut Plan) {
        if let Some((text, message)) = self.completed(text, config, plan) {
            plan.want(self.resource, rule, op(text), message);
        }
    }

    /// The YAML list `list` here must have a range of both families.
    pub(crate) fn want_list(&self, list: Node<'_>, config: &Config, rule: &'static Rule, plan: &mut Plan) {
        let texts: Vec<_> = list.items().map(|item| item.text().unwrap_or_default()).collect();
        let text = texts.join(",");
        self.look_at_host_bits(&text, plan);
        match read_list(list).and_then(|ranges| missing(&ranges, self.role, config)) {
            Ok(Some(added)) => {
                let range = Value::from(added.to_string());
                let message = self.message(&Completed { text, added: Some(added) });
                plan.want(self.resource, rule, Op::new(self.path.clone(), Want::Contains(range)), message);
            }
            Ok(None) => {}
            Err(unfit) => self.report(&unfit, &text, ", each as an item", config, plan),
        }
    }

    /// Says that `node` here is no text, where it is not.
    pub(crate) fn say_no_text(&self, node: Option<Node<'_>>, plan: &mut Plan) {
        if node.is_some_and(|node| node.text().is_none()) {
            let message = format!("{} is not a text with a list of ranges, as `a,b`, and was not edited", self.what);
            plan.warning(&UNREADABLE, Place::at(self.resource, &self.path), message);
        }
    }

    fn message(&self, completed: &Completed) -> String {
        match completed.added {
            Some(range) => format!("the {} {} range \"{range}\" appended to {}", range.family(), self.role.word(), self.what),
            None => format!("the blanks around the comma in {} removed: its readers split at the comma and nothing else", self.what),
        }
    }

    /// Says why the ranges here are not edited, and how they must be written.
    fn report(&self, unfit: &Unfit, text: &str, form: &str, config: &Config, plan: &mut Plan) {
        let (what, role) = (&self.what, self.role.word());
        let needed: Vec<_> = [Family::V4, Family::V6].into_iter().filter_map(|family| config.range(self.role, family)).collect();
        let needed = needed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        let must = if needed.is_empty() { String::new() } else { format!("; it must come to hold {needed}{form}") };
        let (why, message) = match unfit {
            // What was never set up is not missing.
            Unfit::Empty => return,
            Unfit::Placeholder => (&PLACEHOLDER, format!("{what} is filled in later (\"{text}\") and was not edited{must}")),
            Unfit::Unreadable(reason) => (&UNREADABLE, format!("{what} is not a list of ranges and was not edited: {reason}{must}")),
            Unfit::Unknown(family) => {
                let field = Config::field(self.role, *family);
                (&UNKNOWN, format!("{what} has no {family} range, and nobody says the {family} {role} range: give `{field}`"))
            }
        };
        plan.warning(why, Place::at(self.resource, &self.path).with_current(text), message);
    }

    fn look_at_host_bits(&self, text: &str, plan: &mut Plan) {
        for part in text.split(',').map(str::trim) {
            if let Ok(parsed) = Cidr::parse(part)
                && parsed.host_bits
            {
                let message = format!("\"{part}\" in {} has bits set behind its prefix: it is read as \"{}\"", self.what, parsed.cidr);
                plan.warning(&HOST_BITS, Place::at(self.resource, &self.path).with_current(part), message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).expect(text).cidr
    }

    fn config() -> Config {
        Config {
            ipv6_pod_cidr: Some(cidr("fd00:10:244::/56")),
            ipv4_pod_cidr: Some(cidr("10.244.0.0/16")),
            ipv6_service_cidr: Some(cidr("fd00:10:96::/112")),
            ..Config::default()
        }
    }

    fn completed(text: &str, role: Role) -> Result<Option<String>, Unfit> {
        complete(text, role, &config()).map(|completed| completed.map(|completed| completed.text))
    }

    #[test]
    fn the_missing_family_is_appended_without_a_blank() {
        assert_eq!(completed("10.244.0.0/16", Role::Pods), Ok(Some("10.244.0.0/16,fd00:10:244::/56".into())));
        assert_eq!(completed("fd00:10:244::/56", Role::Pods), Ok(Some("fd00:10:244::/56,10.244.0.0/16".into())));
        assert_eq!(completed("10.96.0.0/12", Role::Services), Ok(Some("10.96.0.0/12,fd00:10:96::/112".into())));
    }

    #[test]
    fn what_is_complete_stays_in_its_order_and_spelling() {
        for text in
            ["10.244.0.0/16,fd00:10:244::/56", "2001:db8:42:0::/56,10.0.0.0/8", "10.0.0.0/8,10.1.0.0/16", "fd00::/56,10.0.0.0/8,fd01::/56"]
        {
            assert_eq!(completed(text, Role::Pods), Ok(None), "{text}");
        }
    }

    #[test]
    fn a_blank_at_the_comma_goes_because_it_is_fatal() {
        assert_eq!(completed("10.244.0.0/16, fd00:10:244:0::/56", Role::Pods), Ok(Some("10.244.0.0/16,fd00:10:244:0::/56".into())));
    }

    #[test]
    fn placeholders_are_told_from_errors_and_neither_is_edited() {
        for text in ["${POD_CIDR}", "$(CIDR)", "{{ .podCIDR }}", "<ip>", "X.X.X.0/16", "10.0.0.0/8,${V6}", "__POD_CIDR__", "x.x.x.x/16"] {
            assert_eq!(completed(text, Role::Pods), Err(Unfit::Placeholder), "{text}");
        }
        assert_eq!(completed("", Role::Pods), Err(Unfit::Empty));
        for text in ["10.244.0.0", "10.244.0.0/16;fd00::/56", "10.244.0.0/16,", "010.0.0.0/8"] {
            assert!(matches!(completed(text, Role::Pods), Err(Unfit::Unreadable(_))), "{text}");
        }
    }

    #[test]
    fn a_range_that_nobody_says_is_not_invented() {
        assert_eq!(completed("fd00:10:96::/112", Role::Services), Ok(None));
        let config = Config { ipv4_pod_cidr: None, ..config() };
        assert_eq!(complete("fd00:10:244::/56", Role::Pods, &config), Err(Unfit::Unknown(Family::V4)));
    }
}
