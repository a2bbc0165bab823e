//! Calico's VPP dataplane: it knows the IPv6 range of Services.
//!
//! # Recognises
//! The key `SERVICE_PREFIX` of the ConfigMap `calico-vpp-config`.
//!
//! # Changes
//! The missing range of Services is appended to the list, where one is known: the dataplane cannot read it from the API.
//! Ranges and commas only: the agent trims nothing.
//!
//! # Leaves alone
//! Everything else: the pools are those of the Installation.
//!
//! # Sources
//! projectcalico/vpp-dataplane config/config.go (`ServiceCIDRs = PrefixListEnvVar("SERVICE_PREFIX")`), `prefixListParser`.

use super::System;
use super::shared::calico::is_operator_managed;
use super::shared::ranges::{self, RangePlace};
use crate::config::Config;
use crate::facts::{Facts, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Plan, Rule};
use crate::yaml::{Op, Path};

pub(super) const SYSTEM: System =
    System { name: "calico_vpp", recognises: "the ConfigMap of Calico's VPP dataplane", rules: &[&SERVICE_PREFIX], facts, plan };

static SERVICE_PREFIX: Rule = Rule {
    id: "calico-vpp-service-prefix",
    title: "VPP knows the IPv6 range of Services",
    why: "The VPP agent routes to Services by the ranges in SERVICE_PREFIX; IPv6 cluster IPs outside of them are not reached.",
    remedy: "`SERVICE_PREFIX` must list the range of each family, separated by a comma.",
    source: "https://github.com/projectcalico/vpp-dataplane/blob/HEAD/config/config.go",
};

const KEYS: [&str; 2] = ["data", "SERVICE_PREFIX"];

fn config_maps<'p>(package: &'p Package<'p>) -> impl Iterator<Item = (&'p Resource<'p>, &'p str)> {
    let maps = package.of_kind("", "ConfigMap").filter(|map| map.original_name() == "calico-vpp-config" && !is_operator_managed(map));
    maps.filter_map(|map| Some((map, map.root().text_at(&KEYS)?)))
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for (map, text) in config_maps(package) {
        facts.whole(Role::Services, Source::CalicoVpp, map, &Path::of(&KEYS), ranges::ranges(text));
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for (map, text) in config_maps(package) {
        let path = Path::of(&KEYS);
        let place = RangePlace { resource: map, path: path.clone(), role: Role::Services, what: "`SERVICE_PREFIX` of VPP".into() };
        place.want_comma_list(text, config, &SERVICE_PREFIX, |list| Op::is(path, list), plan);
    }
}
