//! Address ranges: strict reading, canonical writing, comparing by value.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4
    V4,
    /// IPv6
    V6,
}

impl Family {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::V4 => Self::V6,
            Self::V6 => Self::V4,
        }
    }

    /// Bits of an address: 32 or 128.
    pub fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// A range of addresses. It has no host bits, and it is written in canonical form (RFC 5952 for IPv6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr(IpNet);

/// What [`Cidr::parse`] read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The range, masked.
    pub cidr: Cidr,
    /// Whether the text had bits set behind the prefix.
    pub host_bits: bool,
}

impl Cidr {
    /// Reads `address/prefix` as Go's `net.ParseCIDR` does: no leading zeros, no blanks, host bits allowed.
    ///
    /// # Errors
    /// What is wrong with the text, to stand behind "it".
    pub fn parse(text: &str) -> Result<Parsed, String> {
        let (address, prefix) = text.split_once('/').ok_or("has no prefix length such as \"/56\"")?;
        let address: IpAddr = address.parse().map_err(|_| "is not an IP address before the \"/\"")?;
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) || (prefix.len() > 1 && prefix.starts_with('0')) {
            return Err("has no number behind the \"/\"".into());
        }
        if let IpAddr::V6(v6) = address
            && v6.to_ipv4_mapped().is_some()
        {
            return Err("is an IPv4 address in IPv6 form".into());
        }
        let net = prefix.parse().ok().and_then(|prefix| IpNet::new(address, prefix).ok());
        let net = net.ok_or_else(|| format!("has a prefix longer than {} bits", if address.is_ipv4() { 32 } else { 128 }))?;
        Ok(Parsed { cidr: Self(net.trunc()), host_bits: net != net.trunc() })
    }

    /// Reads a comma list as Kubernetes' components do: nothing but ranges and commas.
    ///
    /// # Errors
    /// As [`Cidr::parse`], naming the part.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        text.split(',').map(|part| Self::parse(part).map(|parsed| parsed.cidr).map_err(|reason| format!("\"{part}\" {reason}"))).collect()
    }

    /// The family of the range.
    pub fn family(self) -> Family {
        match self.0 {
            IpNet::V4(_) => Family::V4,
            IpNet::V6(_) => Family::V6,
        }
    }

    /// The number of leading bits that all addresses share.
    pub fn prefix(self) -> u8 {
        self.0.prefix_len()
    }

    /// The lowest address.
    pub fn address(self) -> IpAddr {
        self.0.addr()
    }

    /// Whether every address of `other` is in this range.
    pub fn contains(self, other: Self) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether this address is in the range.
    pub fn has(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Whether some address is in both.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The ranges of this prefix length that it is made of, in order; none where its own is longer.
    pub fn subnets(self, prefix: u8) -> impl Iterator<Item = Self> {
        self.0.subnets(prefix).into_iter().flatten().map(Self)
    }

    /// Whether the range is within `fc00::/7`: unique-local (RFC 4193).
    pub fn is_unique_local(self) -> bool {
        self.within(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7)
    }

    /// Whether the range is within `fe80::/10` or `169.254.0.0/16`.
    pub fn is_link_local(self) -> bool {
        self.within(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10) || self.within(Ipv4Addr::new(169, 254, 0, 0), 16)
    }

    /// Whether the range is within `fec0::/10`, deprecated by RFC 3879.
    pub fn is_site_local(self) -> bool {
        self.within(Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10)
    }

    /// Whether the range is within `ff00::/8` or `224.0.0.0/4`.
    pub fn is_multicast(self) -> bool {
        self.within(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8) || self.within(Ipv4Addr::new(224, 0, 0, 0), 4)
    }

    /// Whether the range is for documentation (RFC 3849, RFC 9637, RFC 5737).
    pub fn is_documentation(self) -> bool {
        self.within(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32)
            || self.within(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20)
            || [[192, 0, 2, 0], [198, 51, 100, 0], [203, 0, 113, 0]].into_iter().any(|net| self.within(Ipv4Addr::from(net), 24))
    }

    fn within(self, address: impl Into<IpAddr>, prefix: u8) -> bool {
        IpNet::new(address.into(), prefix).is_ok_and(|net| net.contains(&self.0))
    }
}

impl From<Ipv4Net> for Cidr {
    fn from(net: Ipv4Net) -> Self {
        Self(IpNet::V4(net.trunc()))
    }
}

