//! What the components of Kubernetes refuse, written from their sources, and with nothing of the product.
//!
//! kubernetes v1.33 cmd/kube-apiserver/app/options/validation.go, cmd/kube-controller-manager/app/core.go,
//! pkg/controller/nodeipam/ipam/cidrset, pkg/proxy/apis/config/validation, cmd/kubeadm/app/apis/kubeadm/validation;
//! projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// A range, as Go's `net.ParseCIDR` reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    address: IpAddr,
    prefix: u32,
}

impl Range {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let invalid = || format!("invalid CIDR address: {text}");
        let (address, prefix) = text.split_once('/').ok_or_else(invalid)?;
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let digits = !prefix.is_empty() && prefix.len() < 4 && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let range = Self { address, prefix: prefix.parse().ok().filter(|_| digits).ok_or_else(invalid)? };
        (range.prefix <= range.bits()).then_some(range).ok_or_else(invalid)
    }

    pub(crate) fn is_ipv6(self) -> bool {
        self.address.is_ipv6()
    }

    fn bits(self) -> u32 {
        if self.is_ipv6() { 128 } else { 32 }
    }

    fn first(self) -> u128 {
        let number = match self.address {
            IpAddr::V4(address) => u128::from(u32::from(address)),
            IpAddr::V6(address) => u128::from(address),
        };
        let host = self.bits() - self.prefix;
        if host >= 128 { 0 } else { number >> host << host }
    }

    /// Whether the other range is all inside this one.
    pub(crate) fn holds(self, other: Self) -> bool {
        let host = self.bits() - self.prefix;
        self.is_ipv6() == other.is_ipv6() && self.prefix <= other.prefix && (host >= 128 || self.first() >> host == other.first() >> host)
    }
}

/// `strings.Split(text, ",")`, each part parsed as it is.
fn split(text: &str) -> Result<Vec<Range>, String> {
    text.split(',').map(Range::parse).collect()
}

fn families(ranges: &[Range], too_many: &str, same: &str) -> Result<(), String> {
    match ranges {
        [_] => Ok(()),
        [a, b] if a.is_ipv6() != b.is_ipv6() => Ok(()),
        [_, _] => Err(same.into()),
        _ => Err(too_many.into()),
    }
}

/// kube-apiserver, before v1.34.
pub(crate) fn apiserver(service_ranges: &str, advertised: IpAddr) -> Result<Vec<Range>, String> {
    let ranges = split(service_ranges)?;
    families(
        &ranges,
        "--service-cluster-ip-range must not contain more than two entries",
        "--service-cluster-ip-range[0] and --service-cluster-ip-range[1] must be of different IP family",
    )?;
    for range in &ranges {
        if range.bits() - range.prefix > 20 {
            return Err(format!("specified --service-cluster-ip-range is too large; the mask must be >= {}", range.bits() - 20));
        }
    }
    if ranges[0].is_ipv6() != advertised.is_ipv6() {
        return Err("service IP family must match public address family".into());
    }
    Ok(ranges)
}

/// kube-controller-manager with `--allocate-node-cidrs=true`, from v1.21 on; flags by name, without dashes.
pub(crate) fn controller_manager(flags: &BTreeMap<String, String>) -> Result<Vec<Range>, String> {
    let flag = |name: &str| flags.get(name).map(String::as_str);
    let ranges = split(flag("cluster-cidr").unwrap_or_default().trim())?;
    families(
        &ranges,
        "length of clusterCIDRs is more than max allowed of 2",
        "len of ClusterCIDRs==2 and they are not configured as dual stack",
    )?;
    if let Some(services) = flag("service-cluster-ip-range") {
        families(&split(services.trim())?, "--service-cluster-ip-range can not contain more than two entries", "not dualstack")?;
    }
    let mask = |name: &str| flag(name).map(|value| value.parse::<u32>().map_err(|error| error.to_string())).transpose();
    let (both, ipv4, ipv6) = (mask("node-cidr-mask-size")?, mask("node-cidr-mask-size-ipv4")?, mask("node-cidr-mask-size-ipv6")?);
    if ranges.len() == 2 && both.is_some() {
        return Err("usage of --node-cidr-mask-size is not allowed with dual-stack clusters".into());
    }
    if both.is_some() && (ipv4.is_some() || ipv6.is_some()) {
        return Err("usage of the flags of both families is not allowed if --node-cidr-mask-size is set".into());
    }
    for range in &ranges {
        let of_node = if range.is_ipv6() { ipv6.or(both).unwrap_or(64) } else { ipv4.or(both).unwrap_or(24) };
        if range.prefix > of_node {
            return Err(
                "Controller: Invalid --cluster-cidr, mask size of cluster CIDR must be less than or equal to --node-cidr-mask-size".into(),
            );
        }
        if range.is_ipv6() && of_node - range.prefix > 16 {
            return Err("New CIDR set failed; the node CIDR size is too big".into());
        }
    }
    Ok(ranges)
}

/// kube-proxy, by `--cluster-cidr` or `clusterCIDR`.
pub(crate) fn proxy(cluster_cidr: &str) -> Result<Vec<Range>, String> {
    let ranges = split(cluster_cidr)?;
    let must = "must be a either a single CIDR or dual-stack pair of CIDRs (e.g. [10.100.0.0/16, fde4:8dba:82e1::/48]";
    families(&ranges, must, must)?;
    Ok(ranges)
}

