//! Where something is in an object: `spec.template.spec.containers[0].env[3].value`.

use std::fmt;
use std::sync::Arc;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The value of a key. Paths are copied often: they share it.
    Key(Arc<str>),
    /// An item by its position, from 0.
    Index(usize),
    /// The item whose `key` has the text `value`; in a wish, it is appended where there is none.
    Item {
        /// The field that tells the items apart, such as `name`.
        key: String,
        /// What it says.
        value: String,
    },
    /// Into the document (YAML or a JSON template) that is the text of a scalar.
    Inside,
}

/// The steps from the root of an object to a place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<Step>);

impl Path {
    /// The root of the object.
    pub fn root() -> Self {
        Self::default()
    }

    /// The place under these keys.
    pub fn of(keys: &[&str]) -> Self {
        Self::root().keys(keys)
    }

    /// One key further.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// Several keys further.
    #[must_use]
    pub fn keys(&self, keys: &[&str]) -> Self {
        Self(self.0.iter().cloned().chain(keys.iter().map(|&key| Step::Key(key.into()))).collect())
    }

    /// The item at `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// The item whose `key` is `value`.
    #[must_use]
    pub fn item(&self, key: &str, value: &str) -> Self {
        self.step(Step::Item { key: key.to_owned(), value: value.to_owned() })
    }

    /// Into the document that the scalar here holds.
    #[must_use]
    pub fn inside(&self) -> Self {
        self.step(Step::Inside)
    }

    /// One step further.
    #[must_use]
    pub fn step(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// `self`, then all steps of `rest`.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

/// As kpt's results write it; the step into an inner document is not shown.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for step in &self.0 {
            match step {
                Step::Key(key) if key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) && !key.is_empty() => {
                    write!(f, "{}{key}", if first { "" } else { "." })?;
                }
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Item { key, value } => write!(f, "[{key}={value}]")?,
                Step::Inside => continue,
            }
            first = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_in_results_of_kpt() {
        let path = Path::of(&["spec", "containers"]).index(0).key("env").item("name", "IP6").key("value");
        assert_eq!(path.to_string(), "spec.containers[0].env[name=IP6].value");
        let path = Path::of(&["data", "net-conf.json"]).inside().join(&Path::of(&["Network"]));
        assert_eq!(path.to_string(), r#"data["net-conf.json"].Network"#);
    }
}
