//! Checks over the whole package, as it will be after the edits. They change nothing; they say what disagrees.

mod agreement;

use crate::config::Config;
use crate::facts::Facts;
use crate::package::Package;
use crate::plan::{Plan, Rule};

/// One check, or a close family of them.
#[derive(Debug)]
pub struct Check {
    /// Its name: of the file, and of the folder of its fixtures.
    pub name: &'static str,
    /// All that it can say.
    pub rules: &'static [&'static Rule],
    /// Adds findings about `package`, which is edited already, and whose facts these are.
    pub check: fn(&Package<'_>, &Facts, &Config, &mut Plan),
}

/// All checks, in the order of their results.
pub const ALL: &[Check] = &[agreement::CHECK];

/// What the checks find in the edited package.
pub fn check(package: &Package<'_>, facts: &Facts, config: &Config) -> Plan {
    let mut plan = Plan::default();
    for check in ALL {
        (check.check)(package, facts, config, &mut plan);
    }
    plan
}
