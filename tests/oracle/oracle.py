"""Decides, without any code of the product, whether an output is the right answer to an input and a configuration.

Three questions: is every object there; is every difference one of the edits that Calico's how-to and Kubernetes'
enablement steps allow; is every edit that they require there. Written from the documentation and the sources that
the rules of the product name, in Python, with PyYAML and the standard `ipaddress`.
"""

import ipaddress
import os
import re

from documents import MISSING, differences, dotted, inner, load_all

RESOURCE_LIST = "config.kubernetes.io/"


def objects_of(text):
    """The objects of a ResourceList, a List or a stream, Lists among them opened; and the results."""
    documents = load_all(text)
    results = []
    if len(documents) == 1 and isinstance(documents[0], dict) and str(documents[0].get("apiVersion", "")).startswith(RESOURCE_LIST):
        results = documents[0].get("results") or []
        documents = documents[0].get("items") or []
    opened = []
    for document in documents:
        is_list = isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list)
        opened += document["items"] if is_list else [document]
    return opened, results


def name_of(item):
    metadata = item.get("metadata") or {} if isinstance(item, dict) else {}
    return f"{item.get('kind')} {metadata.get('namespace', '')}/{metadata.get('name', '')}" if isinstance(item, dict) else "?"


def check(before, config, after):
    """The problems of `after` as an answer to `before` and `config` (a dict of the fields); none if it is right."""
    old, _ = objects_of(before)
    new, results = objects_of(after)
    errors = [result for result in results if result.get("severity") == "error"]
    problems = [] if len(new) >= len(old) else [f"{len(old)} objects came, {len(new)} went"]
    changed = False
    for item, edited in zip(old, new):
        for path, was, now in differences(item, edited):
            changed = True
            if not allowed(item, path, was, now, config):
                problems.append(f"{name_of(item)}: {dotted(path)}: {was!r} -> {now!r} is no edit that the rules know")
    for created in new[len(old):]:
        changed = True
        if created.get("kind") != "IPPool":
            problems.append(f"{name_of(created)} was created")
    if errors or config.get("action") == "Check":
        if changed:
            problems.append("objects were changed although there are errors" if errors else "Check changed an object")
        return problems
    return problems + [problem for item in new for problem in missing(item, new, config)]


# === What may change ===

FAMILY_SWITCHES = {
    "IP6": lambda value, config: value in ("autodetect", "none"),
    "CALICO_IPV6POOL_CIDR": lambda value, config: is_range(value, config.get("ipv6PodCIDR")),
    "FELIX_IPV6SUPPORT": lambda value, config: value == "true",
    "CALICO_IPV6POOL_NAT_OUTGOING": lambda value, config: value in ("true", "false"),
    "CALICO_IPV6POOL_VXLAN": lambda value, config: value in ("Always", "CrossSubnet", "Never"),
    "CALICO_IPV6POOL_BLOCK_SIZE": lambda value, config: value == str(config.get("ipv6BlockSize")),
    "IP6_AUTODETECTION_METHOD": lambda value, config: value == config.get("ipv6AutodetectionMethod"),
    # A package that is IPv6 first gets IPv4: the node's address, and the way its pool travels.
    "IP": lambda value, config: value == ("none" if config.get("mode") == "IPv6Only" else "autodetect"),
    "CALICO_IPV4POOL_VXLAN": lambda value, config: config.get("mode") != "IPv6Only" and value in ("Always", "CrossSubnet"),
    "CALICO_ROUTER_ID": lambda value, config: config.get("mode") == "IPv6Only" and value == "hash",
    "CALICO_IPV4POOL_CIDR": lambda value, config: config.get("mode") == "IPv6Only" and value == "none",
}
RANGE_FLAGS = {"cluster-cidr": "Pod", "service-cluster-ip-range": "Service"}
OTHER_FLAGS = {"node-cidr-mask-size", "node-cidr-mask-size-ipv4", "node-cidr-mask-size-ipv6", "feature-gates", "node-ip", "proxy-mode"}


def is_range(text, configured):
    """Whether `text` is a range in canonical form; the configured one, if one is configured."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return False
    return str(network) == text and (configured is None or network == ipaddress.ip_network(configured, strict=False))


def is_completed(was, now, config, role):
    """Whether a comma list of one family got the other family's range appended, and nothing else."""
    if not isinstance(was, str) or not isinstance(now, str) or not now.startswith(was + ","):
        return False
    return is_other_family(was, now[len(was) + 1:], config, role)