/// kubeadm; the masks are those of `controllerManager.extraArgs`.
pub(crate) fn kubeadm(pods: &str, services: &str, ipv6_mask: Option<u32>) -> Result<(Vec<Range>, Vec<Range>), String> {
    let trimmed = |text: &str| split(&text.split(',').map(str::trim).collect::<Vec<_>>().join(","));
    // It reads over blanks itself, but hands the texts on as flags, as they are (cmd/kubeadm/app/phases/controlplane).
    let flags = [split(pods), split(services)];
    let (pods, services) = (trimmed(pods)?, trimmed(services)?);
    let must = "expected one (IPv4 or IPv6) CIDR or two CIDRs from each family for dual-stack networking";
    families(&pods, must, must)?;
    families(&services, must, must)?;
    for (ranges, minimum) in [(&pods, 14), (&services, 10)] {
        if let Some(small) = ranges.iter().find(|range| range.bits() - range.prefix < 4) {
            return Err(format!("subnet {small:?} is too small, the minimum is {minimum}"));
        }
    }
    if services.iter().any(|range| range.bits() - range.prefix > 20) {
        return Err("specified service subnet is too large".into());
    }
    for range in &pods {
        let of_node = if range.is_ipv6() { ipv6_mask.unwrap_or(64) } else { 24 };
        if range.prefix > of_node {
            return Err("the size of pod subnet is smaller than the size of node subnet".into());
        }
        if of_node - range.prefix > 16 {
            return Err("pod subnet mask and node-mask difference is greater than 16".into());
        }
    }
    for flag in flags {
        flag?;
    }
    Ok((pods, services))
}

/// What Calico makes of the text of a ClusterConfiguration: the regular expression `podSubnet: (.*)`, split at commas.
pub(crate) fn calico(text: &str) -> Result<Vec<Range>, String> {
    let Some(at) = text.find("podSubnet: ") else { return Ok(Vec::new()) };
    let rest = &text[at + "podSubnet: ".len()..];
    split(rest.split('\n').next().unwrap_or_default())
}

/// All places say the same ranges, in the same order; the pool is within them.
pub(crate) fn agree(places: &[&[Range]], pool: Range) -> Result<(), String> {
    let first = places[0];
    if let Some(other) = places.iter().find(|ranges| **ranges != first) {
        return Err(format!("{first:?} here, {other:?} there"));
    }
    let within = first.iter().any(|range| range.holds(pool));
    if within { Ok(()) } else { Err(format!("IPPool {pool:?} is not within the platform's configured pod network CIDR(s) {first:?}")) }
}

#[test]
fn the_rules_refuse_what_the_components_refuse() {
    let ip = |text: &str| text.parse::<IpAddr>().expect(text);
    assert!(apiserver("10.96.0.0/12,fd00::/112", ip("192.168.0.1")).is_ok());
    for wrong in
        ["10.96.0.0/12, fd00::/112", "10.96.0.0/12,fd00::/107", "fd00::/112,10.96.0.0/12", "10.96.0.0/12,10.97.0.0/16", "10.0.0.0/11"]
    {
        assert!(apiserver(wrong, ip("192.168.0.1")).is_err(), "{wrong}");
    }
    let flags = |flags: &[(&str, &str)]| flags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert!(controller_manager(&flags(&[("cluster-cidr", "10.0.0.0/16,fd00::/56")])).is_ok());
    for wrong in [
        [("cluster-cidr", "10.0.0.0/16,fd00::/56"), ("node-cidr-mask-size", "24")],
        [("cluster-cidr", "10.0.0.0/16,fd00::/47"), ("x", "")],
        [("cluster-cidr", "10.0.0.0/16,fd00::/65"), ("x", "")],
        [("cluster-cidr", "10.0.0.0/16,fd00::/56"), ("node-cidr-mask-size-ipv6", "73")],
    ] {
        assert!(controller_manager(&flags(&wrong)).is_err(), "{wrong:?}");
    }
    assert!(kubeadm("10.0.0.0/16,fd00::/56", "10.96.0.0/12,fd01::/112", None).is_ok());
    assert!(kubeadm("10.0.0.0/16, fd00::/56", "10.96.0.0/12,fd01::/112", None).is_err());
    assert!(kubeadm("10.0.0.0/16,fd00::/112", "10.96.0.0/12,fd01::/112", None).is_err());
    assert!(kubeadm("10.0.0.0/16,fd00::/112", "10.96.0.0/12,fd01::/112", Some(120)).is_ok());
    assert!(proxy("10.0.0.0/16,fd00::/56").is_ok() && proxy("10.0.0.0/16,fd00::/56,fd01::/56").is_err());
    assert_eq!(calico("networking:\n  podSubnet: 10.0.0.0/16,fd00::/56\n").map(|ranges| ranges.len()), Ok(2));
    assert!(calico("podSubnet: \"10.0.0.0/16,fd00::/56\"").is_err() && calico("podSubnet: 10.0.0.0/16, fd00::/56").is_err());
}
