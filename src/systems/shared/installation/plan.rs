//! What must hold in the spec of an Installation.

use super::super::calico::ebpf_since;
use super::super::ip_pools::{DEFAULT_BLOCK_SIZE, VXLAN_SINCE, nat_outgoing};
use super::super::ipv6_advice;
use super::super::ipv6_pool::{BLOCK_SIZE, CANONICAL, NAT_OUTGOING, NO_IPIP, block_size_error, no_nat_outgoing};
use super::super::ranges::is_placeholder;
use super::rules::{
    BPF, DETECTION, ENCAPSULATION, HOST_LOCAL, IPV4_POOL, IPV4_UNKNOWN, IPV6_ONLY, IPV6_POOL, MTU, NO_POOLS, OTHER_CNI, PART, POOLS_FIXED,
    UNREADABLE, WINDOWS,
};
use super::{Cni, Installation, Pool};
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Encapsulation, Mode};
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;
use crate::yaml::{Op, Value, Want};

/// What the rest of the package says about pools.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around {
    /// Another Installation says pools.
    pub pools: bool,
    /// An IPPool object is there for IPv6.
    pub ipv6_object: bool,
}

impl Installation<'_> {
    /// Plans the pools, and how nodes find their address.
    pub(crate) fn plan(&self, config: &Config, around: Around, plan: &mut Plan) {
        let Some(range) = config.ipv6_pod_cidr else { return };
        if let Cni::Other(cni) = &self.cni {
            let message = format!("pods get their addresses from the CNI plugin \"{cni}\", not from Calico: it stays as it is");
            return plan.warning(&OTHER_CNI, Place::at(self.resource, &self.path), message);
        }
        if self.pools.is_none() && around.pools {
            let message = "it has no pools, and another Installation of the package has some, which count for both: it stays as it is";
            return plan.info(&PART, Place::at(self.resource, &self.path), message);
        }
        let unreadable = self.pools.iter().flatten().find_map(|pool| Some((pool, pool.range.as_ref().err()?)));
        if let Some((pool, reason)) = unreadable {
            return self.unreadable(pool, reason, plan);
        }
        if self.bpf && !self.has_ebpf(config, plan) {
            return;
        }
        if self.windows {
            let message = "Calico for Windows does not support dual-stack: pods on Windows nodes keep IPv4 addresses only";
            plan.warning(&WINDOWS, Place::at(self.resource, &self.network("windowsDataplane")), message);
        }
        if self.cni == Cni::HostLocal {
            let wanted = if config.mode == Mode::DualStack { "one of each family" } else { "an IPv6 one" };
            let message = format!(
                "with HostLocal IPAM, pods get addresses from the pod CIDRs of their node: kube-controller-manager must give each node {wanted}"
            );
            plan.info(&HOST_LOCAL, Place::at(self.resource, &self.path.keys(&["cni", "ipam", "type"])), message);
        }
        if self.pools.as_ref().is_some_and(Vec::is_empty) {
            if !around.ipv6_object {
                let message = format!(
                    "`ipPools` is empty, so pools are IPPool objects, and this package has none for IPv6: create one with \"{range}\""
                );
                plan.warning(&NO_POOLS, Place::at(self.resource, &self.network("ipPools")), message);
            }
        } else if config.mode == Mode::DualStack {
            self.both(range, config, plan);
        } else {
            self.ipv6_only(range, config, plan);
        }
        self.detection(config, plan);
        if self.of(Family::V6).next().is_none() {
            self.advice(config, plan);
        }
    }

    /// The version of Calico: the object tells it, else the configuration.
    fn version(&self, config: &Config) -> Option<Version> {
        self.version.or(config.calico_version)
    }

    /// Whether the eBPF dataplane has what is asked for, as far as the version is known; else that is said.
    fn has_ebpf(&self, config: &Config, plan: &mut Plan) -> bool {
        let (since, what) = ebpf_since(config.mode);
        let Some(version) = self.version(config).filter(|version| *version < since) else { return true };
        let message =
            format!("`linuxDataplane` is \"BPF\", which has {what} since Calico {since} only, and this is {version}: upgrade it first");
        plan.error(&BPF, Place::at(self.resource, &self.network("linuxDataplane")), message);
        false
    }

    /// What is to be known beside the changes.
    fn advice(&self, config: &Config, plan: &mut Plan) {
        let place = Place::at(self.resource, &self.path);
        ipv6_advice::needs_address(place.clone(), plan);
        ipv6_advice::hosts(plan);
        ipv6_advice::running_pods("", plan);
        if self.bpf && config.mode == Mode::Ipv6Only {
            ipv6_advice::ebpf_hosts(place, plan);
        }
    }

    /// A marker that another tool fills in is not wrong, but cannot be decided about here.
    fn unreadable(&self, pool: &Pool, reason: &str, plan: &mut Plan) {
        let place = Place::at(self.resource, &pool.path.key("cidr")).with_current(pool.cidr.as_str());
        if is_placeholder(&pool.cidr) {
            let message = format!(
                "a template fills in the range \"{}\" of the pool, so no pool was added: make sure that one of the pools is IPv6",
                pool.cidr
            );
            return plan.warning(&UNREADABLE, place, message);
        }
        plan.error(&UNREADABLE, place, format!("the range of the pool must be one such as \"10.244.0.0/16\"; \"{}\" {reason}", pool.cidr));
    }

    /// An IPv4 and an IPv6 pool.
    fn both(&self, range: Cidr, config: &Config, plan: &mut Plan) {
        if self.of(Family::V4).next().is_none() {
            self.add_ipv4(config, plan);
        }
        if self.of(Family::V6).next().is_none() {
            self.add_ipv6(range, config, plan);
        }
        for (pool, range) in self.of(Family::V6) {
            self.existing(pool, range, config, plan);
        }
    }

    /// The IPv4 pool that the operator would make by itself: its range is known from the package or the configuration,
    /// or where the provider is named, because these have neither kubeadm nor OpenShift to decide (`defaults.go`).
    fn add_ipv4(&self, config: &Config, plan: &mut Plan) {
        let default = match self.provider.as_str() {
            "EKS" => Cidr::parse("172.16.0.0/16").ok(),
            "AKS" | "GKE" | "DockerEnterprise" | "RKE2" => Cidr::parse("192.168.0.0/16").ok(),
            _ => None,
        };
        let Some(range) = config.ipv4_pod_cidr.or(default.map(|parsed| parsed.cidr)) else {
            let message = if self.pools.is_some() {
                "the pools are IPv6 only, and the IPv4 range is not known: give `ipv4PodCIDR` in the functionConfig, or `mode: IPv6Only`"
            } else {
                "the IPv4 pool must be written out beside the IPv6 pool, and its range is not known: the operator chooses it in the cluster, by kubeadm's `podSubnet` for example; give `ipv4PodCIDR` in the functionConfig"
            };
            return plan.error(&IPV4_UNKNOWN, Place::at(self.resource, &self.network("ipPools")), message);
        };
        // The operator's default encapsulation, IPIP, is refused without BGP.
        let vxlan = self.cni == Cni::CalicoIpam && !self.bgp;
        let pool = map([
            self.has_names().then(|| ("name", "default-ipv4-ippool".into())),
            Some(("cidr", range.to_string().into())),
            vxlan.then(|| ("encapsulation", "VXLAN".into())),
        ]);
        let message =
            format!("IPv4 pool \"{range}\" added: beside an IPv6 pool, the operator does not choose the IPv4 pool by itself any more");
        plan.want(self.resource, &IPV4_POOL, Op::new(self.network("ipPools"), Want::Contains(pool)), message);
    }

    fn add_ipv6(&self, range: Cidr, config: &Config, plan: &mut Plan) {
        let place = Place::at(self.resource, &self.network("ipPools"));
        let encapsulation = match self.encapsulation(config) {
            Ok(encapsulation) => encapsulation,
            Err(message) => return plan.error(&ENCAPSULATION, place, message),
        };
        if let Some(message) = block_size_error(range, None, config) {
            return plan.error(&BLOCK_SIZE, place, message);
        }
        let pool = map([
            self.has_names().then(|| ("name", "default-ipv6-ippool".into())),
            Some(("blockSize", u32::from(config.ipv6_block_size.unwrap_or(DEFAULT_BLOCK_SIZE)).into())),
            Some(("cidr", range.to_string().into())),
            Some(("encapsulation", encapsulation.into())),
            Some(("natOutgoing", nat_word(nat_outgoing(config, range)).into())),
            Some(("nodeSelector", self.node_selector().into())),
        ]);
        let message =
            format!("IPv6 pool \"{range}\" added: with it, the operator gives pods IPv6 addresses and switches IPv6 on in calico-node");
        plan.want(self.resource, &IPV6_POOL, Op::new(self.network("ipPools"), Want::Contains(pool)), message);
        self.fits(encapsulation, range, config, plan);
    }

    /// The nodes that the IPv4 pools are for, if all are for the same; else every node, because one without an IPv6 pool starts
    /// no pods.
    fn node_selector(&self) -> &str {
        let mut selectors = self.of(Family::V4).map(|(pool, _)| pool.node_selector.as_deref().unwrap_or("all()"));
        let first = selectors.next().unwrap_or("all()");
        if selectors.all(|selector| selector == first) { first } else { "all()" }
    }

    /// Names came with Calico v3.28: pools get one only where the others have.
    fn has_names(&self) -> bool {
        self.pools.iter().flatten().any(|pool| pool.name.is_some())
    }

    /// What a new IPv6 pool may not go well with.
    fn fits(&self, encapsulation: &str, range: Cidr, config: &Config, plan: &mut Plan) {
        let pools = Place::at(self.resource, &self.network("ipPools"));
        if let Some(version) = self.version(config).filter(|version| *version < Version::new(3, 28)) {
            let message = format!(
                "the operator of Calico {version} reads `ipPools` at installation only: a running cluster does not get the new pool from it"
            );
            plan.warning(&POOLS_FIXED, pools.clone(), message);
        }
        ipv6_advice::global_range(pools.clone(), range, config, plan);
        let ipv4 = self.of(Family::V4).find_map(|(pool, _)| pool.encapsulation.as_deref()).unwrap_or("IPIP");
        match (encapsulation, ipv4) {
            ("None", _) if self.cni == Cni::HostLocal || config.mode == Mode::Ipv6Only || config.ipv6_encapsulation.is_some() => {}
            ("None", "IPIP" | "IPIPCrossSubnet") => ipv6_advice::unencapsulated(pools, "in IPIP, which does not exist for IPv6", plan),
            ("None", "VXLAN" | "VXLANCrossSubnet") => ipv6_advice::unencapsulated(pools, "in VXLAN, which IPv6 has from v3.23", plan),
            ("None", _) => {}
            _ => ipv6_advice::vxlan_kernel(pools, plan),
        }
        // For Ethernet between the nodes; what a larger network has is not known.
        let mtu = self.mtu.as_deref().filter(|mtu| mtu.parse().is_ok_and(|mtu: u32| (1431..=1500).contains(&mtu)));
        if let Some(mtu) = mtu.filter(|_| encapsulation != "None") {
            let message = format!(
                "VXLAN takes 70 bytes of each IPv6 packet, 20 more than of an IPv4 packet: `mtu` {mtu} must be at most 1430 where the network has 1500, or left out to have it detected"
            );
            plan.warning(&MTU, Place::at(self.resource, &self.network("mtu")).with_current(mtu), message);
        }
    }

    /// How packets of the IPv6 pool travel: as asked, else as those of the IPv4 pool, as far as the operator accepts it.
    fn encapsulation(&self, config: &Config) -> Result<&'static str, String> {
        let asked = config.ipv6_encapsulation;
        if self.cni == Cni::HostLocal {
            return match asked {
                None | Some(Encapsulation::None) => Ok("None"),
                Some(asked) => Err(format!(
                    "`ipv6Encapsulation` must be \"None\", not \"{}\": the operator refuses VXLAN with HostLocal IPAM",
                    word(asked)
                )),
            };
        }
        let like = self.of(Family::V4).find_map(|(pool, _)| pool.encapsulation.as_deref());
        let wanted = asked.unwrap_or(match like {
            Some("VXLAN") => Encapsulation::Vxlan,
            Some("VXLANCrossSubnet") => Encapsulation::VxlanCrossSubnet,
            _ if self.bgp => Encapsulation::None,
            _ => Encapsulation::Vxlan,
        });
        if wanted == Encapsulation::None {
            let refused = "`ipv6Encapsulation` must be \"VXLAN\" or \"VXLANCrossSubnet\", not \"None\": without BGP the operator refuses a pool without encapsulation";
            return if self.bgp { Ok("None") } else { Err(refused.into()) };
        }
        match self.version(config) {
            Some(version) if version < VXLAN_SINCE && (asked.is_some() || !self.bgp) => {
                Err(format!("the IPv6 pool needs VXLAN, which Calico has for IPv6 since v3.23, and this is {version}: upgrade it first"))
            }
            Some(version) if version < VXLAN_SINCE => Ok("None"),
            _ => Ok(word(wanted)),
        }
    }

    /// An IPv6 pool that is there: what is right stays, what the operator refuses is corrected. Whether its range is the
    /// wanted one is seen by the checks.
    fn existing(&self, pool: &Pool, range: Cidr, config: &Config, plan: &mut Plan) {
        let at = |key: &str| pool.path.key(key);
        let message = format!("range of the IPv6 pool written in canonical form \"{range}\"");
        plan.want(self.resource, &CANONICAL, Op::is(at("cidr"), range.to_string()), message);
        let current = pool.encapsulation.as_deref().unwrap_or("None");
        let is_vxlan = current.starts_with("VXLAN");
        let ipip = current.starts_with("IPIP");
        let accepted = match self.cni {
            Cni::HostLocal => !is_vxlan && !ipip,
            _ => is_vxlan || (self.bgp && !ipip),
        };
        if !accepted || config.ipv6_encapsulation.is_some_and(|asked| word(asked) != current) {
            match self.encapsulation(config) {
                Ok(wanted) => {
                    let message = format!("encapsulation of the IPv6 pool set to \"{wanted}\"");
                    plan.want(self.resource, if ipip { &NO_IPIP } else { &ENCAPSULATION }, Op::is(at("encapsulation"), wanted), message);
                }
                Err(message) => plan.error(&ENCAPSULATION, Place::at(self.resource, &at("encapsulation")), message),
            }
        }
        let nat = pool.nat_outgoing.as_deref() == Some("Enabled");
        match config.nat_outgoing {
            Some(wanted) if wanted != nat => {
                let message = format!("`natOutgoing` of the IPv6 pool set to \"{}\", as the functionConfig asks", nat_word(wanted));
                plan.want(self.resource, &NAT_OUTGOING, Op::is(at("natOutgoing"), nat_word(wanted)), message);
            }
            None if !nat && range.is_unique_local() => {
                plan.warning(&NAT_OUTGOING, Place::at(self.resource, &at("natOutgoing")), no_nat_outgoing(range));
            }
            _ => {}
        }
        self.blocks(pool, range, config, plan);
    }

    fn blocks(&self, pool: &Pool, range: Cidr, config: &Config, plan: &mut Plan) {
        let path = pool.path.key("blockSize");
        if let Some(message) = block_size_error(range, pool.block_size, config) {
            plan.error(&BLOCK_SIZE, Place::at(self.resource, &path), message);
        } else if let Some(size) = config.ipv6_block_size {
            let message = format!("blocks of the IPv6 pool set to /{size}, as the functionConfig asks");
            plan.want(self.resource, &BLOCK_SIZE, Op::is(path, u32::from(size)), message);
        }
    }

    /// IPv6 pools only: the first IPv4 pool becomes the IPv6 pool where there is none, the others go.
    fn ipv6_only(&self, range: Cidr, config: &Config, plan: &mut Plan) {
        let mut ipv4 = self.of(Family::V4).map(|(pool, _)| pool);
        let had_ipv4 = self.pools.is_none() || self.of(Family::V4).next().is_some();
        if self.of(Family::V6).next().is_none() {
            match ipv4.next() {
                Some(pool) => self.convert(pool, range, config, plan),
                None => self.add_ipv6(range, config, plan),
            }
        }
        for pool in ipv4 {
            let message = format!("IPv4 pool \"{}\" removed", pool.cidr);
            plan.want(self.resource, &IPV6_ONLY, Op::new(pool.path.clone(), Want::Absent), message);
        }
        for (pool, range) in self.of(Family::V6) {
            self.existing(pool, range, config, plan);
        }
        // Beside IPv6 pools alone, it can be meant: pods with IPv6 on nodes with both.
        if had_ipv4 && self.detection_v4.is_some() {
            let message = "`nodeAddressAutodetectionV4` removed: nodes need no IPv4 address";
            plan.want(self.resource, &IPV6_ONLY, Op::new(self.network("nodeAddressAutodetectionV4"), Want::Absent), message);
        }
    }

    /// Makes an IPv4 pool the IPv6 pool, in its place.
    fn convert(&self, pool: &Pool, range: Cidr, config: &Config, plan: &mut Plan) {
        let encapsulation = match self.encapsulation(config) {
            Ok(encapsulation) => encapsulation,
            Err(message) => return plan.error(&ENCAPSULATION, Place::at(self.resource, &pool.path), message),
        };
        if let Some(message) = block_size_error(range, None, config) {
            return plan.error(&BLOCK_SIZE, Place::at(self.resource, &pool.path), message);
        }
        let mut set = |rule: &'static Rule, key: &str, value: Value, message: String| {
            plan.want(self.resource, rule, Op::is(pool.path.key(key), value), message);
        };
        set(&IPV6_POOL, "cidr", range.to_string().into(), format!("IPv4 pool \"{}\" made the IPv6 pool \"{range}\"", pool.cidr));
        if pool.name.as_deref() == Some("default-ipv4-ippool") {
            set(&IPV6_POOL, "name", "default-ipv6-ippool".into(), "name of the pool says IPv6".into());
        }
        let size = config.ipv6_block_size.unwrap_or(DEFAULT_BLOCK_SIZE);
        set(&BLOCK_SIZE, "blockSize", u32::from(size).into(), format!("blocks of the IPv6 pool are /{size}"));
        set(&ENCAPSULATION, "encapsulation", encapsulation.into(), format!("encapsulation of the IPv6 pool is \"{encapsulation}\""));
        let nat = nat_word(nat_outgoing(config, range));
        set(&NAT_OUTGOING, "natOutgoing", nat.into(), format!("`natOutgoing` of the IPv6 pool is \"{nat}\""));
        self.fits(encapsulation, range, config, plan);
    }

    fn detection(&self, config: &Config, plan: &mut Plan) {
        let path = self.network("nodeAddressAutodetectionV6");
        if let Some(method) = &config.ipv6_autodetection_method {
            let message = format!("`nodeAddressAutodetectionV6` set: nodes find their IPv6 address by \"{method}\"");
            return plan.want(self.resource, &DETECTION, Op::is(path, detection(method)), message);
        }
        if self.detection_v6.is_some() {
            return;
        }
        if self.bpf {
            let message = "`nodeAddressAutodetectionV6` set to the first address found: the eBPF dataplane needs it said";
            return plan.want(self.resource, &DETECTION, Op::new(path, Want::Exists(detection("first-found"))), message);
        }
        if let Some(said) = self.detection_v4.as_deref().filter(|said| *said != "firstFound") {
            let message = format!(
                "nodes find their IPv4 address by `{said}`, but take the first IPv6 address found: set `ipv6AutodetectionMethod` if that can be a wrong one"
            );
            plan.info(&DETECTION, Place::at(self.resource, &self.network("nodeAddressAutodetectionV4")), message);
        }
    }
}

/// The operator's form of a method of calico-node (tigera/operator pkg/render/node.go `getAutodetectionMethod`).
fn detection(method: &str) -> Value {
    let (name, argument) = method.split_once('=').unwrap_or((method, ""));
    let entry = match name {
        "kubernetes-internal-ip" => ("kubernetes", "NodeInternalIP".into()),
        "can-reach" => ("canReach", argument.into()),
        "interface" => ("interface", argument.into()),
        "skip-interface" => ("skipInterface", argument.into()),
        "cidr" => ("cidrs", Value::List(argument.split(',').map(Value::from).collect())),
        _ => ("firstFound", true.into()),
    };
    Value::map([entry])
}

fn map<const N: usize>(entries: [Option<(&str, Value)>; N]) -> Value {
    Value::Map(entries.into_iter().flatten().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn nat_word(enabled: bool) -> &'static str {
    if enabled { "Enabled" } else { "Disabled" }
}

fn word(encapsulation: Encapsulation) -> &'static str {
    match encapsulation {
        Encapsulation::None => "None",
        Encapsulation::Vxlan => "VXLAN",
        Encapsulation::VxlanCrossSubnet => "VXLANCrossSubnet",
    }
}
