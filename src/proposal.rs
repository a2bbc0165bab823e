//! Ranges for a package: which ones nobody says yet, and some that fit.
//!
//! # Sources
//! RFC 4193 (unique-local addresses; section 3.2.2 draws the /48); kubernetes v1.33
//! cmd/kube-apiserver/app/options/validation.go (a service range of /112 is accepted by every version).

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use ipnet::{Ipv4Net, Ipv6Net};
use sha1::{Digest, Sha1};

use crate::cidr::{Cidr, Family};
use crate::config::{Config, Mode};
use crate::facts::{Facts, RangeFact, Role};
use crate::package::Package;
use crate::systems;

/// The range of pods: 256 nodes of /64, the node mask that kube-controller-manager has without a flag.
const PODS: u8 = 56;
/// The range of Services: 65 536 of them.
const SERVICES: u8 = 112;
/// The longest prefix that ranges are taken from: one part of /56 for the nodes, one for pods, one for Services.
const LONGEST: u8 = 54;
/// What kubeadm's and Calico's documentation use for pods and Services.
const IPV4: [(Role, [u8; 2]); 2] = [(Role::Pods, [10, 244]), (Role::Services, [10, 96])];

/// The ranges of a package, sorted by who says them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Ranges that nobody says, and that an edit of the package needs.
    pub needed: Vec<(Role, Family, Cidr)>,
    /// Ranges that nobody says, and that nothing in the package needs.
    pub spare: Vec<(Role, Family, Cidr)>,
    /// Ranges that the package says itself: they are kept.
    pub said: Vec<RangeFact>,
}

/// A time as NTP counts it: seconds since 1900 in the upper 32 bits, which begin anew in 2036, parts of a second in the lower.
pub fn ntp(since_1970: Duration) -> u64 {
    let seconds = since_1970.as_secs().wrapping_add(2_208_988_800);
    let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000;
    (seconds << 32) | fraction
}

/// The unique-local /48 of RFC 4193, section 3.2.2: `fd`, then the last 40 bits of the SHA-1 digest of a time in NTP's form
/// and an identifier of this system.
pub fn unique_local(ntp: u64, identifier: [u8; 8]) -> Cidr {
    let digest = Sha1::new().chain_update(ntp.to_be_bytes()).chain_update(identifier).finalize();
    let mut octets = [0; 16];
    octets[0] = 0xfd;
    octets[1..6].copy_from_slice(&digest[15..20]);
    Ipv6Net::new_assert(Ipv6Addr::from(octets), 48).into()
}

/// The prefix that IPv6 ranges are to be taken from.
///
/// # Errors
/// What must hold instead, to stand behind the name of the flag.
pub fn read_prefix(text: &str) -> Result<Cidr, String> {
    let good = "must be an IPv6 range of 54 bits or fewer, such as \"fd12:3456:789a::/48\"";
    match Cidr::parse(text) {
        Ok(parsed) if parsed.cidr.family() == Family::V6 && parsed.cidr.prefix() <= LONGEST => Ok(parsed.cidr),
        Ok(_) => Err(format!("{good}, not \"{text}\"")),
        Err(reason) => Err(format!("{good}; \"{text}\" {reason}")),
    }
}

/// What there is to say about the ranges of the package: IPv6 ranges are taken from `prefix`, IPv4 ranges, for packages that
/// are IPv6 first, from `10.0.0.0/8`. None of them has an address in common with another range or an address that the package
/// or `given` says.
///
/// # Errors
/// A sentence, where the prefix has no room left.
pub fn propose(package: &Package<'_>, given: &Config, prefix: Cidr) -> Result<Proposal, String> {
    let facts = systems::facts(package);
    let mut used = used(&facts, given);
    let mut proposal = Proposal { said: facts.ranges.clone(), ..Proposal::default() };
    let mut config = given.clone();
    for (role, family, range) in given.ranges() {
        let says = |family| facts.saying(role, family).next().is_some();
        let is_missing = match family {
            Family::V6 => true,
            Family::V4 => given.mode == Mode::DualStack && says(Family::V6),
        };
        if range.is_some() || says(family) || !is_missing {
            continue;
        }
        let range = match family {
            Family::V6 => ipv6(role, prefix, &facts, &used),
            Family::V4 => ipv4(role, &used),
        };
        let range = range.ok_or_else(|| format!("\"{prefix}\" has no room for another {} range: give another prefix", role.word()))?;
        used.push(range);
        let with = with_range(&config, role, family, range);
        // Pods are what all this is about, even where the package has nothing that asks for them yet.
        let needed = (role, family) == (Role::Pods, Family::V6) || wishes(package, &with, &facts) != wishes(package, &config, &facts);
        if needed {
            config = with;
            proposal.needed.push((role, family, range));
        } else {
            proposal.spare.push((role, family, range));
        }
    }
    Ok(proposal)
}