def is_other_family(first, added, config, role):
    try:
        version = ipaddress.ip_network(first.strip(), strict=False).version
    except ValueError:
        return False
    family = "ipv6" if version == 4 else "ipv4"
    return is_range(added, config.get(f"{family}{role}CIDR")) and ipaddress.ip_network(added).version != version


def flags(arguments):
    """The flags of a command line, `_` as `-`: name -> value, the last one wins."""
    found, name = {}, None
    for argument in arguments:
        if name and not argument.startswith("--"):
            found[name] = argument
        name = None
        if argument.startswith("--"):
            key, is_set, value = argument[2:].partition("=")
            key = key.replace("_", "-")
            if is_set:
                found[key] = value
            else:
                name = key
    return found


def allowed_flag(name, was, now, config):
    if name in RANGE_FLAGS:
        return is_completed(was, now, config, RANGE_FLAGS[name])
    return name in OTHER_FLAGS


def allowed_arguments(was, now, config):
    """Whether two texts of arguments differ in flags that may change only."""
    old, new = flags(was), flags(now)
    return all(old.get(key) == new.get(key) or allowed_flag(key, old.get(key), new.get(key), config) for key in {*old, *new})


def item_at(value, path):
    for step in path:
        if step == "|":
            value = inner(value)
        elif isinstance(value, (dict, list)) and (step in value if isinstance(value, dict) else step < len(value)):
            value = value[step]
        else:
            return None
    return value


def allowed(item, path, was, now, config):
    """Whether one difference of an object is an edit of the rules."""
    last, kind = path[-1], item.get("kind")
    text = dotted(path)
    if "ipam" in path and "|" in path:
        return allowed_ipam(path[path.index("ipam") + 1:], was, now, config)
    if "|" in path and last in ("EnableIPv4", "EnableIPv6", "IPv6Network"):
        if last == "EnableIPv4":
            return now is False and config.get("mode") == "IPv6Only"
        return now is True if last == "EnableIPv6" else is_range(now, config.get("ipv6PodCIDR"))
    if kind == "Cluster" and path[0] == "networking" and was is MISSING:
        return is_kind_networking(now if last == "networking" else {last: now}, config)
    if kind in ("DaemonSet", "Deployment", "Pod") and "env" in path:
        return allowed_env(item, path, was, now, config)
    if kind in ("DaemonSet", "Deployment", "Pod") and ("command" in path or "args" in path):
        return allowed_argument(item, path, was, now, config)
    if kind == "DaemonSet" and config.get("mode") == "IPv6Only" and "Probe" in text:
        return isinstance(now, str) and now.replace("bird6", "bird") == was
    if kind == "ConfigMap" and path[:1] == ("data",) and path[-1] in FAMILY_SWITCHES:
        return FAMILY_SWITCHES[path[-1]](now, config)
    return allowed_field(kind, path, was, now, config)


def is_kind_networking(added, config):
    """kind's own IPv4 ranges are 10.244.0.0/16 and 10.96.0.0/16; a pair has them beside the configured IPv6 range."""
    roles = {"podSubnet": ("Pod", "10.244.0.0/16"), "serviceSubnet": ("Service", "10.96.0.0/16")}
    for key, value in added.items():
        if key == "ipFamily":
            if value != "dual":
                return False
            continue
        role, ipv4 = roles.get(key, (None, None))
        pair = value.split(",") if role else []
        if len(pair) != 2 or ipv4 not in pair or not any(":" in one and is_range(one, config.get(f"ipv6{role}CIDR")) for one in pair):
            return False
    return True


def allowed_ipam(path, was, now, config):
    if path in (("assign_ipv4",), ("assign_ipv6",)):
        only_v6 = config.get("mode") == "IPv6Only" and path == ("assign_ipv4",)
        return now == ("false" if only_v6 else "true")
    if path == ("type",):
        return config.get("ipam") == "CalicoIPAM" and now == "calico-ipam"
    if path == ("subnet",):
        return now is MISSING or (config.get("mode") == "IPv6Only" and now == "usePodCidrIPv6")
    if path[:1] == ("ranges",):
        return "usePodCidrIPv6" in str(now) or now is MISSING
    return path[:1] == ("routes",) and "::/0" in str(now)


