//! What the places of a package say about its address families, as values that can be compared.
//!
//! Systems read facts twice: before the plan, to settle the ranges that the configuration leaves out, and from the
//! edited objects, so that the [checks](crate::checks) see the package as it will be.

use crate::cidr::{Cidr, Family};
use crate::package::Resource;
use crate::plan::Place;
use crate::yaml::Path;

/// What a range is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Addresses of pods: the cluster CIDR, IP pools.
    Pods,
    /// Addresses of Services.
    Services,
}

impl Role {
    /// The word in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pods => "pod",
            Self::Services => "service",
        }
    }
}

/// Who says it; in the order in which a source is believed where the configuration leaves a range out
/// (reference: explicit pools of Calico first, then what the cluster was set up with, then what components are told).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The environment of `calico-node`.
    CalicoNode,
    /// An `Installation` of the Tigera operator, or Helm values of its chart.
    Installation,
    /// An `IPPool` object.
    IpPool,
    /// `ipv6_pools` in Calico's CNI config.
    CniConfig,
    /// `net-conf.json` of flannel.
    Flannel,
}

impl Source {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::CalicoNode => "calico-node",
            Self::Installation => "Installation",
            Self::IpPool => "IPPool",
            Self::CniConfig => "the CNI config",
            Self::Flannel => "flannel",
        }
    }
}

/// Ranges that a place says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeFact {
    /// What they are for.
    pub role: Role,
    /// Who says so.
    pub source: Source,
    /// In the order in which they stand there: the first decides about the primary family.
    pub ranges: Vec<Cidr>,
    /// Whether each range must be the whole range of its family, or may be a part of it, as one of several pools is.
    pub whole: bool,
    /// Where.
    pub place: Place,
}

impl RangeFact {
    /// The range of this family, if the place says one.
    pub fn of(&self, family: Family) -> Option<Cidr> {
        self.ranges.iter().copied().find(|range| range.family() == family)
    }
}

/// All facts of a package.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Who says which range.
    pub ranges: Vec<RangeFact>,
}

impl Facts {
    /// Adds a place that says the whole range of `role`, of one family or two.
    pub fn whole(&mut self, role: Role, source: Source, resource: &Resource<'_>, path: &Path, ranges: Vec<Cidr>) {
        self.add(role, source, resource, path, ranges, true);
    }

    /// Adds a place that says a part of the range of `role`, as one of several pools does.
    pub fn part(&mut self, role: Role, source: Source, resource: &Resource<'_>, path: &Path, ranges: Vec<Cidr>) {
        self.add(role, source, resource, path, ranges, false);
    }

    fn add(&mut self, role: Role, source: Source, resource: &Resource<'_>, path: &Path, ranges: Vec<Cidr>, whole: bool) {
        if !ranges.is_empty() {
            self.ranges.push(RangeFact { role, source, ranges, whole, place: Place::at(resource, path) });
        }
    }

    /// The facts about ranges of `role` that say one of `family`.
    pub fn saying(&self, role: Role, family: Family) -> impl Iterator<Item = (&RangeFact, Cidr)> {
        self.ranges.iter().filter(move |fact| fact.role == role).filter_map(move |fact| Some((fact, fact.of(family)?)))
    }

    /// The range that the package says where the configuration says none: that of the first source in the order of
    /// [`Source`], a whole range before a part. Whether the others agree is seen by the checks.
    pub fn settled(&self, role: Role, family: Family) -> Option<Cidr> {
        let mut saying: Vec<_> = self.saying(role, family).collect();
        saying.sort_by_key(|(fact, _)| (!fact.whole, fact.source));
        saying.first().map(|(_, range)| *range)
    }
}
