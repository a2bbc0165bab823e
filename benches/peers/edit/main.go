// The edit of Calico's calico.yaml that enable-dual-stack makes, as a function on kyaml's framework.
package main

import (
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/fn/framework/command"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

const (
	before = `"type": "calico-ipam"`
	after  = before + `,
          "assign_ipv4": "true",
          "assign_ipv6": "true"`
)

var variables = [][2]string{
	{"IP6", "autodetect"},
	{"CALICO_IPV6POOL_CIDR", "fd00:10:244::/56"},
	{"CALICO_IPV6POOL_NAT_OUTGOING", "true"},
}

func main() {
	edit := framework.ResourceListProcessorFunc(func(list *framework.ResourceList) error {
		for _, item := range list.Items {
			var err error
			switch {
			case item.GetKind() == "ConfigMap" && strings.HasPrefix(item.GetName(), "calico-config"):
				err = cniConfig(item)
			case item.GetKind() == "DaemonSet" && strings.HasPrefix(item.GetName(), "calico-node"):
				err = environment(item)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := command.Build(edit, command.StandaloneEnabled, false).Execute(); err != nil {
		os.Exit(1)
	}
}

func cniConfig(configMap *yaml.RNode) error {
	field, err := configMap.Pipe(yaml.Lookup("data", "cni_network_config"))
	if err != nil || field == nil {
		return fmt.Errorf("there is no CNI config: %w", err)
	}
	node := field.YNode()
	node.Value = strings.Replace(node.Value, before, after, 1)
	return nil
}

func environment(daemonSet *yaml.RNode) error {
	env, err := daemonSet.Pipe(yaml.Lookup("spec", "template", "spec", "containers", "[name=calico-node]", "env"))
	if err != nil || env == nil {
		return fmt.Errorf("there is no env: %w", err)
	}
	_, err = env.Pipe(yaml.Lookup("[name=FELIX_IPV6SUPPORT]"), yaml.SetField("value", text("true")))
	if err != nil {
		return err
	}
	for _, variable := range variables {
		entry := yaml.NewMapRNode(nil)
		for _, field := range [][2]string{{"name", variable[0]}, {"value", variable[1]}} {
			if err := entry.PipeE(yaml.SetField(field[0], text(field[1]))); err != nil {
				return err
			}
		}
		if err := env.PipeE(yaml.Append(entry.YNode())); err != nil {
			return err
		}
	}
	return nil
}

func text(value string) *yaml.RNode {
	node := yaml.NewStringRNode(value)
	node.YNode().Style = yaml.DoubleQuotedStyle
	return node
}
