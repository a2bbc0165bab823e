//! Checks over the whole package, as it will be after the edits. They change nothing; they say what disagrees.

mod agreement;
mod families;
mod gates;
mod invented_pool;
mod kubeadm_config;
mod node_masks;
mod node_ports;
mod odd_ranges;
mod one_family;
mod overlaps;
mod pools;
mod pools_apart;
mod primary;
mod services;
mod sizes;

pub use self::agreement::Expected;
use crate::config::Config;
use crate::facts::{Facts, RangeFact, Role, Source};
use crate::package::Package;
use crate::plan::{Place, Plan, Rule};

/// One check, or a close family of them.
#[derive(Debug)]
pub struct Check {
    /// Its name: of the file, and of the folder of its fixtures.
    pub name: &'static str,
    /// All that it can say.
    pub rules: &'static [&'static Rule],
    /// Adds findings about what it sees.
    pub check: fn(&Seen<'_>, &mut Plan),
}

/// What a check looks at.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The package, edited already.
    pub package: &'a Package<'a>,
    /// Its facts.
    pub facts: &'a Facts,
    /// The configuration, with what it left out filled in from the package as it was.
    pub config: &'a Config,
    /// The configuration as it was given.
    pub given: &'a Config,
}

/// All checks, in the order of their results.
pub const ALL: &[Check] = &[
    families::CHECK,
    primary::CHECK,
    agreement::CHECK,
    pools::CHECK,
    pools_apart::CHECK,
    sizes::CHECK,
    node_masks::CHECK,
    overlaps::CHECK,
    one_family::CHECK,
    kubeadm_config::CHECK,
    invented_pool::CHECK,
    gates::CHECK,
    node_ports::CHECK,
    services::CHECK,
    odd_ranges::CHECK,
];

/// What the checks find.
pub fn check(seen: &Seen<'_>) -> Plan {
    let mut plan = Plan::default();
    for check in ALL {
        (check.check)(seen, &mut plan);
    }
    plan
}

impl Seen<'_> {
    /// A place in words: `kubeadm.yaml: ConfigMap kube-system/kubeadm-config data.ClusterConfiguration.networking.podSubnet`.
    fn name(&self, place: &Place) -> String {
        let resource = place.resource.and_then(|index| self.package.all().get(index));
        let file = resource.and_then(|resource| resource.file()).map(|file| format!("{file}: ")).unwrap_or_default();
        let name = resource.map(ToString::to_string).unwrap_or_default();
        let path = place.path.as_ref().map(|path| format!(" `{path}`")).unwrap_or_default();
        format!("{file}{name}{path}")
    }

    /// The facts that say the ranges of the cluster in an order: pools of Calico have none, flannel names each family, and
    /// Gardener says one of them only.
    fn of_the_cluster(&self) -> impl Iterator<Item = &RangeFact> {
        let ordered = |fact: &&RangeFact| match fact.source {
            Source::Flannel | Source::Gardener => false,
            source => fact.whole && !(source.is_pool() && fact.role == Role::Pods),
        };
        self.facts.ranges.iter().filter(ordered)
    }
}

/// The ranges of a fact as a comma list.
fn list(fact: &RangeFact) -> String {
    fact.ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
