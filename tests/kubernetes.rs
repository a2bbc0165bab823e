//! The Kubernetes side as a whole: one run makes a package dual-stack, the components accept what comes out, each edit that
//! is taken back is found, and real manifests come out as their twins.

#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod common;
#[path = "kubernetes/gates.rs"]
mod gates;
#[path = "kubernetes/layouts.rs"]
mod layouts;
#[path = "kubernetes/pitfalls.rs"]
mod pitfalls;
#[path = "kubernetes/rules.rs"]
mod rules;

use std::collections::BTreeMap;
use std::path::PathBuf;

use common::oracle;
use enable_dual_stack::config::{Action, Config, Field, FieldValue};
use enable_dual_stack::package;
use enable_dual_stack::plan::Severity;
use enable_dual_stack::results::Report;
use enable_dual_stack::run;
use enable_dual_stack::text::{self, Edit};
use enable_dual_stack::yaml::Value;
use proptest::prelude::*;

/// A cluster with every place that says a range, with the ranges, flags and the kubeadm-config in the way of `${...}`.
const CLUSTER: &str = include_str!("kubernetes/cluster.yaml");

#[test]
fn one_run_makes_a_whole_cluster_dual_stack_and_the_components_accept_it() {
    let output = applied(CLUSTER, &config(&[("ipv6PodCIDR", POD), ("ipv6ServiceCIDR", SERVICE)]));
    let cluster = Cluster::read(&output);
    cluster.accepted().expect("accepted by the components");
    assert_eq!(cluster.pods, [format!("10.244.0.0/16,{POD}")]);
    assert_eq!(cluster.services, [format!("10.96.0.0/12,{SERVICE}")]);
    assert_eq!(cluster.pool, POD);
    let again = outcome(&output, &config(&[("ipv6PodCIDR", POD), ("ipv6ServiceCIDR", SERVICE)]));
    assert!(again.edits.is_empty() && again.reports.is_empty(), "a finished package is left in peace: {:?}", again.reports);
}

/// The ranges of the package settle the configuration, so it needs none.
#[test]
fn a_finished_package_needs_no_ranges_in_the_configuration() {
    let output = applied(CLUSTER, &config(&[("ipv6PodCIDR", POD), ("ipv6ServiceCIDR", SERVICE)]));
    let checked = outcome(&output, &config(&[("action", "Check")]));
    assert!(checked.reports.is_empty(), "{:?}", checked.reports);
}

#[test]
fn each_edit_that_is_taken_back_makes_check_fail_at_its_line() {
    let ranges = [("ipv6PodCIDR", POD), ("ipv6ServiceCIDR", SERVICE)];
    let edits = outcome(CLUSTER, &config(&ranges)).edits;
    assert_eq!(edits.len(), 11, "{edits:#?}");
    for (index, taken_back) in edits.iter().enumerate() {
        let others: Vec<_> = edits.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, edit)| edit.clone()).collect();
        let in_front: isize = edits[..index].iter().map(growth).sum();
        let package = text::splice(CLUSTER, others).expect("no overlap");
        let at = taken_back.span.start.checked_add_signed(in_front).expect("inside");
        // The ranges are in the package: it says itself what is missing.
        for given in [&ranges[..], &[]] {
            let checked = outcome(&package, &config(&[given, &[("action", "Check")]].concat()));
            let line = text::position(&package, at).line;
            let errors: Vec<_> = checked.reports.iter().filter(|report| report.severity == Severity::Error).collect();
            let lines: Vec<_> = errors.iter().filter_map(|report| Some(text::position(&package, report.offset?).line)).collect();
            // What is missing belongs between the end of a line and the bracket or key on the next one.
            let is_missing = taken_back.span.start == taken_back.span.end;
            assert!(
                lines.contains(&line) || is_missing && lines.contains(&(line + 1)),
                "{taken_back:?} at line {line} is not found, but {lines:?}: {errors:#?}"
            );
        }
    }
}

fn growth(edit: &Edit) -> isize {
    isize::try_from(edit.text.len()).expect("small") - isize::try_from(edit.span.end - edit.span.start).expect("small")
}

const POD: &str = "fd00:10:244::/56";
const SERVICE: &str = "fd00:10:96::/112";

fn config(fields: &[(&str, &str)]) -> Config {
    let fields = fields.iter().map(|(name, value)| Field { name: (*name).into(), value: FieldValue::Text((*value).into()) });
    Config::read(fields.collect()).expect("a configuration")
}

struct Outcome {
    edits: Vec<Edit>,
    reports: Vec<Report>,
}

