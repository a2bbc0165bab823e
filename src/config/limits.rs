//! What the components accept: ranges, block sizes, methods.

use super::Encapsulation;
use crate::cidr::{Cidr, Family};

/// What is odd, or wrong, about a range for its purpose.
pub(super) enum Doubt {
    Wrong(String),
    Odd(String),
}

/// Calico's block size for IPv6: a pool must be at least this large.
pub(super) const IPV6_BLOCK_SIZE: u8 = 122;

pub(super) fn too_small(cidr: Cidr, block: u8) -> String {
    format!(
        "must have a prefix of at most {block} bits, not \"{cidr}\": Calico gives out blocks of /{block}, and a smaller pool stops calico-node (\"IP pool size is too small\"); use a shorter prefix, such as /56, or a longer `ipv6BlockSize`"
    )
}

/// kube-apiserver and kubeadm refuse a service range with more than 20 bits of addresses (kubernetes v1.33
/// cmd/kube-apiserver/app/options/validation.go, cmd/kubeadm/app/apis/kubeadm/validation); kubeadm wants 10 addresses.
pub(super) fn service_range(cidr: Cidr) -> Option<Doubt> {
    let bits = cidr.family().bits();
    let (shortest, longest) = (bits - 20, bits - 4);
    let good = if cidr.family() == Family::V6 { "/112" } else { "/16" };
    if cidr.prefix() < shortest {
        let quote = format!("the mask must be >= {shortest}");
        return Some(Doubt::Wrong(format!(
            "must have a prefix of at least {shortest} bits, not \"{cidr}\": kube-apiserver would stop (\"specified --service-cluster-ip-range is too large; for {bits}-bit addresses, {quote}\"); use {good}"
        )));
    }
    (cidr.prefix() > longest).then(|| {
        Doubt::Wrong(format!(
            "must have a prefix of at most {longest} bits, not \"{cidr}\": a service range needs 10 addresses at least; use {good}"
        ))
    })
}

pub(super) const ENCAPSULATIONS: [(&str, Encapsulation); 3] =
    [("None", Encapsulation::None), ("VXLAN", Encapsulation::Vxlan), ("VXLANCrossSubnet", Encapsulation::VxlanCrossSubnet)];

/// As calico-node reads it (projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/autodetection).
pub(super) fn autodetection_method(text: &str) -> Result<String, String> {
    let with_value = ["can-reach=", "interface=", "skip-interface=", "cidr="];
    let known = matches!(text, "first-found" | "kubernetes-internal-ip")
        || with_value.iter().any(|method| text.strip_prefix(method).is_some_and(|value| !value.is_empty()));
    if known {
        return Ok(text.to_owned());
    }
    Err(format!(
        "must be \"first-found\", \"kubernetes-internal-ip\", \"can-reach=DESTINATION\", \"interface=REGEXES\", \"skip-interface=REGEXES\" or \"cidr=RANGES\", not \"{text}\": calico-node terminates at a method that it does not know"
    ))
}

/// As calico-node accepts it (projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go).
pub(super) fn block_size(text: &str) -> Result<u8, String> {
    let size = text.parse().ok().filter(|size| (116..=128).contains(size));
    size.ok_or_else(|| format!("must be a whole number from 116 to 128, not \"{text}\": calico-node terminates at another block size"))
}

/// What is odd, or wrong, about a range for every purpose.
pub(super) fn any_range(cidr: Cidr) -> Option<Doubt> {
    if cidr.is_link_local() {
        return Some(Doubt::Wrong(format!(
            "must not be link-local, but \"{cidr}\" is: no router forwards it; use a unique-local range such as \"fd00:10:244::/56\" or one of yours"
        )));
    }
    if cidr.is_multicast() {
        return Some(Doubt::Wrong(format!(
            "must not be multicast, but \"{cidr}\" is: no pod can have such an address; use a unique-local range such as \"fd00:10:244::/56\" or one of yours"
        )));
    }
    if cidr.is_site_local() {
        return Some(Doubt::Odd(format!(
            "\"{cidr}\" is in the deprecated site-local range fec0::/10; use a unique-local range such as \"fd00:10:244::/56\""
        )));
    }
    cidr.is_documentation().then(|| {
        Doubt::Odd(format!("\"{cidr}\" is reserved for documentation (RFC 3849) and is routed nowhere; use a unique-local range such as \"fd00:10:244::/56\" or one of yours"))
    })
}
