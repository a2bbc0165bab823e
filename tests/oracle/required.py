"""What must be there: the edits that Calico's how-to and Kubernetes' enablement steps require of an object."""

import re

from allowed import MASKS, family, flags, is_range, item_at
from documents import inner


def missing(item, items, results, config):
    """What is required of an object and is not there. Where a result says that a place was not edited, it is said, and so
    excused; but for Calico itself, where the how-to allows no excuse."""
    if not isinstance(item, dict):
        return
    if item.get("kind") == "DaemonSet":
        yield from of_calico(item, items, config)
    if item.get("kind") == "ConfigMap":
        yield from of_kubeadm_config(item, config)
    if config.get("mode") == "IPv6Only" or is_said(item, results):
        return
    yield from of_host_local(item)
    yield from of_flannel(item)
    if item.get("kind") == "Installation" and "ipv6PodCIDR" in config:
        yield from of_pairs(item, item, [("spec", "calicoNetwork", "ipPools")])
    if "ipv6PodCIDR" in config and "ipv6ServiceCIDR" in config:
        yield from of_kubernetes(item)


def name_of(item):
    metadata = item.get("metadata") or {} if isinstance(item, dict) else {}
    return f"{item.get('kind')} {metadata.get('namespace', '')}/{metadata.get('name', '')}" if isinstance(item, dict) else "?"


def is_said(item, results):
    """Whether a warning is about the object."""
    name = (item.get("metadata") or {}).get("name")
    about = [result for result in results if result.get("severity") != "info"]
    return any((result.get("resourceRef") or {}).get("kind") == item.get("kind") and (result.get("resourceRef") or {}).get("name") == name for result in about) or any(
        # Files of kubeadm and kind have no name to refer to.
        name is None and str(result.get("message")).startswith(f"{item.get('kind')} of ") for result in about
    )


# === Calico ===

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


def environment(container, items):
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


def of_calico(item, items, config):
    template = item_at(item, ("spec", "template", "spec")) or {}
    containers = [container for container in template.get("containers") or [] if container.get("name") == "calico-node"]
    windows = "windows" in str(template.get("nodeSelector"))
    operator = "operator.tigera.io" in str((item.get("metadata") or {}).get("ownerReferences"))
    plugins = list(calico_plugins(cni_config(item, items)))
    if not containers or windows or operator or not plugins:
        return
    env = environment(containers[0], items)
    if any((plugin.get("ipam") or {}).get("type") != "calico-ipam" for plugin in plugins) or env.get("CALICO_NETWORKING_BACKEND") == "none":
        return
    only_v6 = config.get("mode") == "IPv6Only"
    for plugin in plugins:
        for key, wanted in (("assign_ipv4", "false" if only_v6 else "true"), ("assign_ipv6", "true")):
            if plugin["ipam"].get(key) != wanted:
                yield f"{name_of(item)}: `{key}` of its CNI config is {plugin['ipam'].get(key)!r}, and must be {wanted!r}"
    wanted = {"IP6": "autodetect", "FELIX_IPV6SUPPORT": "true"}
    if only_v6:  # docs.tigera.io, Configure Kubernetes control plane to operate over IPv6
        wanted |= {"IP": "none"}
        if env.get("CALICO_NETWORKING_BACKEND") != "vxlan":  # Without BIRD, nobody has a router id.
            wanted |= {"CALICO_ROUTER_ID": "hash"}
    for name, value in wanted.items():
        if env.get(name) != value:
            yield f"{name_of(item)}: {name} is {env.get(name)!r}, and must be {value!r}"
    pool = env.get("CALICO_IPV6POOL_CIDR")
    if str(env.get("NO_DEFAULT_POOLS")).lower() == "true":
        if pool:
            yield f"{name_of(item)}: CALICO_IPV6POOL_CIDR beside NO_DEFAULT_POOLS=true makes calico-node terminate"
    elif not is_range(pool, config.get("ipv6PodCIDR")):
        yield f"{name_of(item)}: CALICO_IPV6POOL_CIDR is {pool!r}"


def of_host_local(item):
    """host-local gives out an address from each set of `ranges`."""
    if item.get("kind") != "ConfigMap":
        return
    for key, text in (item.get("data") or {}).items():
        for plugin in calico_plugins(inner(text) if isinstance(text, str) else None):
            ipam = plugin.get("ipam")
            if not isinstance(ipam, dict) or ipam.get("type") != "host-local":
                continue
            subnets = [entry.get("subnet") for entries in ipam.get("ranges") or [] for entry in entries]
            if bool(subnets) == ("subnet" in ipam):
                yield f"{name_of(item)}: host-local of `{key}` must have either `ranges` or `subnet`: {ipam}"
            if "usePodCidr" in (*subnets, ipam.get("subnet")) and "usePodCidrIPv6" not in subnets:
                yield f"{name_of(item)}: host-local of `{key}` gives out {subnets}, and no IPv6 addresses"


def of_flannel(item):
    """flannel has IPv6 where both are there, and does not start with one of them (flannel main.go, "IPv6Network")."""
    network = inner(str((item.get("data") or {}).get("net-conf.json", ""))) if item.get("kind") == "ConfigMap" else None
    if isinstance(network, dict) and bool(network.get("EnableIPv6")) != ("IPv6Network" in network):
        yield f"{name_of(item)}: net-conf.json has only one of `EnableIPv6` and `IPv6Network`"