def allowed_env(item, path, was, now, config):
    at = path.index("env")
    container = item_at(item, path[:at])
    if path[at - 2] == "initContainers" or not isinstance(container, dict) or container.get("name") != "calico-node":
        return False
    if len(path) == at + 1:  # The whole list is new.
        entries = now if was is MISSING or was is None else []
        return bool(entries) and all(FAMILY_SWITCHES.get(entry.get("name"), lambda *_: False)(entry.get("value"), config) for entry in entries)
    if was is MISSING and len(path) == at + 2:
        return set(now) == {"name", "value"} and FAMILY_SWITCHES.get(now["name"], lambda *_: False)(now["value"], config)
    entry = item_at(item, path[:at + 2])
    name = entry.get("name") if isinstance(entry, dict) else None
    return path[at + 2:] == ("value",) and name in FAMILY_SWITCHES and FAMILY_SWITCHES[name](now, config)


def allowed_argument(item, path, was, now, config):
    at = next(index for index, step in enumerate(path) if step in ("command", "args"))
    container = item_at(item, path[:at])
    if was is MISSING:
        return isinstance(now, str) and any(now.startswith(f"--{flag}=") for flag in OTHER_FLAGS)
    if not isinstance(was, str) or not isinstance(now, str):
        return False
    if " " in was:  # A command line in one string.
        return allowed_arguments(was.split(), now.split(), config)
    arguments = container[path[at]]
    index = path[at + 1]
    if was.startswith("--"):
        return allowed_arguments([was], [now], config) or re.sub("-ipv[46]", "", now) == was.replace("_", "-") or re.sub("-ipv[46]", "", now) == was
    return index > 0 and allowed_flag(arguments[index - 1][2:].replace("_", "-"), was, now, config)


KUBEADM = {"podSubnet": "Pod", "serviceSubnet": "Service", "clusterCIDR": "Pod", "SERVICE_PREFIX": "Service"}


def allowed_field(kind, path, was, now, config):
    """Fields of objects that are neither workloads nor CNI configs."""
    last, text = path[-1], dotted(path)
    if last in KUBEADM:
        return is_completed(was, now, config, KUBEADM[last])
    if "IPv6DualStack" in path or last in ("featureGates", "feature-gates"):
        return True
    if "extraArgs" in text or "kubeletExtraArgs" in text:
        return allowed_extra_args(path, was, now, config)
    rules = {
        "Installation": r"^spec(\.calicoNetwork.*)?$|^spec\.serviceCIDRs",
        "HelmChartProxy": r"\.\|\.",
        "HelmChartConfig": r"\.\|\.",
        "HelmChart": r"\.\|\.",
        "Application": r"^spec\.source",
        "IPPool": r"^spec\.(cidr|ipipMode|natOutgoing|vxlanMode)$",
        "FelixConfiguration": r"^spec\.ipv6Support$",
        "BGPConfiguration": r"^spec\.serviceClusterIPs",
        "Cluster": r"^spec\.clusterNetwork\.(pods|services)\.cidrBlocks|^networking\.ipFamily$|adm[A-Za-z0-9]*Patches",
        "ClusterConfig": r"^spec\.network\.(dualStack|calico)",
        "Network": r"^spec\.(clusterNetwork|serviceNetwork)",
        "Shoot": r"^spec\.networking\.ipFamilies",
        "KubeNetworkConfig": r"^(podSubnets|serviceSubnets|nodeCIDRMaskSize)",
        "ServiceCIDR": r"^spec\.cidrs",
        "KubeProxyConfiguration": r"^mode$",
        "ConfigMap": r"^data\.[^.]*(\.[a-z]+)?\.\|\.(mode|networking)",
    }
    return kind in rules and re.search(rules[kind], text) is not None


def allowed_extra_args(path, was, now, config):
    """extraArgs of kubeadm, as a map or as a list of name and value."""
    names = {*RANGE_FLAGS, *OTHER_FLAGS}
    if path[-1] in names:
        return was is MISSING or now is MISSING or allowed_flag(path[-1], was, now, config)
    if was is MISSING:
        return isinstance(now, dict) and (now.get("name") in names or set(now) <= names)
    if path[-1] == "name":
        return now in names and was in names
    return path[-1] == "value" and isinstance(now, str)


# === What must be there ===

def missing(item, items, config):
    """What the how-to requires of an object that is not there."""
    if not isinstance(item, dict) or config.get("mode") == "IPv6Only":
        return
    if item.get("kind") == "DaemonSet":
        yield from missing_in_daemon_set(item, items, config)
    if item.get("kind") == "ConfigMap":
        yield from missing_in_config_map(item, config)


