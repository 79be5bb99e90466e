package main

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/probes"
	"bongsu/store"
	"bongsu/web"
)

// beats hears from what reports in by itself and answers the checks that wait
// for it. It outlives reloads: a report is missed by none.
type beats struct {
	store *store.Store
	key   []byte
	since time.Time

	mu     sync.Mutex
	last   map[string]probes.Beat
	checks map[[sha256.Size]byte]string // by the hash of the token
}

// newBeats goes on from the reports that are kept. It listens from now on.
func newBeats(ctx context.Context, s *store.Store, keys *store.Keys, now time.Time) (*beats, error) {
	b := &beats{store: s, key: keys.Derive("heartbeat tokens"), since: now, last: map[string]probes.Beat{}}
	kept, err := s.Beats(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range kept {
		b.last[k.Check] = probes.Beat{At: k.At, Code: k.Code, Took: k.Took, Reason: k.Reason}
	}
	return b, nil
}

// expect says which checks reports are taken for.
func (b *beats) expect(cfg *config.Config) {
	checks := map[[sha256.Size]byte]string{}
	for _, c := range heartbeats(cfg) {
		checks[sha256.Sum256([]byte(beatToken(b.key, c.ID)))] = c.ID
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.checks = checks
}

// Beat implements [web.Beats].
func (b *beats) Beat(ctx context.Context, token string, beat web.Beat) error {
	b.mu.Lock()
	check, known := b.checks[sha256.Sum256([]byte(token))]
	b.mu.Unlock()
	if !known {
		return web.ErrNoBeat
	}
	err := b.store.SaveBeat(ctx, store.Beat{Check: check, At: beat.At, Code: beat.Code, Took: beat.Took, Reason: beat.Reason})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !beat.At.Before(b.last[check].At) {
		b.last[check] = probes.Beat{At: beat.At, Code: beat.Code, Took: beat.Took, Reason: beat.Reason}
	}
	return nil
}

// Last implements [probes.Beats].
func (b *beats) Last(check string) (probes.Beat, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	beat, ok := b.last[check]
	return beat, ok
}

// Since implements [probes.Beats].
func (b *beats) Since() time.Time { return b.since }

// beatToken is the secret part of the address that a check's reports come to.
// It follows from the keys, so it is the same after every start, and nobody
// keeps it.
func beatToken(key []byte, check string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(check))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// heartbeats are the checks that wait for reports.
func heartbeats(cfg *config.Config) []config.Check {
	return slices.DeleteFunc(append(cfg.Checks(), cfg.Controls()...), func(c config.Check) bool {
		return !slices.ContainsFunc(c.Steps, func(s probes.Step) bool {
			_, waits := s.(*probes.Heartbeat)
			return waits
		})
	})
}

func heartbeatsCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "heartbeats",
		Short: "List the addresses that jobs report to, and when each last did",
		Long: `Lists each check that waits for something to report in, with the address that its
reports come to and the latest report. Whoever has an address can report, so treat
it as a secret.

A job reports with a GET or POST: /beat/TOKEN is well, /beat/TOKEN/fail or
/beat/TOKEN/CODE tells an exit code, and ?ms= how long it took.`,
		Example: `  bongsu heartbeats
  backup.sh; curl -fsS -m 10 --retry 5 "https://status.example/beat/TOKEN/$?"`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadBeside(path)
			if err != nil {
				return err
			}
			keys, err := keysOf(cfg)
			if err != nil {
				return err
			}
			return openBeside(c.Context(), cfg, func(s *store.Store) error {
				b, err := newBeats(c.Context(), s, keys, time.Now())
				if err != nil {
					return err
				}
				return listBeats(c, cfg, b)
			})
		},
	}
	configFlag(c, &path)
	return c
}

func listBeats(c *cobra.Command, cfg *config.Config, b *beats) error {
	checks := heartbeats(cfg)
	if len(checks) == 0 {
		_, err := fmt.Fprintln(c.OutOrStdout(), "No check waits for reports. `heartbeat: NAME` with `within:` makes one.")
		return err
	}
	site := cfg.Model().Site
	table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CHECK\tLATEST REPORT\tADDRESS")
	for _, check := range checks {
		latest := "none yet"
		if beat, ok := b.Last(check.ID); ok {
			latest = fmt.Sprintf("%s, code %d", beat.At.In(cmp.Or(site.Zone, time.UTC)).Format("2006-01-02 15:04:05"), beat.Code)
		}
		fmt.Fprintf(table, "%s\t%s\t%s/beat/%s\n", check.ID, latest, site.URL, beatToken(b.key, check.ID))
	}
	return table.Flush()
}
