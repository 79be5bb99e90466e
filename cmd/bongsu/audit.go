package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bongsu/store"
)

func auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Read the audit log, and prove that nobody has changed it",
		Long: `The audit log says who did what, and when. Each entry carries the hash of the one
before, so none can be changed, removed or put in unseen.`,
	}
	c.AddCommand(auditListCommand(), auditVerifyCommand())
	return c
}

func auditListCommand() *cobra.Command {
	var path string
	var after int64
	var most int
	c := &cobra.Command{
		Use:   "list",
		Short: "List entries of the audit log",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if after < 0 || most < 1 {
				return errors.New("--after is 0 or more, --most is 1 or more")
			}
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				entries, err := s.Entries(c.Context(), after, most)
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "NUMBER\tAT\tWHO\tDEED\tABOUT\tWHAT")
				for _, e := range entries {
					fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", e.Number, e.At.Local().Format("2006-01-02 15:04:05"),
						oneLine(e.Who.Name), oneLine(string(e.Deed)), oneLine(e.About), oneLine(e.Detail))
				}
				return table.Flush()
			})
		},
	}
	configFlag(c, &path)
	c.Flags().Int64Var(&after, "after", 0, "only entries after this number")
	c.Flags().IntVar(&most, "most", 1000, "at most so many")
	return c
}

// oneLine keeps an entry in its row.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func auditVerifyCommand() *cobra.Command {
	var path, head string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Prove that the audit log is what was written",
		Long: `Goes over the whole log and prints its last entry as NUMBER:HASH. Note that one
elsewhere: with --head NUMBER:HASH a later run also proves that nothing up to it was
cut off or written anew.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				last, err := s.VerifyAudit(c.Context())
				if err != nil {
					return err
				}
				if err := hasHead(c, s, head); err != nil {
					return err
				}
				if last.Number == 0 {
					_, err = fmt.Fprintln(c.OutOrStdout(), "The audit log is empty.")
				} else {
					_, err = fmt.Fprintf(c.OutOrStdout(), "The audit log is whole. Its last entry is %d:%s\n", last.Number, last.Hash)
				}
				return err
			})
		},
	}
	configFlag(c, &path)
	c.Flags().StringVar(&head, "head", "", "an entry that was noted earlier, as NUMBER:HASH")
	return c
}

// hasHead says whether the log still has an entry that was noted earlier.
func hasHead(c *cobra.Command, s *store.Store, head string) error {
	if head == "" {
		return nil
	}
	var number int64
	var hash string
	if _, err := fmt.Sscanf(strings.Replace(head, ":", " ", 1), "%d %s", &number, &hash); err != nil || number < 1 {
		return fmt.Errorf("--head: %q is not NUMBER:HASH, as `bongsu audit verify` prints it", head)
	}
	entries, err := s.Entries(c.Context(), number-1, 1)
	if err != nil {
		return err
	}
	if len(entries) == 0 || entries[0].Number != number || entries[0].Hash != hash {
		return fmt.Errorf("entry %d is not the one that was noted: the log was cut off or written anew since", number)
	}
	return nil
}
