package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bongsu/notifier/webpush"
)

func webpushKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "webpush-key",
		Short: "Make the key that web pushes are signed with",
		Long: `Prints a new private key (VAPID, RFC 8292). Keep it where only the server reads
it, and name it in the gateway's settings:

  umask 077; bongsu webpush-key > webpush.key
  gateways: [{kind: webpush, private_key: "file:webpush.key", contact: ops@status.example}]

Browsers subscribe under its public half, which the page gives them. A
subscription ends with the key, so keep a copy.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			key, err := webpush.NewKey()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), key)
			return err
		},
	}
}
