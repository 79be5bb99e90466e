package main

import (
	"github.com/spf13/cobra"

	"bongsu/status"
)

func sayCommand() *cobra.Command {
	var d deed
	var notify bool
	c := &cobra.Command{
		Use:   "say INCIDENT TEXT",
		Short: "Add an update to an incident, from the shell",
		Long: `Adds an update to an open incident, named by its id or its check code. The server
shows it within a second. Without a running server it is kept, and shown when
one starts.

The text is in the site's first language unless --lang names another. The page
names --author beside it. What others have said, expectations and corrections go
by ` + "`bongsu incident`" + `.`,
		Example: `  bongsu say 7F3K "공통 로그인의 일부가 응답합니다. 결제는 아직 안 됩니다."
  bongsu say 7F3K --lang en --notify "Some logins answer again. Payments still fail."`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := sayable(args[1]); err != nil {
				return err
			}
			return d.run(c.Context(), c.OutOrStdout(), "update %s", func(desk *desk) (status.Command, error) {
				id, err := desk.open(args[0])
				return status.Command{
					Incident: id,
					Note:     &status.NoteDraft{Text: desk.text(args[1]), Author: d.author, Notify: notify},
				}, err
			})
		},
	}
	d.flags(c)
	c.Flags().BoolVar(&notify, "notify", false, "send it to subscribers too")
	return c
}
