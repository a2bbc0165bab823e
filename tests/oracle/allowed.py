"""What may change: a difference of an object is allowed where a rule here knows its place and its new value.

Every value that comes must be a range of the configuration, in canonical form, or one of the few words that the
documentation gives for the place: nothing is invented.
"""

import ipaddress
import re

from documents import MISSING, dotted, inner


def is_range(text, configured=None):
    """Whether `text` is a range in canonical form; the configured one, if one is configured."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return False
    return str(network) == text and (configured is None or network == ipaddress.ip_network(configured, strict=False))


def family(text):
    try:
        return ipaddress.ip_network(text.strip(), strict=False).version
    except (ValueError, AttributeError):
        return None


def is_added(text, config, role):
    """Whether `text` is the range of the configuration for this role, of either family."""
    field = f"ipv{family(text)}{role}CIDR"
    # A range that the configuration leaves out comes from the package itself.
    return family(text) is not None and is_range(text, config.get(field))


def is_completed(was, now, config, role):
    """Whether a comma list of one family got the other family's range appended, and nothing else."""
    if not isinstance(was, str) or not isinstance(now, str) or not now.startswith(was + ","):
        return False
    added = now[len(was) + 1 :]
    return is_added(added, config, role) and family(added) != family(was) is not None


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
    kind = item.get("kind")
    if "ipam" in path and "|" in path:
        return allowed_ipam(path[path.index("ipam") + 1 :], was, now, config)
    if kind == "DaemonSet" and config.get("bird6Probes") == "true" and "Probe" in dotted(path):
        return isinstance(now, str) and now.replace("bird6", "bird") == was
    if kind in WORKLOADS and "env" in path:
        return allowed_env(item, path, was, now, config)
    if kind in WORKLOADS and ("command" in path or "args" in path):
        return allowed_argument(item, path, was, now, config)
    if kind == "ConfigMap" and path[:1] == ("data",) and path[-1] in VARIABLES:
        return VARIABLES[path[-1]](now, config)
    fields = (fits for kinds, place, fits in FIELDS if (kinds is None or kind in kinds) and re.search(place, dotted(path)))
    return any(fits(was, now, config) for fits in fields)


WORKLOADS = ("DaemonSet", "Deployment", "Pod", "StatefulSet")

# === Calico: variables and IPAM ===

only_v6 = lambda config: config.get("mode") == "IPv6Only"
VARIABLES = {
    "IP6": lambda value, config: value == "autodetect",
    "CALICO_IPV6POOL_CIDR": lambda value, config: is_range(value, config.get("ipv6PodCIDR")),
    "FELIX_IPV6SUPPORT": lambda value, config: value == "true",
    "CALICO_IPV6POOL_NAT_OUTGOING": lambda value, config: value == config.get("natOutgoing", value) and value in ("true", "false"),
    "CALICO_IPV6POOL_VXLAN": lambda value, config: value in ("Always", "CrossSubnet", "Never"),
    "CALICO_IPV6POOL_BLOCK_SIZE": lambda value, config: value == str(config.get("ipv6BlockSize")),
    "IP6_AUTODETECTION_METHOD": lambda value, config: value == config.get("ipv6AutodetectionMethod"),
    # A package that is IPv6 first gets IPv4: the node's address, and the way its pool travels.
    "IP": lambda value, config: value == ("none" if only_v6(config) else "autodetect"),
    "CALICO_IPV4POOL_VXLAN": lambda value, config: not only_v6(config) and value in ("Always", "CrossSubnet"),
    "CALICO_IPV4POOL_CIDR": lambda value, config: value == "none" if only_v6(config) else is_range(value, config.get("ipv4PodCIDR")),
    "CALICO_ROUTER_ID": lambda value, config: only_v6(config) and value == "hash",
}


