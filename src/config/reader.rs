//! Takes the fields of a configuration one by one, and says what is wrong with each.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::limits::{Doubt, IPV6_BLOCK_SIZE, any_range, too_small};
use super::{Config, ConfigError, ConfigWarning, Field, FieldValue};
use crate::cidr::{Cidr, Family};
use crate::facts::Role;
use crate::version::Version;

/// Takes fields one by one, and remembers their names for the message about unknown ones.
pub(super) struct Reader {
    fields: Vec<Field>,
    known: Vec<&'static str>,
    errors: Vec<ConfigError>,
    warnings: Vec<ConfigWarning>,
}

impl Reader {
    pub(super) fn new(fields: Vec<Field>) -> Self {
        Self { fields, known: Vec::new(), errors: Vec::new(), warnings: Vec::new() }
    }

    /// The names of the fields that were asked for.
    pub(super) fn into_known(self) -> Vec<&'static str> {
        self.known
    }

    fn take(&mut self, name: &'static str) -> Option<FieldValue> {
        self.known.push(name);
        let at = self.fields.iter().position(|field| field.name == name)?;
        let value = self.fields.remove(at).value;
        if self.fields.iter().any(|field| field.name == name) {
            self.wrong::<()>(name, "must be given once only".into());
            self.fields.retain(|field| field.name != name);
        }
        (value != FieldValue::Text(String::new())).then_some(value)
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            FieldValue::Text(text) => Some(text.trim().to_owned()),
            FieldValue::Map(_) => self.wrong(name, "must be a string, not a mapping".into()),
            FieldValue::Other(what) => self.wrong(name, format!("must be a string, not {what}")),
        }
    }

    pub(super) fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*choice);
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        self.wrong(name, format!("must be {}, not \"{text}\"", words.join(" or ")))
    }

    pub(super) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.choice(name, &[("true", true), ("false", false)])
    }

    pub(super) fn cidr(&mut self, name: &'static str, family: Family, doubt: fn(Cidr) -> Option<Doubt>) -> Option<Cidr> {
        let text = self.text(name)?;
        let example = match family {
            Family::V4 => "10.244.0.0/16",
            Family::V6 => "fd00:10:244::/56",
        };
        let parsed = match Cidr::parse(&text) {
            Ok(parsed) => parsed,
            Err(reason) => return self.wrong(name, format!("must be an {family} range such as \"{example}\"; \"{text}\" {reason}")),
        };
        let cidr = parsed.cidr;
        if cidr.family() != family {
            return self
                .wrong(name, format!("must be an {family} range such as \"{example}\", not \"{text}\", which is {}", cidr.family()));
        }
        match any_range(cidr).or_else(|| doubt(cidr)) {
            Some(Doubt::Wrong(message)) => return self.wrong(name, message),
            Some(Doubt::Odd(message)) => self.odd(name, message),
            None => {}
        }
        if parsed.host_bits {
            self.odd(name, format!("\"{text}\" has bits set behind its prefix; \"{cidr}\" is used"));
        }
        Some(cidr)
    }

    pub(super) fn checked<T>(&mut self, name: &'static str, check: fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        match check(&text) {
            Ok(value) => Some(value),
            Err(message) => self.wrong(name, message),
        }
    }

    pub(super) fn version(&mut self, name: &'static str, example: &str) -> Option<Version> {
        let text = self.text(name)?;
        let version = Version::parse(&text);
        version.or_else(|| self.wrong(name, format!("must be a version such as \"{example}\", not \"{text}\"")))
    }

    /// Two addresses for each node, one of each family.
    pub(super) fn node_ips(&mut self, name: &'static str) -> BTreeMap<String, [IpAddr; 2]> {
        let map = match self.take(name) {
            None => return BTreeMap::new(),
            Some(FieldValue::Map(map)) => map,
            Some(_) => {
                self.wrong::<()>(name, "must be a mapping from a node's name to its addresses, such as \"192.168.0.1,fd00::1\"".into());
                return BTreeMap::new();
            }
        };
        let mut nodes = BTreeMap::new();
        for (node, text) in map {
            let addresses: Vec<IpAddr> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
            match *addresses {
                [first, second] if first.is_ipv4() != second.is_ipv4() => drop(nodes.insert(node, [first, second])),
                _ => {
                    let message = format!(
                        "must give an address of each family for each node, such as \"192.168.0.1,fd00::1\", not \"{text}\" for \"{node}\""
                    );
                    self.wrong::<()>(name, message);
                }
            }
        }
        nodes
    }

    /// Fields that must fit each other.
    fn fit(&mut self, config: &Config) {
        let block = config.ipv6_block_size.unwrap_or(IPV6_BLOCK_SIZE);
        if let Some(cidr) = config.ipv6_pod_cidr.filter(|cidr| cidr.prefix() > block) {
            self.wrong::<()>("ipv6PodCIDR", too_small(cidr, block));
        }
        let ranges = config.ranges().into_iter().filter_map(|(role, _, range)| Some((role, range?)));
        let ranges: Vec<_> = ranges.collect();
        for (role, range) in &ranges {
            if let Some((_, other)) =
                ranges.iter().find(|(other, services)| other != role && *role == Role::Services && services.overlaps(*range))
            {
                let field = if range.family() == Family::V6 { "ipv6ServiceCIDR" } else { "ipv4ServiceCIDR" };
                let message = format!(
                    "must not overlap the pod range \"{other}\", but \"{range}\" does: Calico would give pods the addresses of Services"
                );
                self.wrong::<()>(field, message);
            }
        }
    }

    fn wrong<T>(&mut self, field: &'static str, message: String) -> Option<T> {
        self.errors.push(ConfigError { field: field.into(), message: format!("`{field}` {message}") });
        None
    }

    fn odd(&mut self, field: &'static str, message: String) {
        self.warnings.push(ConfigWarning { field, message: format!("`{field}`: {message}") });
    }

    pub(super) fn finish(mut self, config: Config) -> Result<Config, Vec<ConfigError>> {
        self.fit(&config);
        let (said, unsaid) = self.fields.split_at(self.fields.len().min(UNKNOWN_SAID));
        for field in said {
            let near = |name: &&&str| similarity(name, &field.name) > 0.6;
            let nearest = self.known.iter().max_by(|a, b| similarity(a, &field.name).total_cmp(&similarity(b, &field.name)));
            let message = match nearest.filter(near) {
                Some(name) => format!("`{}` is not a field; did you mean `{name}`?", field.name),
                None => format!("`{}` is not a field; the fields are `{}`", field.name, self.known.join("`, `")),
            };
            self.errors.push(ConfigError { field: field.name.clone(), message });
        }
        if let Some(first) = unsaid.first() {
            let message = format!("`{}` and {} others are not fields, either", first.name, unsaid.len() - 1);
            self.errors.push(ConfigError { field: first.name.clone(), message });
        }
        if self.errors.is_empty() { Ok(Config { warnings: self.warnings, ..config }) } else { Err(self.errors) }
    }
}

/// Fields that are not known are said one by one up to this number.
const UNKNOWN_SAID: usize = 10;

/// A longer name is like none of ours.
const LONGEST_NAME: usize = 64;

fn similarity(a: &str, b: &str) -> f64 {
    if b.len() > LONGEST_NAME {
        return 0.0;
    }
    strsim::normalized_damerau_levenshtein(&a.to_lowercase(), &b.to_lowercase())
}