def of_kubeadm_config(item, config):
    """Calico reads podSubnet with the regular expression `podSubnet: (.*)` and takes the parts as they are."""
    text = (item.get("data") or {}).get("ClusterConfiguration")
    if (item.get("metadata") or {}).get("name") != "kubeadm-config" or not isinstance(text, str) or not config.get("ipv6PodCIDR"):
        return
    line = re.search(r"podSubnet: (.*)", text)
    if line is None or config.get("mode") == "IPv6Only":
        return
    versions = {family(part) if part == part.strip() else None for part in line.group(1).split(",")}
    if None in versions:
        yield f"{name_of(item)}: calico-node cannot read all of {line.group(1)!r} of podSubnet"
    if versions != {4, 6}:
        yield f"{name_of(item)}: calico-node reads {line.group(1)!r} of podSubnet, which has not both families"


# === Kubernetes ===

COMPONENTS = {
    "kube-apiserver": ["service-cluster-ip-range"],
    "kube-controller-manager": ["cluster-cidr", "service-cluster-ip-range"],
    "kube-proxy": ["cluster-cidr"],
}
# Fields that hold a range of each family, if they are there; lists, or texts with commas. `|` goes into a string.
PAIRS = {
    "ClusterConfiguration": [("networking", "podSubnet"), ("networking", "serviceSubnet")],
    "KubeProxyConfiguration": [("clusterCIDR",)],
    "KubeNetworkConfig": [("podSubnets",), ("serviceSubnets",)],
    "Network": [("spec", "clusterNetwork"), ("spec", "serviceNetwork")],
}
IN_CONFIG_MAPS = {"kubeadm-config": ("ClusterConfiguration", "ClusterConfiguration"), "kube-proxy": ("config.conf", "KubeProxyConfiguration")}


def of_kubernetes(item):
    yield from of_components(item)
    name = (item.get("metadata") or {}).get("name")
    if item.get("kind") == "ConfigMap" and name in IN_CONFIG_MAPS:
        key, kind = IN_CONFIG_MAPS[name]
        text = (item.get("data") or {}).get(key)
        document = inner(text) if isinstance(text, str) else None
        if isinstance(document, dict):
            yield from of_pairs(item, document, PAIRS[kind])
    group = str(item.get("apiVersion")).split("/")[0]
    if group == "config.openshift.io" or item.get("kind") != "Network":
        yield from of_pairs(item, item, PAIRS.get(item.get("kind"), []))
    if item.get("kind") == "Cluster" and group == "kind.x-k8s.io" and item_at(item, ("networking", "ipFamily")) != "dual":
        yield f"{name_of(item)}: `networking.ipFamily` is not \"dual\""
    if item.get("kind") == "Cluster" and group == "cluster.x-k8s.io":
        yield from of_pairs(item, item, [("spec", "clusterNetwork", "pods", "cidrBlocks"), ("spec", "clusterNetwork", "services", "cidrBlocks")])
    if item.get("kind") == "Shoot" and set(item_at(item, ("spec", "networking", "ipFamilies")) or []) != {"IPv4", "IPv6"}:
        yield f"{name_of(item)}: `spec.networking.ipFamilies` has not both"
    if item.get("kind") == "ClusterConfig" and group == "k0s.k0sproject.io" and item_at(item, ("spec", "network", "dualStack", "enabled")) is not True:
        yield f"{name_of(item)}: `spec.network.dualStack.enabled` is not true"


def has_both(value):
    """Whether ranges are of both families; what is no range, such as a placeholder, is not looked at."""
    ranges = value.split(",") if isinstance(value, str) else [one.get("cidr") if isinstance(one, dict) else one for one in value]
    versions = {family(one) for one in ranges}
    return None in versions or versions == {4, 6}


def of_pairs(item, document, places):
    for place in places:
        value = item_at(document, place)
        if value and not has_both(value):
            yield f"{name_of(item)}: `{'.'.join(place)}` is {value!r}: one family"


def of_components(item):
    path = ("spec",) if item.get("kind") == "Pod" else ("spec", "template", "spec")
    if item.get("kind") not in ("Pod", "DaemonSet", "Deployment"):
        return
    for container in (item_at(item, path) or {}).get("containers") or []:
        words = [word for word in [*(container.get("command") or []), *(container.get("args") or [])] if isinstance(word, str)]
        words = [part for word in words for part in (word.split() if " " in word else [word])]
        component = next((word.rsplit("/")[-1] for word in words if word.rsplit("/")[-1] in COMPONENTS), None)
        found = flags(words)
        for flag in COMPONENTS.get(component, []):
            if found.get(flag) and not has_both(found[flag]):
                yield f"{name_of(item)}: --{flag} of {component} is {found[flag]!r}: one family"
        if component == "kube-controller-manager" and MASKS[0] in found and "," in found.get("cluster-cidr", ""):
            yield f"{name_of(item)}: --{MASKS[0]} stops kube-controller-manager where it has two ranges"