def allowed_ipam(path, was, now, config):
    if path in (("assign_ipv4",), ("assign_ipv6",)):
        return now == ("false" if only_v6(config) and path == ("assign_ipv4",) else "true")
    if path == ("type",):
        return config.get("ipam") == "CalicoIPAM" and now == "calico-ipam"
    sets = [[{"subnet": "usePodCidr"}], [{"subnet": "usePodCidrIPv6"}]]
    converted = now is MISSING and config.get("ipam") == "CalicoIPAM"
    if path == ("subnet",):
        return now is MISSING or (only_v6(config) and (was, now) == ("usePodCidr", "usePodCidrIPv6"))
    if path == ("ranges",):
        return converted or now in (sets, sets[1:])
    if path[:1] == ("ranges",) and len(path) == 2:
        return now in sets or (only_v6(config) and was in sets and now is MISSING)
    if path[:1] == ("ranges",):
        return only_v6(config) and (was, now) == ("usePodCidr", "usePodCidrIPv6")
    routes = [[{"dst": "::/0"}], {"dst": "::/0"}, [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]]
    return path[:1] == ("routes",) and (converted or now in routes or (only_v6(config) and now is MISSING))


def allowed_env(item, path, was, now, config):
    at = path.index("env")
    container = item_at(item, path[:at])
    fits = lambda entry: set(entry) == {"name", "value"} and entry["name"] in VARIABLES and VARIABLES[entry["name"]](entry["value"], config)
    if path[at - 2] == "initContainers" or not isinstance(container, dict) or container.get("name") != "calico-node":
        return False
    if len(path) == at + 1:  # The whole list is new.
        return was in (MISSING, None) and bool(now) and all(map(fits, now))
    if len(path) == at + 2:
        return was is MISSING and fits(now)
    entry = item_at(item, path[: at + 2])
    name = entry.get("name") if isinstance(entry, dict) else None
    return path[at + 2 :] == ("value",) and name in VARIABLES and VARIABLES[name](now, config)


# === Kubernetes: flags ===

RANGE_FLAGS = {"cluster-cidr": "Pod", "service-cluster-ip-range": "Service"}
MASKS = ("node-cidr-mask-size", "node-cidr-mask-size-ipv4", "node-cidr-mask-size-ipv6")
GATES = ("IPv6DualStack=true", "EndpointSlice=true")


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
    if name in MASKS:
        # The one mask gets the name of its family; a mask of IPv6 is at most 128.
        return was is None or now is None or (was.isdigit() and now.isdigit() and int(now) <= 128)
    if name == "feature-gates":
        return allowed_gates(was, now)
    return (name, was, now) == ("proxy-mode", was, "ipvs") or (name == "node-ip" and set(map(address_family, now.split(","))) == {4, 6})


def address_family(text):
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return None


def allowed_gates(was, now):
    """Whether only the gates of dual-stack came or went."""
    gates = lambda text: set((text or "").split(",")) - {""}
    return all(gate.split("=")[0] in ("IPv6DualStack", "EndpointSlice") for gate in gates(was) ^ gates(now))


def allowed_arguments(was, now, config):
    """Whether two texts of arguments differ in flags that may change only."""
    old, new = flags(was), flags(now)
    return all(old.get(key) == new.get(key) or allowed_flag(key, old.get(key), new.get(key), config) for key in {*old, *new})


def allowed_argument(item, path, was, now, config):
    at = next(index for index, step in enumerate(path) if step in ("command", "args"))
    arguments = item_at(item, path[: at + 1])
    if was is MISSING or now is MISSING:
        old, new = ([] if text is MISSING else [text] for text in (was, now))
        if len(path) == at + 1:
            return was is MISSING and all(allowed_arguments([], [flag], config) for flag in now)
        return allowed_arguments(old, new, config)
    if not isinstance(was, str) or not isinstance(now, str):
        return False
    if " " in was:  # A command line in one string.
        return allowed_arguments(was.split(), now.split(), config)
    if was.startswith("--"):
        return allowed_arguments([was], [now], config)
    index = path[at + 1]
    return index > 0 and allowed_flag(arguments[index - 1][2:].replace("_", "-"), was, now, config)


# === Fields of other objects ===

def completed(role):
    return lambda was, now, config: is_completed(was, now, config, role)


def added(role):
    """A range of the configuration is new here, as an item, as a list of its own, or behind the ones that were there."""
    return lambda was, now, config: was in (MISSING, None) and (all(is_added(one, config, role) for one in now) if isinstance(now, list) and now else is_added(now, config, role))


