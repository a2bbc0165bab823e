//! What Calico's IPv6 pool must be like, whether calico-node makes it or an IPPool object says it.

use super::calico::{Backend, is_operator_managed};
use super::workload::Container;
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Encapsulation};
use crate::package::{Package, Resource};
use crate::version::Version;
use crate::yaml::{Node, Value};

/// Calico's own block size for IPv6 (projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go).
pub(crate) const DEFAULT_BLOCK_SIZE: u8 = 122;
/// VXLAN for IPv6 came with this version (Calico v3.23 release notes).
pub(crate) const VXLAN_SINCE: Version = Version::new(3, 23);

/// A VXLAN mode in which packets are encapsulated, at least between subnets; as calico-node reads it (startup.go
/// createIPPool).
pub(crate) fn vxlan_mode(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "always" => Some("Always"),
        "crosssubnet" | "cross-subnet" => Some("CrossSubnet"),
        _ => None,
    }
}

/// The VXLAN mode that the IPv6 pool must have, or nothing where its packets travel as they are: as the configuration
/// says, else as the package says for IPv6, else as for IPv4, in the environment or in an IPPool. Without BIRD, only
/// VXLAN pools have routes.
pub(crate) fn ipv6_vxlan(package: &Package<'_>, node: &Container<'_>, backend: Backend, config: &Config) -> Option<&'static str> {
    let mode_of = |variable| node.env_text(package, variable).and_then(vxlan_mode);
    match config.ipv6_encapsulation {
        Some(Encapsulation::None) => None,
        Some(Encapsulation::Vxlan) => Some("Always"),
        Some(Encapsulation::VxlanCrossSubnet) => Some("CrossSubnet"),
        None => mode_of("CALICO_IPV6POOL_VXLAN")
            .or_else(|| mode_of("CALICO_IPV4POOL_VXLAN"))
            .or_else(|| ip_pools(package).find_map(|pool| vxlan_mode(pool.root().text_at(&["spec", "vxlanMode"])?)))
            .or((backend == Backend::Vxlan).then_some("Always")),
    }
}

/// Whether pods must be hidden behind their node's address: nothing outside has a route to a unique-local range.
pub(crate) fn nat_outgoing(config: &Config, range: Cidr) -> bool {
    config.nat_outgoing.unwrap_or_else(|| range.is_unique_local())
}

/// All IPPool objects, of either API.
pub(crate) fn ip_pools<'p>(package: &'p Package<'p>) -> impl Iterator<Item = &'p Resource<'p>> {
    package.of_kind("projectcalico.org", "IPPool").chain(package.of_kind("crd.projectcalico.org", "IPPool"))
}

/// The range of an IPPool.
pub(crate) fn range_of(pool: &Resource<'_>) -> Option<Cidr> {
    Cidr::parse(pool.root().text_at(&["spec", "cidr"])?).ok().map(|parsed| parsed.cidr)
}

/// The range of a pool for pods, with its text.
pub(crate) fn pod_range<'p>(pool: &'p Resource<'_>) -> Option<(&'p str, Cidr)> {
    let spec = pool.root().get("spec")?;
    let mut uses = spec.get("allowedUses").into_iter().flat_map(Node::items).peekable();
    let for_pods = uses.peek().is_none() || uses.any(|used| used.text() == Some("Workload"));
    let text = spec.text_at(&["cidr"]).filter(|_| for_pods && spec.text_at(&["disabled"]) != Some("true"))?;
    Some((text, Cidr::parse(text).ok()?.cidr))
}

/// Whether the Tigera operator keeps the pool (tigera/operator pkg/controller/ippool/pool_controller.go `hasOwner`).
pub(crate) fn is_kept_by_operator(pool: &Resource<'_>) -> bool {
    let managed_by = pool.root().text_at(&["metadata", "labels", "app.kubernetes.io/managed-by"]);
    is_operator_managed(pool) || managed_by == Some("tigera-operator")
}

/// The first IPv4 pool for pods that somebody wrote: an IPv6 pool can stand beside it.
pub(crate) fn written_ipv4_pool<'p>(package: &'p Package<'p>) -> Option<&'p Resource<'p>> {
    let is_ipv4 = |pool: &Resource<'_>| pod_range(pool).is_some_and(|(_, range)| range.family() == Family::V4);
    ip_pools(package).find(|pool| is_ipv4(pool) && !is_kept_by_operator(pool))
}

/// The IPPool for IPv6. Every field is there, because `crd.projectcalico.org/v1` fills in none. Without Calico's API server
/// only the CRDs are there; an IPPool of the package shows which are.
pub(crate) fn ipv6_object(package: &Package<'_>, config: &Config, range: Cidr, vxlan: &str, selector: &str) -> Value {
    let version = ip_pools(package).next().map_or("crd.projectcalico.org/v1", |pool| &*pool.api_version);
    Value::map([
        ("apiVersion", Value::from(version)),
        ("kind", Value::from("IPPool")),
        ("metadata", Value::map([("name", Value::from("default-ipv6-ippool"))])),
        (
            "spec",
            Value::map([
                ("cidr", Value::from(range.to_string())),
                ("blockSize", Value::from(u32::from(config.ipv6_block_size.unwrap_or(DEFAULT_BLOCK_SIZE)))),
                ("ipipMode", Value::from("Never")),
                ("vxlanMode", Value::from(vxlan)),
                ("natOutgoing", Value::from(nat_outgoing(config, range))),
                ("nodeSelector", Value::from(selector)),
            ]),
        ),
    ])
}

/// Whether the package has an IPPool of this family.
pub(crate) fn has_pool(package: &Package<'_>, family: Family) -> bool {
    ip_pools(package).filter_map(range_of).any(|range| range.family() == family)
}

/// Whether calico-node is told to make no pools (`NO_DEFAULT_POOLS`; projectcalico/calico v3.32.1
/// node/pkg/lifecycle/startup/startup.go takes "true" in any case, and nothing else).
pub(crate) fn makes_no_pools(package: &Package<'_>, node: &Container<'_>) -> bool {
    node.env_text(package, "NO_DEFAULT_POOLS").is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// Whether a boolean of calico-node's startup is true (startup.go evaluateENVBool).
pub(crate) fn startup_bool(text: &str) -> bool {
    !matches!(text.to_ascii_lowercase().as_str(), "false" | "0" | "no" | "n" | "f")
}
