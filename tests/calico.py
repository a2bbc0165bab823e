"""A small Calico, in which one word must change, for the tests in Python."""

CALICO = """apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: calico-node
  namespace: kube-system
spec:
  template:
    spec:
      containers:
      - name: calico-node
        image: docker.io/calico/node:v3.30.0
        env:
        - name: CNI_NETWORK_CONFIG
          value: '{"type": "calico", "ipam": {"type": "calico-ipam", "assign_ipv4": "true", "assign_ipv6": "true"}}'
        - {name: IP, value: autodetect}
        - {name: IP6, value: autodetect}
        - {name: CALICO_IPV6POOL_CIDR, value: "fd00:10:244::/56"}
        - {name: CALICO_IPV6POOL_NAT_OUTGOING, value: "true"}
        - {name: FELIX_IPV6SUPPORT, value: "false"}
"""


def item(text):
    """The object as an item of a list."""
    return "- " + text.replace("\n", "\n  ").rstrip(" ")
