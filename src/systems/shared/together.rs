//! Systems that take both families for Pods and Services together, or refuse them.

use super::ranges::{RangePlace, Unfit};
use crate::cidr::Cidr;
use crate::config::Config;
use crate::plan::{Place, Plan, Rule};

pub(crate) static TOGETHER: Rule = Rule {
    id: "ranges-together",
    title: "Pods and Services get both families together",
    why: "The system refuses a configuration in which only one of the two has both families, so a half of it was not written.",
    remedy: "Give both IPv6 ranges, `ipv6PodCIDR` and `ipv6ServiceCIDR`, or the IPv4 ones where IPv6 is first.",
    source: "https://github.com/k0sproject/k0s/blob/main/pkg/apis/k0s/v1beta1/network.go; https://github.com/siderolabs/talos/blob/main/pkg/machinery/config/types/k8s/network.go; https://github.com/openshift/cluster-network-operator/blob/master/pkg/network/cluster_config.go",
};

/// The ranges that a place says.
pub(crate) type Said = Result<Vec<Cidr>, Unfit>;

/// Whether both places have both families once the missing ranges are added; what is in the way is said.
pub(crate) fn can_be_dual(places: [(&RangePlace<'_>, &Said); 2], config: &Config, plan: &mut Plan) -> bool {
    let mut can = true;
    for (place, said) in places {
        let obstacle = match said.as_deref() {
            Ok([only]) => {
                let family = only.family().other();
                let field = Config::field(place.role, family);
                let unknown = config.range(place.role, family).is_none();
                unknown.then(|| format!("the {family} range is missing, and nobody says it: give `{field}`"))
            }
            Err(Unfit::Empty) => Some("no range is there: write both, the primary family first".to_owned()),
            Err(Unfit::Placeholder) => Some("the range is filled in later: fill in both".to_owned()),
            Err(Unfit::Unreadable(reason)) => Some(reason.clone()),
            Ok(_) | Err(Unfit::Unknown(_)) => None,
        };
        if let Some(obstacle) = obstacle {
            let message =
                format!("{}: {obstacle}; Pods and Services get both families together here, so nothing of it was edited", place.what);
            plan.warning(&TOGETHER, Place::at(place.resource, &place.path), message);
            can = false;
        }
    }
    can
}
