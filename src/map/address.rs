//! Rows of addresses whose family counts.

use std::net::IpAddr;

use super::wish::{Spot, name_of};
use super::{Cell, Row, State};
use crate::cidr::Family;
use crate::facts::{AddressOf, Facts};
use crate::package::Package;

/// The rows, in the order of the facts.
pub(super) fn rows(package: &Package<'_>, facts: &Facts) -> Vec<Row> {
    let mut rows = Vec::new();
    for fact in &facts.addresses {
        let Some((resource, path)) = fact.place.resource.and_then(|index| package.all().get(index)).zip(fact.place.path.as_ref()) else {
            continue;
        };
        let spot = Spot::nearest(resource, path);
        let name = name_of(resource, path);
        let of = |family| fact.addresses.iter().filter(move |address| family_of(**address) == family);
        let cell = |family| {
            let texts: Vec<_> = of(family).map(ToString::to_string).collect();
            (!texts.is_empty()).then(|| Cell {
                family: Some(family),
                state: State::On,
                name: name.clone(),
                text: Some(texts.join(",")),
                path: path.clone(),
                file: spot.file.clone(),
                line: spot.line,
                rule: None,
            })
        };
        let cells: Vec<_> = [Family::V4, Family::V6].into_iter().filter_map(cell).collect();
        let who = match fact.of {
            AddressOf::ApiServer => "kube-apiserver",
            AddressOf::Node => "kubelet",
        };
        let primary = fact.addresses.first().map(|address| family_of(*address)).filter(|_| cells.len() == 2);
        rows.push(Row {
            who: who.to_owned(),
            object: resource.to_string(),
            resource: Some(resource.index),
            cells,
            primary,
            marks: Vec::new(),
        });
    }
    rows
}

fn family_of(address: IpAddr) -> Family {
    if address.is_ipv4() { Family::V4 } else { Family::V6 }
}