fn with_range(config: &Config, role: Role, family: Family, range: Cidr) -> Config {
    let mut config = config.clone();
    let field = match (role, family) {
        (Role::Pods, Family::V6) => &mut config.ipv6_pod_cidr,
        (Role::Services, Family::V6) => &mut config.ipv6_service_cidr,
        (Role::Pods, Family::V4) => &mut config.ipv4_pod_cidr,
        (Role::Services, Family::V4) => &mut config.ipv4_service_cidr,
    };
    *field = Some(range);
    config
}

/// What the systems want of the package under this configuration, as text that can be compared.
fn wishes(package: &Package<'_>, config: &Config, facts: &Facts) -> String {
    let Ok(config) = config.clone().settle(facts) else { return String::new() };
    let plan = systems::plan(package, &config);
    format!("{:?} {:?}", plan.changes, plan.additions)
}

/// The ranges, and as ranges the addresses, that are taken.
fn used(facts: &Facts, given: &Config) -> Vec<Cidr> {
    let addresses = facts.addresses.iter().flat_map(|fact| &fact.addresses).chain(given.node_ips.values().flatten());
    let ranges = facts.ranges.iter().flat_map(|fact| &fact.ranges);
    let of_nodes = facts.node_ipam.iter().flat_map(|fact| &fact.ranges);
    let of_proxies = facts.proxies.iter().flat_map(|fact| &fact.node_port_addresses);
    let given = given.ranges().into_iter().filter_map(|(_, _, range)| range);
    let said = ranges.chain(of_nodes).chain(of_proxies).copied().chain(given);
    // `::/0` means that no address is meant in particular.
    addresses.map(|address| of_address(*address)).chain(said).filter(|range| range.prefix() > 0).collect()
}

fn of_address(address: IpAddr) -> Cidr {
    match address {
        IpAddr::V4(address) => Ipv4Net::from(address).into(),
        IpAddr::V6(address) => Ipv6Net::from(address).into(),
    }
}

/// The beginning of a part of the prefix that nothing else is in. The first part is left to nodes.
fn ipv6(role: Role, prefix: Cidr, facts: &Facts, used: &[Cidr]) -> Option<Cidr> {
    let part = prefix.subnets(PODS).skip(1).find(|part| used.iter().all(|used| !used.overlaps(*part)))?;
    let length = if role == Role::Pods { pods(facts) } else { SERVICES };
    part.subnets(length).next()
}

/// How long the prefix of the range of pods is: a controller manager must be able to cut ranges for nodes out of it.
fn pods(facts: &Facts) -> u8 {
    let masks = facts.node_ipam.iter().filter(|fact| fact.allocates).filter_map(|fact| fact.mask_ipv6);
    // The mask is at most 16 bits longer; 8 bits longer is room for 256 nodes.
    masks.filter(|mask| *mask > PODS + 16).map(|mask| mask - 8).max().unwrap_or(PODS)
}

