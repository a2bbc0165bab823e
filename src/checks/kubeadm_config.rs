//! Calico can read the pod ranges in the ConfigMap `kubeadm-config`, which it does with a regular expression.
//!
//! # Sources
//! projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go extractKubeadmCIDRs and tigera/operator
//! pkg/controller/ippool/kubeadm.go: `regexp.MustCompile("podSubnet: (.*)")`, then `strings.Split(line[1], ",")`, then
//! `net.ParseCIDR` of each part as it is.

use super::{Check, Seen};
use crate::cidr::Cidr;
use crate::facts::PodIpam;
use crate::plan::{Place, Plan, Rule, Severity};
use crate::yaml::{Node, Path};

pub(super) const CHECK: Check = Check { name: "kubeadm_config", rules: &[&UNREADABLE], check };

static UNREADABLE: Rule = Rule {
    id: "kubeadm-config-unreadable-by-calico",
    title: "Calico cannot read `podSubnet` in kubeadm-config",
    why: "The Tigera operator degrades (\"could not resolve CalicoNetwork IPPool and kubeadm configuration: invalid CIDR address\"); calico-node silently loses ranges, and invents an IPv6 one.",
    remedy: "The line must be `podSubnet: a,b`: no quotes, one blank behind the colon, none behind the comma, no comment, no carriage return.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go extractKubeadmCIDRs",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    let path = Path::of(&["data", "ClusterConfiguration"]);
    for resource in seen.package.of_kind("", "ConfigMap").filter(|resource| resource.original_name() == "kubeadm-config") {
        let text = resource.root().at(&["data", "ClusterConfiguration"]).and_then(Node::text).unwrap_or_default();
        let Err(part) = read_as_calico(text) else { continue };
        // What is filled in later is said already.
        if ["$", "{{", "<"].iter().any(|mark| part.contains(mark)) {
            continue;
        }
        let message = format!(
            "Calico reads `podSubnet` here with the regular expression \"podSubnet: (.*)\", and cannot read what it finds: \"invalid CIDR address: {}\"; the line must be `podSubnet: a,b`, without quotes, blanks, comments and carriage returns",
            part.escape_debug()
        );
        let uses_calico = seen.facts.pod_ipam_is(PodIpam::Calico) || seen.facts.ranges.iter().any(|fact| fact.source.is_pool());
        let severity = if uses_calico { Severity::Error } else { Severity::Warning };
        plan.find(severity, &UNREADABLE, Place::at(resource, &path.inside().keys(&["networking", "podSubnet"])), message);
    }
}

/// The ranges that Calico finds in the text; none where there is no subnet.
///
/// # Errors
/// The part that it cannot read.
fn read_as_calico(text: &str) -> Result<Vec<Cidr>, &str> {
    let Some((_, rest)) = text.split_once("podSubnet: ") else { return Ok(Vec::new()) };
    let line = rest.split('\n').next().unwrap_or_default();
    line.split(',').map(|part| Cidr::parse(part).map(|parsed| parsed.cidr).map_err(|_| part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_calico_reads() {
        let read = |text| read_as_calico(text).map(|ranges| ranges.len());
        assert_eq!(read("networking:\n  podSubnet: 10.244.0.0/16,fd00::/56\n  a: b\n"), Ok(2));
        assert_eq!(read("podSubnet: 10.244.0.0/16"), Ok(1));
        assert_eq!(read("networking: {}\n"), Ok(0));
        assert_eq!(read("\"podSubnet\": \"10.244.0.0/16\""), Ok(0));
        assert_eq!(read("podSubnet: \"10.244.0.0/16,fd00::/56\"\n"), Err("\"10.244.0.0/16"));
        assert_eq!(read("podSubnet: 10.244.0.0/16, fd00::/56\n"), Err(" fd00::/56"));
        assert_eq!(read("podSubnet: 10.244.0.0/16,fd00::/56 # c\n"), Err("fd00::/56 # c"));
        assert_eq!(read("podSubnet: 10.244.0.0/16,fd00::/56\r\n"), Err("fd00::/56\r"));
        assert_eq!(read("podSubnet:  10.244.0.0/16\n"), Err(" 10.244.0.0/16"));
    }
}