impl From<Ipv6Net> for Cidr {
    fn from(net: Ipv6Net) -> Self {
        Self(IpNet::V6(net.trunc()))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).unwrap_or_else(|reason| panic!("{text}: {reason}")).cidr
    }

    #[test]
    fn writes_canonical_form() {
        for (text, canonical) in [
            ("2001:db8:42:0::/56", "2001:db8:42::/56"),
            ("2001:cafe:42::00/56", "2001:cafe:42::/56"),
            ("FD00:0010:0244:0000:0000:0000:0000:0000/56", "fd00:10:244::/56"),
            ("2001::00/64", "2001::/64"),
            ("10.244.0.0/16", "10.244.0.0/16"),
        ] {
            assert_eq!(cidr(text).to_string(), canonical);
        }
    }

    #[test]
    fn knows_its_parts() {
        for (text, family, name, bits, prefix) in [("10.244.0.0/16", Family::V4, "IPv4", 32, 16), ("::/0", Family::V6, "IPv6", 128, 0)] {
            let range = cidr(text);
            assert_eq!((range.family(), range.family().bits(), range.prefix()), (family, bits, prefix));
            assert_eq!(range.family().to_string(), name);
            assert_eq!(format!("{}/{prefix}", range.address()), text);
            assert!(family.other() != family && family.other().other() == family);
        }
        assert!(cidr("10.0.0.0/8").has([10, 1, 2, 3].into()) && !cidr("10.0.0.0/8").has([11, 0, 0, 0].into()));
        assert_eq!(cidr("10.0.0.0/15").subnets(16).collect::<Vec<_>>(), [cidr("10.0.0.0/16"), cidr("10.1.0.0/16")]);
        assert_eq!(cidr("10.0.0.0/16").subnets(15).next(), None);
        assert_eq!(Cidr::from(Ipv4Net::new_assert([10, 0, 0, 1].into(), 8)), cidr("10.0.0.0/8"));
        assert_eq!(Cidr::from(Ipv6Net::new_assert([0xfd00, 0, 0, 0, 0, 0, 0, 1].into(), 8)), cidr("fd00::/8"));
    }

    #[test]
    fn masks_host_bits_and_says_so() {
        assert_eq!(Cidr::parse("2001:db8::5/64"), Ok(Parsed { cidr: cidr("2001:db8::/64"), host_bits: true }));
        assert_eq!(Cidr::parse("10.0.0.0/8").map(|parsed| parsed.host_bits), Ok(false));
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in [
            "",
            "fd00::",
            "fd00::/",
            "fd00::/129",
            "10.0.0.0/33",
            "010.0.0.0/8",
            "10.0.0.0/08",
            "fd00::/+8",
            " fd00::/8",
            "fd00::/8 ",
            "fd00::1::/64",
            "fe80::1%eth0/64",
            "::ffff:10.0.0.0/104",
            "10.0.0/8",
            "X.X.X.0/16",
            "fd00::/99999999999",
        ] {
            assert!(Cidr::parse(text).is_err(), "{text:?}");
        }
        assert!(Cidr::parse_list("10.0.0.0/8, fd00::/56").is_err());
        assert_eq!(Cidr::parse_list("10.0.0.0/8,fd00::/56"), Ok(vec![cidr("10.0.0.0/8"), cidr("fd00::/56")]));
    }

    #[test]
    fn compares_by_value() {
        assert!(cidr("fd00::/48").contains(cidr("fd00:0:0:1::/64")));
        assert!(!cidr("fd00:0:0:1::/64").contains(cidr("fd00::/48")));
        assert!(cidr("fd00:0:0:1::/64").overlaps(cidr("fd00::/48")));
        assert!(!cidr("fd00::/48").overlaps(cidr("10.0.0.0/8")));
        assert!(!cidr("fd00::/64").overlaps(cidr("fd00:0:0:1::/64")));
    }

    #[test]
    fn knows_the_special_ranges() {
        assert!(cidr("fd00::/8").is_unique_local() && !cidr("2001::/64").is_unique_local());
        assert!(cidr("fe80::/64").is_link_local() && cidr("169.254.1.0/24").is_link_local() && !cidr("fe00::/8").is_link_local());
        assert!(cidr("ff02::/16").is_multicast() && cidr("224.0.0.0/8").is_multicast() && !cidr("fd00::/8").is_multicast());
        assert!(cidr("fec0::/64").is_site_local() && !cidr("fe80::/64").is_site_local());
        assert!(cidr("2001:db8:1::/48").is_documentation() && cidr("3fff:1::/32").is_documentation());
        assert!(cidr("192.0.2.0/25").is_documentation() && !cidr("10.0.0.0/8").is_documentation());
    }
}
