//! Ranges that the package says are not of a kind that is routed nowhere (L10). Those of the configuration were looked at
//! when it was read.
//!
//! # Sources
//! RFC 3879 (site-local), RFC 3849 and RFC 5737 (documentation), RFC 4291 (link-local, multicast); kubeadm warns of
//! site-local ranges, too.

use super::{Check, Seen};
use crate::cidr::Cidr;
use crate::plan::{Plan, Rule, Severity};

pub(super) const CHECK: Check = Check { name: "odd_ranges", rules: &[&ODD], check };

static ODD: Rule = Rule {
    id: "range-of-odd-kind",
    title: "A range is of a kind that is routed nowhere",
    why: "Routers do not forward it, or it is not meant for use.",
    remedy: "Use a unique-local range such as fd00:10:244::/56, or one of yours.",
    source: "https://www.iana.org/assignments/iana-ipv6-special-registry/",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    let given: Vec<_> = seen.given.ranges().into_iter().filter_map(|(_, _, range)| range).collect();
    let mut said: Vec<Cidr> = Vec::new();
    for fact in &seen.facts.ranges {
        for range in fact.ranges.iter().filter(|range| !given.contains(range)) {
            let (severity, what) = match range {
                range if range.is_link_local() => (Severity::Warning, "link-local: no router forwards it"),
                range if range.is_multicast() => (Severity::Warning, "multicast: no pod or Service can have such an address"),
                range if range.is_site_local() => (Severity::Warning, "site-local, which is deprecated (RFC 3879)"),
                range if range.is_documentation() => (Severity::Info, "reserved for documentation, and routed nowhere"),
                _ => continue,
            };
            if !said.contains(range) {
                said.push(*range);
                plan.find(severity, &ODD, fact.place.clone(), format!("the {} range \"{range}\" is {what}", fact.role.word()));
            }
        }
    }
}
