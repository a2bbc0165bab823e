//! What holds for an IPv6 pool that the package says: in an Installation, or as an IPPool object.

use super::ip_pools::DEFAULT_BLOCK_SIZE;
use crate::cidr::Cidr;
use crate::config::Config;
use crate::plan::Rule;

/// The groups of Calico's own resources: the API server's, and that of the definitions it stores them as, which skips
/// validation.
pub(crate) const GROUPS: [&str; 2] = ["projectcalico.org", "crd.projectcalico.org"];

pub(crate) static CANONICAL: Rule = Rule {
    id: "calico-pool-canonical",
    title: "The range of an IPv6 pool is in canonical form",
    why: "Pools are compared by their text: the operator deletes and creates one in another form without end, and the CNI plugin says \"the given pool does not exist\".",
    remedy: "Write the range as RFC 5952 has it, without bits behind the prefix.",
    source: "https://github.com/tigera/operator/issues/3494; https://github.com/projectcalico/calico/issues/11311",
};
pub(crate) static NO_IPIP: Rule = Rule {
    id: "calico-pool-ipip",
    title: "IPIP does not carry IPv6",
    why: "Calico refuses an IPv6 pool with it: \"IPIP encapsulation is not supported by IPv6 pools\".",
    remedy: "No encapsulation, or VXLAN.",
    source: "https://github.com/tigera/operator/blob/master/pkg/controller/installation/validation.go; https://github.com/projectcalico/calico/blob/v3.32.1/libcalico-go/lib/clientv3/ippool.go",
};
pub(crate) static NAT_OUTGOING: Rule = Rule {
    id: "calico-pool-nat-outgoing",
    title: "IPv6 pods reach the outside",
    why: "Unlike IPv4 pools, IPv6 pools do not hide pods behind their node by default, and nothing outside has a route back to unique-local addresses.",
    remedy: "Set `natOutgoing` in the functionConfig.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6; https://github.com/projectcalico/calico/issues/2954",
};
pub(crate) static BLOCK_SIZE: Rule = Rule {
    id: "calico-pool-block-size",
    title: "An IPv6 pool and its blocks fit each other",
    why: "Calico refuses the pool: \"IP pool size is too small. It must be equal to or greater than the block size.\"",
    remedy: "Blocks are from 116 to 128, and not larger than the pool. The block size of a pool that is in use cannot be changed.",
    source: "https://github.com/tigera/operator/blob/master/pkg/controller/ippool/validation.go; https://github.com/projectcalico/calico/blob/v3.32.1/libcalico-go/lib/clientv3/ippool.go",
};
pub(crate) static POOL_OBJECT: Rule = Rule {
    id: "calico-ipv6-pool-object",
    title: "The IPv6 pool is an object",
    why: "With NO_DEFAULT_POOLS=true calico-node creates no pool, nor does the operator with `ipPools: []`; without one for IPv6 no pod gets an IPv6 address.",
    remedy: "The package must have an IPPool with the IPv6 pod range.",
    source: "https://docs.tigera.io/calico/latest/reference/resources/ippool",
};

/// What is said about pods that cannot talk to the outside.
pub(crate) fn no_nat_outgoing(range: Cidr) -> String {
    format!(
        "pods of \"{range}\" do not reach the outside: the range is unique-local, and `natOutgoing` of the pool is off; set `natOutgoing` in the functionConfig to decide it"
    )
}

/// What is wrong with the blocks of an IPv6 pool, if anything.
pub(crate) fn block_size_error(range: Cidr, said: Option<u8>, config: &Config) -> Option<String> {
    if let (Some(said), Some(wanted)) = (said, config.ipv6_block_size)
        && said != wanted
    {
        return Some(format!("the IPv6 pool \"{range}\" has blocks of /{said}, but `ipv6BlockSize` of the functionConfig is \"{wanted}\""));
    }
    let size = said.or(config.ipv6_block_size).unwrap_or(DEFAULT_BLOCK_SIZE);
    if !(116..=128).contains(&size) {
        return Some(format!("the block size of an IPv6 pool must be from 116 to 128, not \"{size}\""));
    }
    (range.prefix() > size)
        .then(|| format!("the IPv6 pool \"{range}\" is smaller than one of its blocks, which are /{size}: Calico refuses it"))
}
