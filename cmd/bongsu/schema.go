package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bongsu/config"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration, for editors",
		Long: `Prints a JSON Schema (2020-12) of bongsu.yaml. Save it and name it in the first
line of the configuration to have an editor complete and check it:

  # yaml-language-server: $schema=bongsu.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			schema, err := config.Schema(kinds())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", schema)
			return err
		},
	}
}
