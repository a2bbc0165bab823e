//! The second opinion: what a text says, read with libyaml's grammar (`yaml_serde`). Of the product, only the type of
//! values is used.

use std::fmt;

use enable_dual_stack::yaml::Value;
use serde::de::{self, Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

/// What every document of `text` says. Duplicate keys stay, aliases are expanded, merge keys (`<<`) are not.
pub(crate) fn read(text: &str) -> Result<Vec<Value>, String> {
    // libyaml skips a byte order mark only where it guesses the encoding, which yaml_serde does not let it do.
    let documents = serde_yaml::Deserializer::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    documents.map(|document| Read::deserialize(document).map(|read| read.0).map_err(|error| error.to_string())).collect()
}

/// Where two values differ first, and how.
pub(crate) fn difference(left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Map(left), Value::Map(right)) => {
            let nested = left.iter().zip(right).find_map(|((key, left), (other, right))| {
                let found = if key == other { difference(left, right) } else { Some(format!(": the key is {other:?}")) };
                found.map(|found| format!(".{key}{found}"))
            });
            let keys = |entries: &[(String, Value)]| entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
            nested.or_else(|| (left.len() != right.len()).then(|| format!(": keys {:?} and {:?}", keys(left), keys(right))))
        }
        (Value::List(left), Value::List(right)) => {
            let mut pairs = left.iter().zip(right).enumerate();
            let nested = pairs.find_map(|(at, (left, right))| difference(left, right).map(|found| format!("[{at}]{found}")));
            nested.or_else(|| (left.len() != right.len()).then(|| format!(": {} and {} items", left.len(), right.len())))
        }
        _ => (left != right).then(|| format!(": {left:?} and {right:?}")),
    }
}

/// A document, as `yaml_serde` hands it over: with its duplicate keys, which its own types refuse.
struct Read(Value);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }
    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(format!("{value:?}")))
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Read(item)) = from.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        // A key is read as a string: its text, whatever type it has.
        while let Some(key) = from.next_key::<String>()? {
            entries.push((key, from.next_value::<Read>()?.0));
        }
        Ok(Value::Map(entries))
    }
    /// A node with a tag of its own: what it is tagged with does not matter here.
    fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<Value, A::Error> {
        let (_, variant) = from.variant::<String>()?;
        variant.newtype_variant::<Read>().map(|read| read.0)
    }
}