def becomes(*values):
    return lambda was, now, config: any(type(now) is type(value) and now == value for value in values)


def kind_subnet(role, default):
    """kind's own IPv4 range beside the configured one; or the range that is there, completed."""

    def fits(was, now, config):
        if was is not MISSING:
            return is_completed(was, now, config, role)
        first, _, second = now.partition(",")
        return default in (first, second) and all(one == default or is_added(one, config, role) for one in (first, second))

    return fits


KIND = {"ipFamily": becomes("dual"), "podSubnet": kind_subnet("Pod", "10.244.0.0/16"), "serviceSubnet": kind_subnet("Service", "10.96.0.0/16")}


def each(fields):
    """A mapping of which every entry fits, whether it is new as a whole or not."""
    return lambda was, now, config: was in (MISSING, None) and isinstance(now, dict) and bool(now) and all(key in fields and fields[key](MISSING, value, config) for key, value in now.items())


def each_of(fields):
    """A list of such mappings, new as a whole or with a new item."""
    fits = each(fields)
    return lambda was, now, config: was in (MISSING, None) and all(fits(MISSING, one, config) for one in (now if isinstance(now, list) else [now]))


def block_size(was, now, config):
    return isinstance(now, int) and 20 <= now <= 128 and (family(config.get("ipv6PodCIDR")) is None or now in (26, int(config.get("ipv6BlockSize", 122))))


ENCAPSULATION = becomes("None", "VXLAN", "VXLANCrossSubnet")
POOL = {
    "name": becomes("default-ipv6-ippool", "default-ipv4-ippool"),
    "cidr": lambda was, now, config: is_added(now, config, "Pod"),
    "blockSize": block_size,
    "encapsulation": ENCAPSULATION,
    "natOutgoing": becomes("Enabled", "Disabled"),
    "nodeSelector": becomes("all()"),
}
GATE = lambda was, now, config: now is True or now is MISSING
DETECTIONS = {"first-found": {"firstFound": True}, "kubernetes-internal-ip": {"kubernetes": "NodeInternalIP"}}


def detection(was, now, config):
    """The method of the configuration, if it names one."""
    if now is MISSING:
        return only_v6(config)
    method = config.get("ipv6AutodetectionMethod")
    return now in ([DETECTIONS[method]] if method else DETECTIONS.values())



POOLS = r"(^|\.)calicoNetwork\.ipPools"
OPERATOR = ("Installation", "HelmChartProxy", "HelmChartConfig", "HelmChart", "HelmRelease", "Application")
EXTRA_NAMES = {*RANGE_FLAGS, *MASKS, "feature-gates", "node-ip"}


def extra_argument(was, now, config):
    """An entry of extraArgs, as a list of name and value: new, renamed, or with another value."""
    if was is MISSING and isinstance(now, dict):
        return now.get("name") in EXTRA_NAMES and set(now) == {"name", "value"} and allowed_flag(now["name"], None, now["value"], config)
    return now is MISSING or now in EXTRA_NAMES or any(allowed_flag(name, was, now, config) for name in EXTRA_NAMES)


def extra_arguments(was, now, config):
    return was in (MISSING, None) and isinstance(now, dict) and all(name in EXTRA_NAMES and allowed_flag(name, None, value, config) for name, value in now.items())


