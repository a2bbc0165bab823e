//! Ranges and lists of ranges, beside a second reading of them, by digits and bits.

use std::net::{IpAddr, Ipv6Addr};

use enable_dual_stack::cidr::{Cidr, Family, Parsed};

/// Two texts, one on each line.
///
/// # Panics
/// Where a range is read, written or compared otherwise than by its bits.
pub fn cidr(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (first, second) = text.split_once('\n').unwrap_or((text, ""));
    let ranges: Vec<_> = [first, second].into_iter().filter_map(check).collect();
    for (a, x) in &ranges {
        for (b, y) in &ranges {
            let (inside, outside) = (x.holds(y), y.holds(x));
            assert_eq!((a.contains(*b), a.overlaps(*b), a.has(b.address())), (inside, inside || outside, x.has(y)), "{a} and {b}");
        }
    }
    for list in [text, first] {
        let parts: Option<Vec<_>> = list.split(',').map(|part| read(part).map(|range| range.masked())).collect();
        let parsed =
            Cidr::parse_list(list).ok().map(|list| list.into_iter().map(|cidr| read(&cidr.to_string()).expect("a range")).collect());
        assert_eq!(parsed, parts, "{list:?}");
    }
}

fn check(text: &str) -> Option<(Cidr, Range)> {
    let expected = read(text);
    let parsed = Cidr::parse(text);
    assert_eq!(parsed.is_ok(), expected.is_some(), "{text:?}: {parsed:?}");
    let Ok(Parsed { cidr, host_bits }) = parsed else {
        assert!(parsed.is_err_and(|reason| !reason.is_empty()));
        return None;
    };
    let range = expected?;
    assert_eq!(host_bits, range.masked() != range, "{text:?}");
    assert_eq!((cidr.family() == Family::V6, cidr.prefix()), (range.is_v6, range.prefix), "{text:?}");
    let written = cidr.to_string();
    assert_eq!(read(&written), Some(range.masked()), "{text:?} is written {written:?}");
    assert_eq!(Cidr::parse(&written).map(|again| (again.cidr, again.host_bits)), Ok((cidr, false)), "{text:?} is written {written:?}");
    for (is, special) in [
        (cidr.is_unique_local(), ["fc00::/7"].as_slice()),
        (cidr.is_link_local(), &["fe80::/10", "169.254.0.0/16"]),
        (cidr.is_site_local(), &["fec0::/10"]),
        (cidr.is_multicast(), &["ff00::/8", "224.0.0.0/4"]),
        (cidr.is_documentation(), &["2001:db8::/32", "3fff::/20", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]),
    ] {
        assert_eq!(is, special.iter().any(|special| read(special).expect("a range").holds(&range)), "{text:?} in {special:?}");
    }
    Some((cidr, range))
}

/// A range by its bits; those of IPv4 stand on the left, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) is_v6: bool,
    bits: u128,
    prefix: u8,
}

impl Range {
    fn masked(self) -> Self {
        Self { bits: self.bits & mask(self.prefix), ..self }
    }

    fn holds(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.has(other)
    }

    /// Whether the first address of `other` is in this range.
    fn has(&self, other: &Self) -> bool {
        self.is_v6 == other.is_v6 && self.masked().bits == other.masked().bits & mask(self.prefix)
    }
}

fn mask(prefix: u8) -> u128 {
    if prefix == 0 { 0 } else { u128::MAX << (128 - prefix) }
}

/// As `net.ParseCIDR` of Go reads it, and no IPv4 address in IPv6 form.
pub(crate) fn read(text: &str) -> Option<Range> {
    let (address, prefix) = text.split_once('/')?;
    let number = |digits: &str, most: u32| {
        let is_number = (1..=3).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        let number: u32 = digits.parse().ok().filter(|_| is_number && (digits == "0" || !digits.starts_with('0')))?;
        (number <= most).then_some(number)
    };
    let (is_v6, bits) = if address.contains(':') {
        let IpAddr::V6(address) = address.parse::<Ipv6Addr>().ok()?.into() else { return None };
        let is_v4_in_v6 = address.segments()[..6] == [0, 0, 0, 0, 0, 0xffff];
        (true, (!is_v4_in_v6).then_some(u128::from(address))?)
    } else {
        let bytes: Vec<_> = address.split('.').map(|byte| number(byte, 255)).collect::<Option<_>>()?;
        let [a, b, c, d] = bytes.try_into().ok()?;
        (false, u128::from(a << 24 | b << 16 | c << 8 | d) << 96)
    };
    let prefix = number(prefix, if is_v6 { 128 } else { 32 })?;
    Some(Range { is_v6, bits, prefix: u8::try_from(prefix).ok()? })
}