def cni_config(daemon_set, items):
    """The CNI config that the DaemonSet installs: the references of its containers are followed."""
    template = item_at(daemon_set, ("spec", "template", "spec")) or {}
    for container in [*(template.get("initContainers") or []), *(template.get("containers") or [])]:
        for entry in container.get("env") or []:
            if entry.get("name") != "CNI_NETWORK_CONFIG":
                continue
            if "value" in entry:
                return inner(entry["value"])
            reference = (entry.get("valueFrom") or {}).get("configMapKeyRef") or {}
            for other in items:
                if other.get("kind") == "ConfigMap" and (other.get("metadata") or {}).get("name") == reference.get("name"):
                    return inner(str((other.get("data") or {}).get(reference.get("key"), "")))
    return None


def calico_plugins(config):
    if not isinstance(config, dict):
        return
    if config.get("type") == "calico":
        yield config
    for plugin in config.get("plugins") or []:
        yield from calico_plugins(plugin)
        yield from calico_plugins(plugin.get("delegate") if isinstance(plugin, dict) else None)


def environment(container, items, namespace):
    """name -> value, references to ConfigMaps followed; the last entry wins."""
    values = {}
    for entry in container.get("env") or []:
        value = entry.get("value")
        reference = (entry.get("valueFrom") or {}).get("configMapKeyRef")
        if reference:
            data = [other.get("data") or {} for other in items if (other.get("metadata") or {}).get("name") == reference.get("name")]
            value = data[0].get(reference.get("key")) if data else None
        values[entry.get("name")] = value
    return values


def missing_in_daemon_set(item, items, config):
    template = item_at(item, ("spec", "template", "spec")) or {}
    containers = [container for container in template.get("containers") or [] if container.get("name") == "calico-node"]
    windows = "windows" in str(template.get("nodeSelector"))
    operator = "operator.tigera.io" in str((item.get("metadata") or {}).get("ownerReferences"))
    plugins = list(calico_plugins(cni_config(item, items)))
    if not containers or windows or operator or not plugins:
        return
    env = environment(containers[0], items, "")
    if any((plugin.get("ipam") or {}).get("type") != "calico-ipam" for plugin in plugins) or env.get("CALICO_NETWORKING_BACKEND") == "none":
        return
    for plugin in plugins:
        for key in ("assign_ipv4", "assign_ipv6"):
            if plugin["ipam"].get(key) != "true":
                yield f"{name_of(item)}: `{key}` of its CNI config is {plugin['ipam'].get(key)!r}, and must be 'true'"
    if env.get("IP6") != "autodetect":
        yield f"{name_of(item)}: IP6 is {env.get('IP6')!r}, and must be 'autodetect'"
    if env.get("FELIX_IPV6SUPPORT") != "true":
        yield f"{name_of(item)}: FELIX_IPV6SUPPORT is {env.get('FELIX_IPV6SUPPORT')!r}, and must be 'true'"
    pool = env.get("CALICO_IPV6POOL_CIDR")
    if str(env.get("NO_DEFAULT_POOLS")).lower() == "true":
        if pool:
            yield f"{name_of(item)}: CALICO_IPV6POOL_CIDR beside NO_DEFAULT_POOLS=true makes calico-node terminate"
    elif not is_range(pool, config.get("ipv6PodCIDR")):
        yield f"{name_of(item)}: CALICO_IPV6POOL_CIDR is {pool!r}"


def missing_in_config_map(item, config):
    """Calico reads podSubnet with the regular expression `podSubnet: (.*)` and takes the parts as they are."""
    text = (item.get("data") or {}).get("ClusterConfiguration")
    if (item.get("metadata") or {}).get("name") != "kubeadm-config" or not isinstance(text, str) or not config.get("ipv6PodCIDR"):
        return
    line = re.search(r"podSubnet: (.*)", text)
    if line is None:
        return
    versions = set()
    for part in line.group(1).split(","):
        try:
            versions.add(ipaddress.ip_network(part, strict=False).version)
        except ValueError:
            yield f"{name_of(item)}: calico-node cannot read {part!r} of podSubnet"
    if versions != {4, 6}:
        yield f"{name_of(item)}: calico-node reads {line.group(1)!r} of podSubnet, which has not both families"


if __name__ == "__main__":
    import sys

    before, after = (open(name, encoding="utf-8").read() for name in sys.argv[1:3])
    found = check(before, dict(word.split("=", 1) for word in sys.argv[3:]), after)
    print("\n".join(found) or "right")
    sys.exit(bool(found) or not os.path.exists(sys.argv[1]))
