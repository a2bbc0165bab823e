//! A new functionConfig: the ranges that nobody says yet, and the fields that were given as flags.

use std::fmt::Write as _;
use std::time::SystemTime;

use super::read::{Found, as_package};
use super::{CONFIG, Request, Written, texts};
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Field, FieldValue};
use crate::facts::Role;
use crate::package::{self, Package};
use crate::proposal::{self, Proposal};
use crate::text::position;

/// The functionConfig for what was found.
///
/// # Errors
/// A sentence, where a field cannot be accepted, or the prefix has no room.
pub(super) fn config(request: &Request, found: &Found) -> Result<Written, String> {
    let given = read(&request.fields)?;
    let prefix = match &request.prefix {
        Some(text) => proposal::read_prefix(text).map_err(|reason| format!("`--prefix` {reason}"))?,
        None => drawn()?,
    };
    let proposed = |package: &Package<'_>| {
        proposal::propose(package, &given, prefix).map(|proposal| {
            let said = said(package, &proposal);
            (proposal, said)
        })
    };
    let answer = package::with_files(&as_package(&found.package), proposed);
    let (proposal, said_by_package) = answer.map_err(|(file, error)| format!("{}: {error}", found.package[file].name))??;

    let mut fields = request.fields.clone();
    let field = |(role, family, range): &(Role, Family, Cidr)| Field {
        name: Config::field(*role, *family).to_owned(),
        value: FieldValue::Text(range.to_string()),
    };
    fields.extend(proposal.needed.iter().map(field));
    let order = Config::field_names();
    fields.sort_by_key(|field| order.iter().position(|name| *name == field.name));
    // What is proposed must be what the function accepts.
    let accepted = read(&fields)?;

    let spare: Vec<_> = proposal.spare.iter().map(field).collect();
    let drawn = request.prefix.is_none() && proposal.needed.iter().chain(&proposal.spare).any(|(_, family, _)| *family == Family::V6);
    let text = texts::config(request.host, &head(prefix, drawn, &fields), &fields, &spare)?;
    let mut lines = "written".to_owned();
    for (role, family, range) in &proposal.needed {
        let _ = write!(lines, "\n  `{}` is \"{range}\"", Config::field(*role, *family));
    }
    if drawn {
        let _ =
            write!(lines, "\n  the IPv6 ranges are in \"{prefix}\", a unique-local prefix that was drawn; `--prefix` takes one of yours");
    }
    lines.extend(said_by_package.iter().map(|line| format!("\n  {line}")));
    if found.package.is_empty() {
        lines.push_str("\n  no object here switches an address family on, yet");
    }
    lines.extend(accepted.warnings.iter().map(|warning| format!("\n  {}", warning.message)));
    Ok(Written { name: CONFIG.to_owned(), text: Some(text), said: lines })
}

fn read(fields: &[Field]) -> Result<Config, String> {
    let sentence = |errors: Vec<crate::config::ConfigError>| errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; ");
    Config::read(fields.to_vec()).map_err(sentence)
}

/// The comment on top.
fn head(prefix: Cidr, drawn: bool, fields: &[Field]) -> String {
    if drawn {
        return format!("# The IPv6 ranges are in {prefix}, drawn for this cluster (RFC 4193); its first /56 is left to the nodes.\n");
    }
    if fields.is_empty() { "# The package says its ranges itself.\n".to_owned() } else { String::new() }
}

/// A new unique-local prefix. Instead of the EUI-64, which containers and virtual machines share with others, the
/// identifier of this system is drawn anew.
fn drawn() -> Result<Cidr, String> {
    let mut identifier = [0; 8];
    getrandom::fill(&mut identifier)
        .map_err(|error| format!("this system gives no random bytes ({error}): give a prefix with `--prefix`"))?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(proposal::unique_local(proposal::ntp(now), identifier))
}

/// Who says which range already, each range once.
fn said(package: &Package<'_>, proposal: &Proposal) -> Vec<String> {
    let mut lines: Vec<(Role, Cidr, String)> = Vec::new();
    for fact in &proposal.said {
        let place = fact.place.resource.and_then(|index| package.all().get(index)).map(|resource| {
            let root = resource.root();
            let node = fact.place.path.as_ref().map_or(root, |path| root.nearest(path));
            let line = position(node.source(), node.start()).line;
            resource.file().map_or_else(String::new, |file| format!(", {file}:{line}"))
        });
        for range in &fact.ranges {
            if !lines.iter().any(|(role, known, _)| (role, known) == (&fact.role, range)) {
                let place = place.clone().unwrap_or_default();
                let line = format!("the package says the {} range \"{range}\" itself ({}{place})", fact.role.word(), fact.source.name());
                lines.push((fact.role, *range, line));
            }
        }
    }
    lines.into_iter().map(|(_, _, line)| line).collect()
}