fn outcome(input: &str, config: &Config) -> Outcome {
    package::with(input, |package| {
        let outcome = run::run(package, config);
        let mut edits: Vec<_> = outcome.edits.into_values().flatten().collect();
        text::sort(&mut edits).expect("no overlap");
        Outcome { edits, reports: outcome.reports }
    })
    .expect("a package")
}

fn applied(input: &str, config: &Config) -> String {
    let outcome = outcome(input, config);
    let errors: Vec<_> = outcome.reports.iter().filter(|report| report.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    text::splice(input, outcome.edits).expect("no overlap")
}

/// What the places of [`CLUSTER`] say, read by another implementation of YAML.
struct Cluster {
    /// Each different text of the pod ranges, and of the service ranges.
    pods: Vec<String>,
    services: Vec<String>,
    pool: String,
    kubeadm: String,
    ipv6_mask_of_kubeadm: Option<u32>,
    kube_proxy: String,
    advertised: String,
    apiserver: BTreeMap<String, String>,
    controller_manager: BTreeMap<String, String>,
}

impl Cluster {
    fn read(text: &str) -> Self {
        let objects = oracle::objects(text).expect("YAML");
        let object = |name: &str| {
            let named = |object: &&Value| object.get("metadata").is_some_and(|metadata| oracle::text_of(metadata, "name") == name);
            objects.iter().find(named).unwrap_or_else(|| panic!("no {name}"))
        };
        let flags = |name: &str| {
            let Some(Value::List(containers)) = at(object(name), &["spec", "containers"]) else { panic!("no containers") };
            let Some(Value::List(command)) = containers[0].get("command") else { panic!("no command") };
            let flags = command.iter().filter_map(|flag| flag.as_str()?.strip_prefix("--")?.split_once('='));
            flags.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>()
        };
        let inner = |name: &str, key: &str| at(object(name), &["data", key]).and_then(Value::as_str).expect("a text").to_owned();
        let (apiserver, controller_manager) = (flags("kube-apiserver"), flags("kube-controller-manager"));
        let kubeadm = inner("kubeadm-config", "ClusterConfiguration");
        let cluster = oracle::read(&kubeadm).expect("YAML").remove(0);
        let subnet = |key: &str| at(&cluster, &["networking", key]).and_then(Value::as_str).expect("a subnet").to_owned();
        let mask = at(&cluster, &["controllerManager", "extraArgs", "node-cidr-mask-size-ipv6"]).and_then(Value::as_str);
        let proxy = oracle::read(&inner("kube-proxy", "config.conf")).expect("YAML").remove(0);
        let kube_proxy = oracle::text_of(&proxy, "clusterCIDR").to_owned();
        let mut pods = vec![controller_manager["cluster-cidr"].clone(), kube_proxy.clone(), subnet("podSubnet")];
        pods.dedup();
        let mut services = vec![
            apiserver["service-cluster-ip-range"].clone(),
            controller_manager["service-cluster-ip-range"].clone(),
            subnet("serviceSubnet"),
        ];
        services.dedup();
        Self {
            pods,
            services,
            pool: variable(object("calico-node"), "CALICO_IPV6POOL_CIDR"),
            ipv6_mask_of_kubeadm: mask.map(|mask| mask.parse().expect("a number")),
            kubeadm,
            kube_proxy,
            advertised: apiserver["advertise-address"].clone(),
            apiserver,
            controller_manager,
        }
    }

    /// Whether every component accepts what it is told, and all were told the same.
    fn accepted(&self) -> Result<(), String> {
        let cluster = oracle::read(&self.kubeadm)?.remove(0);
        let subnet = |key: &str| at(&cluster, &["networking", key]).and_then(Value::as_str).unwrap_or_default();
        let advertised = self.advertised.parse().map_err(|_| "no address")?;
        let services = rules::apiserver(&self.apiserver["service-cluster-ip-range"], advertised)?;
        let pods = rules::controller_manager(&self.controller_manager)?;
        let proxy = rules::proxy(&self.kube_proxy)?;
        let (of_kubeadm, services_of_kubeadm) = rules::kubeadm(subnet("podSubnet"), subnet("serviceSubnet"), self.ipv6_mask_of_kubeadm)?;
        let of_calico = rules::calico(&self.kubeadm)?;
        let both = |ranges: &[rules::Range]| ranges.len() == 2;
        if !both(&services) || !both(&pods) {
            return Err("one family".into());
        }
        rules::agree(&[&pods, &proxy, &of_kubeadm, &of_calico], rules::Range::parse(&self.pool)?)?;
        let of_controller = self.controller_manager["service-cluster-ip-range"].split(',').map(rules::Range::parse);
        let of_controller = of_controller.collect::<Result<Vec<_>, _>>()?;
        rules::agree(&[&services, &services_of_kubeadm, &of_controller], services[0])?;
        if services.iter().any(|range| pods.iter().any(|pod| pod.holds(*range) || range.holds(*pod))) {
            return Err("overlap".into());
        }
        Ok(())
    }
}

fn at<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

fn variable(daemon_set: &Value, name: &str) -> String {
    let Some(Value::List(containers)) = at(daemon_set, &["spec", "template", "spec", "containers"]) else { panic!("no containers") };
    let Some(Value::List(env)) = containers[0].get("env") else { panic!("no env") };
    let entry = env.iter().find(|entry| oracle::text_of(entry, "name") == name).unwrap_or_else(|| panic!("no {name}"));
    oracle::text_of(entry, "value").to_owned()
}

/// The cluster with other ranges of its first family.
fn with_ranges(pods: &str, services: &str, advertised: &str) -> String {
    let renamed = CLUSTER.replace("10.244.0.0/16", pods).replace("10.96.0.0/12", services);
    renamed.replace("192.168.0.10", advertised)
}

/// One way to break a dual-stack cluster at one place.
#[derive(Clone, Copy, Debug)]
enum Mutation {
    /// One range instead of two.
    Dropped,
    /// The second range again.
    Third,
    /// Two ranges of one family.
    SameFamily,
    /// A blank behind the comma.
    Blank,
    /// The other family first.
    Swapped,
    /// Another range of the second family.
    Other,
}

const MUTATIONS: [Mutation; 6] =
    [Mutation::Dropped, Mutation::Third, Mutation::SameFamily, Mutation::Blank, Mutation::Swapped, Mutation::Other];

impl Mutation {
    fn of(self, pair: &str) -> String {
        let (first, second) = pair.split_once(',').expect("two ranges");
        match self {
            Self::Dropped => first.to_owned(),
            Self::Third => format!("{pair},{second}"),
            Self::SameFamily => format!("{first},{first}"),
            Self::Blank => format!("{first}, {second}"),
            Self::Swapped => format!("{second},{first}"),
            Self::Other if second.contains(':') => format!("{first},fd77:7777::/{}", second.rsplit('/').next().expect("a prefix")),
            Self::Other => format!("{first},172.30.0.0/{}", second.rsplit('/').next().expect("a prefix")),
        }
    }
}

/// Every text of the pair in the package, one after the other, mutated.
fn mutated(package: &str, pair: &str, mutation: Mutation) -> Vec<String> {
    let places = package.match_indices(pair).map(|(at, _)| at);
    places.map(|at| format!("{}{}{}", &package[..at], mutation.of(pair), &package[at + pair.len()..])).collect()
}

/// The package without each line of a mask that it needs, and with a mask that no dual-stack cluster may have.
fn other_masks(package: &str) -> Vec<String> {
    let mut mutated = Vec::new();
    let (mask, in_list) = ("node-cidr-mask-size-ipv6", "    - --cluster-cidr=");
    for (at, _) in package.match_indices(mask) {
        let (start, end) = (package[..at].rfind('\n').expect("a line") + 1, at + package[at..].find('\n').expect("a line") + 1);
        mutated.push(format!("{}{}", &package[..start], &package[end..]));
    }
    mutated.push(package.replace(in_list, &format!("    - --node-cidr-mask-size=24\n{in_list}")));
    mutated
}

fn ipv6(prefixes: std::ops::RangeInclusive<u8>) -> impl Strategy<Value = String> {
    // Of the documentation's unique-local space; the second group tells pods from Services.
    (prefixes, any::<u16>()).prop_map(|(prefix, group)| {
        let bits = (0xfd00_u128 << 112) | (u128::from(group) << 96);
        let host = 128 - u32::from(prefix);
        format!("{}/{prefix}", std::net::Ipv6Addr::from(bits >> host << host))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever ranges are given: what comes out is accepted, or nothing comes out; and each single mutation is refused by
    /// the components' rules, and found by `Check`.
    #[test]
    fn what_comes_out_is_accepted_and_no_mutation_of_it_is(
        pods in ipv6(33..=120),
        services in ipv6(108..=124),
        ipv6_first in any::<bool>(),
    ) {
        prop_assume!(!overlapping(&pods, &services));
        let given = if ipv6_first { [("ipv4PodCIDR", "10.244.0.0/16"), ("ipv4ServiceCIDR", "10.96.0.0/16")] } else {
            [("ipv6PodCIDR", pods.as_str()), ("ipv6ServiceCIDR", services.as_str())]
        };
        let fields = given.iter().map(|(name, value)| Field { name: (*name).into(), value: FieldValue::Text((*value).into()) });
        let config = Config::read(fields.collect()).expect("ranges that may be given");
        let input = if ipv6_first { with_ranges(&pods, &services, "2001:470:1::10") } else { CLUSTER.to_owned() };
        let outcome = outcome(&input, &config);
        let refused = outcome.reports.iter().find(|report| report.severity == Severity::Error);
        prop_assert_eq!(refused, None);
        let output = text::splice(&input, outcome.edits).expect("no overlap");
        let cluster = Cluster::read(&output);
        prop_assert_eq!(cluster.accepted(), Ok(()), "{}", output);
        let checking = Config { action: Action::Check, ..config };
        let pairs = cluster.pods.iter().chain(&cluster.services);
        let ranges = pairs.flat_map(|pair| MUTATIONS.iter().flat_map(|mutation| mutated(&output, pair, *mutation)));
        for package in ranges.chain(other_masks(&output)) {
            prop_assert!(Cluster::read(&package).accepted().is_err(), "the components accept\n{}", package);
            let found = self::outcome(&package, &checking).reports;
            prop_assert!(found.iter().any(|report| report.severity < Severity::Info), "nothing is found in\n{}", package);
        }
    }
}

fn overlapping(a: &str, b: &str) -> bool {
    let (a, b) = (rules::Range::parse(a).expect(a), rules::Range::parse(b).expect(b));
    a.holds(b) || b.holds(a)
}

/// Every single-family file of these carriers gets both families, or a finding that says why not.
#[test]
fn no_single_family_file_of_the_corpus_stays_as_it_is_in_silence() {
    let Some(root) = corpus() else { return };
    let given = config(&[("ipv6PodCIDR", POD), ("ipv6ServiceCIDR", SERVICE), ("kubernetesVersion", "v1.30")]);
    for folder in ["configmaps", "kubeadm", "kube-proxy", "static-pods"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("a folder of the corpus");
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            let name = path.display().to_string();
            if !name.contains(".single.") && !name.contains(".redacted.") {
                continue;
            }
            let outcome = outcome(&std::fs::read_to_string(&path).expect("UTF-8"), &given);
            let loud = outcome.reports.iter().any(|report| report.severity < Severity::Info);
            assert!(!outcome.edits.is_empty() || loud, "{name}");
            assert!(!outcome.reports.iter().any(|report| report.severity == Severity::Error), "{name}: {:?}", outcome.reports);
        }
    }
}

/// The files that are dual-stack already, as people and upstreams wrote them, are left as they are; mistakes are named.
#[test]
fn dual_stack_files_of_the_corpus_are_left_as_they_are_and_their_mistakes_are_named() {
    let Some(root) = corpus() else { return };
    let rules_said = |name: &str| -> Vec<&str> {
        let outcome = outcome(&read(&root, name), &config(&[]));
        assert!(outcome.edits.is_empty(), "{name}: {:?}", outcome.reports);
        outcome.reports.iter().filter(|report| report.severity < Severity::Info).map(|report| report.rule).collect()
    };
    assert_eq!(rules_said("kubeadm/k8s-website-dual-stack-support.v1beta4.dual.yaml"), ["ranges-overlap"]);
    assert_eq!(rules_said("kubeadm/community-overlap-64.v1beta3.dual.yaml"), ["node-mask-few-nodes", "ranges-overlap"]);
    assert_eq!(rules_said("kubeadm/community-node-mask-112.v1beta4.dual.yaml"), [""; 0]);
}

fn read(root: &std::path::Path, name: &str) -> String {
    std::fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The folder of the real manifests. Without it these tests say that they are skipped; in CI that is an error.
fn corpus() -> Option<PathBuf> {
    if let Some(root) = std::env::var_os("DUAL_STACK_CORPUS") {
        return Some(PathBuf::from(root).join("corpus/kubernetes"));
    }
    assert!(std::env::var_os("CI").is_none(), "DUAL_STACK_CORPUS must be set in CI: the folder that has `corpus`");
    // Not with `println`, which the test runner hides where a test passes.
    std::io::Write::write_all(&mut std::io::stderr(), b"\nSKIPPED: DUAL_STACK_CORPUS is not set\n").expect("stderr");
    None
}