# Kinds (None: all), the end of the place, and whether the old and the new value fit. A document in a string is behind a `|`.
FIELDS = [
    (OPERATOR, POOLS + r"(\[\d+\])?$", each_of(POOL)),
    *((OPERATOR, POOLS + rf"\[\d+\]\.{field}$", fits) for field, fits in POOL.items()),
    (OPERATOR, r"(^|\.)calicoNetwork\.nodeAddressAutodetectionV[46]$", detection),
    (OPERATOR, r"(^|\.)calicoNetwork$", each({"ipPools": each_of(POOL), "nodeAddressAutodetectionV6": detection})),
    (OPERATOR, r"(^|\.)serviceCIDRs(\[\d+\])?$", added("Service")),
    (("IPPool",), r"^spec\.cidr$", lambda was, now, config: is_range(now) and ipaddress.ip_network(was, strict=False) == ipaddress.ip_network(now)),
    (("IPPool",), r"^spec\.natOutgoing$", becomes(True)),
    (("IPPool",), r"^spec\.ipipMode$", becomes("Never")),
    (("IPPool",), r"^spec\.vxlanMode$", becomes("Always", "CrossSubnet", "Never")),
    (("FelixConfiguration",), r"^spec\.ipv6Support$", becomes(True)),
    (("BGPConfiguration",), r"^spec\.serviceClusterIPs\[\d+\]$", each({"cidr": added("Service")})),
    (("ConfigMap",), r"net-conf\.json\.\|\.EnableIPv4$", lambda was, now, config: now is False and only_v6(config)),
    (("ConfigMap",), r"net-conf\.json\.\|\.EnableIPv6$", becomes(True)),
    (("ConfigMap",), r"net-conf\.json\.\|\.IPv6Network$", added("Pod")),
    (("ConfigMap",), r"^data\.SERVICE_PREFIX$", completed("Service")),
    (("ConfigMap", "ClusterConfiguration", "Cluster", "KubeadmControlPlane", "KubeadmControlPlaneTemplate", "KubeadmConfig"), r"networking\.podSubnet$", completed("Pod")),
    (("ConfigMap", "ClusterConfiguration", "Cluster", "KubeadmControlPlane", "KubeadmControlPlaneTemplate", "KubeadmConfig"), r"networking\.serviceSubnet$", completed("Service")),
    (("ConfigMap", "KubeProxyConfiguration"), r"(^|\.)clusterCIDR$", completed("Pod")),
    (("ConfigMap", "KubeProxyConfiguration"), r"(^|\.)mode$", becomes("ipvs")),
    (("Cluster",), r"^networking$", each(KIND)),
    *((("Cluster",), rf"^networking\.{field}$", fits) for field, fits in KIND.items()),
    (("Cluster",), r"^spec\.clusterNetwork\.pods\.cidrBlocks\[\d+\]$", added("Pod")),
    (("Cluster",), r"^spec\.clusterNetwork\.services\.cidrBlocks\[\d+\]$", added("Service")),
    (("ClusterConfig",), r"^spec\.network\.dualStack$", each({"enabled": becomes(True), "IPv6podCIDR": added("Pod"), "IPv6serviceCIDR": added("Service")})),
    (("ClusterConfig",), r"^spec\.network\.dualStack\.enabled$", becomes(True)),
    (("ClusterConfig",), r"^spec\.network\.dualStack\.IPv6podCIDR$", added("Pod")),
    (("ClusterConfig",), r"^spec\.network\.dualStack\.IPv6serviceCIDR$", added("Service")),
    (("ClusterConfig",), r"^spec\.network\.calico\.mode$", becomes("bird")),
    (("Network",), r"^spec\.clusterNetwork\[\d+\]$", each({"cidr": added("Pod"), "hostPrefix": becomes(64, 23)})),
    (("Network",), r"^spec\.serviceNetwork\[\d+\]$", added("Service")),
    (("Shoot",), r"^spec\.networking\.ipFamilies(\[\d+\])?$", becomes("IPv4", "IPv6", ["IPv4", "IPv6"], ["IPv6", "IPv4"])),
    (("KubeNetworkConfig",), r"^podSubnets\[\d+\]$", added("Pod")),
    (("KubeNetworkConfig",), r"^serviceSubnets\[\d+\]$", added("Service")),
    (("ServiceCIDR",), r"^spec\.cidrs\[\d+\]$", added("Service")),
    (None, r"(^|\.)(featureGates|feature-gates)\.IPv6DualStack$", GATE),
    (None, r"(^|\.)featureGates$", lambda was, now, config: {**(was if isinstance(was, dict) else {}), "IPv6DualStack": True} == {**(now if isinstance(now, dict) else {}), "IPv6DualStack": True}),
    (None, r"[eE]xtraArgs\[\d+\](\.name|\.value)?$", extra_argument),
    (None, r"[eE]xtraArgs$", extra_arguments),
    *((None, rf"[eE]xtraArgs\.{re.escape(name)}$", lambda was, now, config, name=name: allowed_flag(name, None if was is MISSING else was, None if now is MISSING else now, config)) for name in sorted(EXTRA_NAMES)),
]
