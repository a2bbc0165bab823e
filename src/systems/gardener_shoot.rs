//! Gardener's Shoot: both families in `ipFamilies`.
//!
//! # Recognises
//! A `Shoot` of `core.gardener.cloud` with `spec.networking`.
//!
//! # Changes
//! `spec.networking.ipFamilies` names both families; the missing one comes second, because Gardener accepts a new
//! family only there. Where the list is missing, it says `IPv4` and `IPv6`: without it a Shoot is IPv4.
//!
//! # Leaves alone
//! `pods`, `services` and `nodes`: Gardener takes the IPv6 ranges from the infrastructure. `providerConfig.overlay`:
//! the overlay must be switched off in a step of its own, which a warning says.
//!
//! # Sources
//! gardener/gardener docs/usage/networking/dual-stack-networking-migration.md.

use super::System;
use crate::cidr::Cidr;
use crate::config::Config;
use crate::facts::{Facts, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Op, Path, Value, Want};

pub(super) const SYSTEM: System =
    System { name: "gardener_shoot", recognises: "Gardener's Shoot", rules: &[&FAMILIES, &OVERLAY, &UNREADABLE], facts, plan };

static FAMILIES: Rule = Rule {
    id: "gardener-ip-families",
    title: "The Shoot has both families",
    why: "A Shoot has the families that `ipFamilies` names; without the list it has IPv4 only. There is no way back to one family.",
    remedy: "`spec.networking.ipFamilies` must name both, the new one second. Then Gardener migrates in several reconciliations, with a roll-out of the nodes in between.",
    source: "https://github.com/gardener/gardener/blob/master/docs/usage/networking/dual-stack-networking-migration.md",
};
static OVERLAY: Rule = Rule {
    id: "gardener-overlay",
    title: "Dual-stack needs native routing",
    why: "With the overlay network, Pods on different nodes may not reach each other after the migration.",
    remedy: "On a Shoot that runs already, set `spec.networking.providerConfig.overlay.enabled` to false and let Gardener reconcile, before `ipFamilies` gets the second family.",
    source: "https://github.com/gardener/gardener/blob/master/docs/usage/networking/dual-stack-networking-migration.md",
};
static UNREADABLE: Rule = Rule {
    id: "gardener-ip-families-unreadable",
    title: "The families of the Shoot cannot be read",
    why: "`ipFamilies` holds something else than \"IPv4\" and \"IPv6\", such as a placeholder, which an edit could not complete.",
    remedy: "Name both families, the primary one first.",
    source: "https://github.com/gardener/gardener/blob/HEAD/pkg/apis/core/v1beta1/types_shoot.go IPFamily",
};

const NETWORKING: [&str; 2] = ["spec", "networking"];

fn shoots<'p>(package: &'p Package<'_>) -> impl Iterator<Item = (&'p Resource<'p>, Node<'p>)> {
    let shoots = package.of_kind("core.gardener.cloud", "Shoot");
    shoots.filter_map(|shoot| Some((shoot, shoot.root().at(&NETWORKING).filter(|networking| !networking.is_null())?)))
}

/// The ranges of the first family; those of the second one are not in the object, so these are a part only.
fn facts(package: &Package<'_>, facts: &mut Facts) {
    for (shoot, networking) in shoots(package) {
        for (key, role) in [("pods", Role::Pods), ("services", Role::Services)] {
            let range = networking.text_at(&[key]).and_then(|text| Cidr::parse(text).ok());
            let ranges = range.map(|parsed| parsed.cidr).into_iter().collect();
            facts.part(role, Source::Gardener, shoot, &Path::of(&NETWORKING).key(key), ranges);
        }
        facts.node_range(shoot, &Path::of(&NETWORKING).key("nodes"), networking.text_at(&["nodes"]));
    }
}

fn plan(package: &Package<'_>, _config: &Config, plan: &mut Plan) {
    for (shoot, networking) in shoots(package) {
        families(shoot, networking, plan);
    }
}

fn families(shoot: &Resource<'_>, networking: Node<'_>, plan: &mut Plan) {
    let path = Path::of(&NETWORKING).key("ipFamilies");
    let list = networking.get("ipFamilies").filter(|list| !list.is_null());
    let named: Vec<_> = list.into_iter().flat_map(Node::items).map(|item| item.text().unwrap_or_default()).collect();
    let (op, done) = match *named {
        [] if list.is_none() => (Op::is(path, Value::list(["IPv4".into(), "IPv6".into()])), "`ipFamilies` set to \"IPv4\" and \"IPv6\""),
        ["IPv4"] | ["IPv4", "IPv6"] => (Op::new(path, Want::Contains("IPv6".into())), "\"IPv6\" appended to `ipFamilies`"),
        ["IPv6"] | ["IPv6", "IPv4"] => (Op::new(path, Want::Contains("IPv4".into())), "\"IPv4\" appended to `ipFamilies`"),
        _ => {
            let message = "`ipFamilies` must name one or two of \"IPv4\" and \"IPv6\", the primary one first; it was not edited";
            let place = Place::at(shoot, &path);
            plan.warning(&UNREADABLE, list.map_or(place.clone(), |list| place.with_current(Value::of(list))), message);
            return;
        }
    };
    let message = format!("{done}: Gardener takes the ranges of the new family from the infrastructure, not from the functionConfig");
    plan.want(shoot, &FAMILIES, op, message);
    overlay(shoot, networking, &named, plan);
}

/// The overlay must be off before the second family comes. Where that is there already, only an overlay that is on is
/// said; an IPv6-only Shoot has none.
fn overlay(shoot: &Resource<'_>, networking: Node<'_>, named: &[&str], plan: &mut Plan) {
    let is_on = match (networking.text_at(&["providerConfig", "overlay", "enabled"]), named) {
        (Some("false"), _) | (_, ["IPv6"]) | (None, [_, _]) => return,
        (Some(enabled), _) => format!("is \"{enabled}\""),
        (None, _) => "is not there, which means an overlay".to_owned(),
    };
    let path = Path::of(&NETWORKING).keys(&["providerConfig", "overlay", "enabled"]);
    let message = format!(
        "`overlay.enabled` {is_on}, and dual-stack needs native routing: on a Shoot that runs already set it to \"false\" and let Gardener reconcile, and only then apply the second family"
    );
    plan.warning(&OVERLAY, Place::at(shoot, &path).with_proposed(false), message);
}