fn ipv4(role: Role, used: &[Cidr]) -> Option<Cidr> {
    let usual = IPV4.into_iter().filter(|(of, _)| *of == role).map(|(_, [a, b])| Ipv4Net::new_assert([a, b, 0, 0].into(), 16).into());
    let others = Cidr::from(Ipv4Net::new_assert([10, 0, 0, 0].into(), 8)).subnets(16);
    usual.chain(others).find(|range| used.iter().all(|used| !used.overlaps(*range)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).expect(text).cidr
    }

    /// What is proposed, as `field range`; what nothing needs, in brackets.
    fn proposed(package: &str, given: &Config) -> Vec<String> {
        let package = Package::read(package).expect("YAML");
        let proposal = propose(&package, given, cidr("fd12:3456:789a::/48")).expect("room");
        let write = |(role, family, range): &(Role, Family, Cidr)| format!("{} {range}", Config::field(*role, *family));
        let spare = proposal.spare.iter().map(|one| format!("({})", write(one)));
        proposal.needed.iter().map(write).chain(spare).collect()
    }

    fn kubeadm(networking: &str) -> String {
        format!("apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.33.0\nnetworking:\n{networking}")
    }

    #[test]
    fn the_algorithm_is_that_of_the_rfc() {
        // `printf '\xec\xb0\x7b\x00\x80\x00\x00\x00\x02\x00\x5e\xff\xfe\x00\x53\x01' | sha1sum` ends with these digits.
        let time = ntp(Duration::new(1_762_000_000, 500_000_000));
        assert_eq!(time, 0xECB0_7B00_8000_0000);
        let prefix = unique_local(time, [0x02, 0x00, 0x5e, 0xff, 0xfe, 0x00, 0x53, 0x01]);
        assert_eq!(prefix.to_string(), "fd7b:2dfe:bfcf::/48");
        assert!(prefix.is_unique_local());
    }

    #[test]
    fn seconds_of_ntp_begin_anew_in_2036() {
        assert_eq!(ntp(Duration::ZERO), 2_208_988_800 << 32);
        assert_eq!(ntp(Duration::from_secs(2_085_978_496)), 0);
    }

    #[test]
    fn the_prefix_must_have_room() {
        assert_eq!(read_prefix("FD12:3456:789A::/48"), Ok(cidr("fd12:3456:789a::/48")));
        assert!(read_prefix("2001:db8::/54").is_ok());
        for text in ["fd12::/55", "10.0.0.0/8", "fd12::", "x"] {
            let error = read_prefix(text).expect_err(text);
            assert!(error.starts_with("must be an IPv6 range") && error.contains(&format!("\"{text}\"")), "{error}");
        }
    }

    #[test]
    fn services_are_needed_where_the_kubernetes_side_is_there() {
        let both = ["ipv6PodCIDR fd12:3456:789a:100::/56", "ipv6ServiceCIDR fd12:3456:789a:200::/112"];
        assert_eq!(proposed(&kubeadm("  podSubnet: 10.244.0.0/16\n  serviceSubnet: 10.96.0.0/16\n"), &Config::default()), both);
        let nothing = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";
        let spare = ["ipv6PodCIDR fd12:3456:789a:100::/56", "(ipv6ServiceCIDR fd12:3456:789a:200::/112)"];
        assert_eq!(proposed(nothing, &Config::default()), spare);
    }

    #[test]
    fn what_is_said_is_kept_and_its_neighbourhood_left_alone() {
        let package = kubeadm("  podSubnet: 10.244.0.0/16,fd12:3456:789a:100::/56\n  serviceSubnet: 10.96.0.0/16\n");
        assert_eq!(proposed(&package, &Config::default()), ["ipv6ServiceCIDR fd12:3456:789a:200::/112"]);
        let given = Config { ipv6_service_cidr: Some(cidr("fd12:3456:789a:100::/112")), ..Config::default() };
        assert_eq!(proposed("", &given), ["ipv6PodCIDR fd12:3456:789a:200::/56"]);
        let nodes = ["10.0.0.1".parse().expect("an address"), "fd12:3456:789a:1ff::1".parse().expect("an address")];
        let given = Config { node_ips: [("a".to_owned(), nodes)].into(), ..Config::default() };
        assert_eq!(proposed("", &given)[0], "ipv6PodCIDR fd12:3456:789a:200::/56");
    }

    #[test]
    fn packages_that_are_ipv6_first_get_ipv4() {
        let package = kubeadm("  podSubnet: fd00:10:244::/56\n  serviceSubnet: fd00:10:96::/112\n");
        assert_eq!(proposed(&package, &Config::default()), ["ipv4PodCIDR 10.244.0.0/16", "ipv4ServiceCIDR 10.96.0.0/16"]);
        let taken = Config { ipv4_pod_cidr: Some(cidr("10.0.0.0/9")), ..Config::default() };
        assert_eq!(proposed(&package, &taken), ["ipv4ServiceCIDR 10.128.0.0/16"]);
        let ipv6_only = Config { mode: Mode::Ipv6Only, ..Config::default() };
        assert_eq!(proposed(&package, &ipv6_only), [""; 0]);
    }

    #[test]
    fn nodes_can_be_cut_out_of_the_range_of_pods() {
        let masks = "controllerManager:\n  extraArgs:\n    - name: node-cidr-mask-size-ipv6\n      value: \"80\"\n";
        let package = kubeadm("  podSubnet: 10.244.0.0/16\n") + masks;
        assert_eq!(proposed(&package, &Config::default())[0], "ipv6PodCIDR fd12:3456:789a:100::/72");
    }

    #[test]
    fn a_full_prefix_is_said() {
        let package = kubeadm("  podSubnet: 10.244.0.0/16,fd12:3456:789a::/48\n  serviceSubnet: 10.96.0.0/16\n");
        let package = Package::read(&package).expect("YAML");
        let error = propose(&package, &Config::default(), cidr("fd12:3456:789a::/48")).expect_err("no room");
        assert_eq!(error, "\"fd12:3456:789a::/48\" has no room for another service range: give another prefix");
    }
}
