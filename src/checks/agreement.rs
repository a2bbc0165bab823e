//! All places that say a range say the same one.
//!
//! # Sources
//! Calico documentation, networking/dual-stack.md: `CALICO_IPV6POOL_CIDR` must be "the same as the IPv6 range you
//! provided to kube-controller-manager and kube-proxy"; tigera/operator pkg/controller/ippool/defaults.go.

use std::fmt::Write as _;

use super::Check;
use crate::cidr::{Cidr, Family};
use crate::config::Config;
use crate::facts::{Facts, RangeFact, Role};
use crate::package::Package;
use crate::plan::{Plan, Rule};

pub(super) const CHECK: Check = Check { name: "agreement", rules: &[&DISAGREE], check };

static DISAGREE: Rule = Rule {
    id: "ranges-disagree",
    title: "Two places say different ranges",
    why: "Pods get addresses that other components take for foreign: no routes, wrong NAT, policies that do not match.",
    remedy: "Make all places say the same range, or give it in the functionConfig.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
};

fn check(package: &Package<'_>, facts: &Facts, config: &Config, plan: &mut Plan) {
    for (role, family, configured) in config.ranges() {
        // The configuration speaks first; without it, the source that is believed first.
        let Some(expected) = configured.or_else(|| facts.settled(role, family)) else { continue };
        let saying: Vec<_> = facts.saying(role, family).collect();
        for (fact, range) in &saying {
            let agrees = if fact.whole { *range == expected } else { expected.contains(*range) };
            if !agrees {
                let message = disagreement(package, &saying, (role, family), (fact, *range), (expected, configured.is_some()));
                plan.error(&DISAGREE, fact.place.clone().with_current(range.to_string()).with_proposed(expected.to_string()), message);
            }
        }
    }
}

/// Names both sides, and every place that speaks.
fn disagreement(
    package: &Package<'_>,
    saying: &[(&RangeFact, Cidr)],
    (role, family): (Role, Family),
    (fact, range): (&RangeFact, Cidr),
    (expected, from_config): (Cidr, bool),
) -> String {
    let must = if fact.whole { "must be" } else { "must be within" };
    let who = if from_config { "the functionConfig" } else { "the package" };
    let mut message = format!(
        "the {family} {role} range of {} {must} \"{expected}\", as {who} says, not \"{range}\"; the places that say one:",
        fact.source.name(),
        role = role.word()
    );
    for (index, (fact, range)) in saying.iter().enumerate() {
        let resource = fact.place.resource.and_then(|index| package.all().get(index));
        let path = fact.place.path.as_ref().map(ToString::to_string).unwrap_or_default();
        let file = resource.and_then(|resource| resource.file()).map(|file| format!("{file}: ")).unwrap_or_default();
        let name = resource.map(ToString::to_string).unwrap_or_default();
        let _ = write!(message, "{} {file}{name} `{path}` \"{range}\"", if index == 0 { "" } else { "," });
    }
    message
}
