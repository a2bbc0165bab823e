// Reads function.yaml with kyaml's own type, strictly, and validates functionConfigs with the schema in it.
//
//	function.yaml on stdin; arguments: files with a functionConfig each
package main

import (
	"fmt"
	"io"
	"os"

	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/yaml"
)

func check() error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var definition framework.KRMFunctionDefinition
	if err := yaml.UnmarshalStrict(text, &definition); err != nil {
		return fmt.Errorf("function.yaml: %w", err)
	}
	if definition.Kind != framework.FunctionDefinitionKind || definition.APIVersion != framework.FunctionDefinitionGroupVersion {
		return fmt.Errorf("function.yaml is a %s of %s", definition.Kind, definition.APIVersion)
	}
	spec := definition.Spec
	gvk := resid.Gvk{Group: spec.Group, Version: spec.Versions[0].Name, Kind: spec.Names.Kind}
	schema, err := framework.SchemaFromFunctionDefinition(gvk, string(text))
	if err != nil {
		return err
	}
	validator := validate.NewSchemaValidator(schema, nil, "", strfmt.Default)
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var config map[string]any
		if err := yaml.UnmarshalStrict(text, &config); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := validator.Validate(config).AsError(); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func main() {
	if err := check(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
