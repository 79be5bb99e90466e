package store_test

import (
	"errors"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// The protocol between nodes, step by step: what a lapsed owner may still do,
// and what only the new one may.
func TestLapsedOwner(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		subscribe(t, s, 3, "sms")
		tell(t, s, noticeOf(status.EventOpened))
		p, ok, err := s.Begin(ctx, march)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		people := []notifier.Mover{{Rcpt: 1}, {Rcpt: 2}, {Rcpt: 3}}
		must(s.SavePlan(ctx, "a", p, notifier.Chunk{Cursor: 3, Done: true, Batches: []notifier.NewBatch{{Channel: "sms", Kind: "sms", People: people}}}, march))
		if err := s.SavePlan(ctx, "b", p, notifier.Chunk{Cursor: 3, Done: true}, march); !errors.Is(err, notifier.ErrFenced) {
			t.Errorf("a second planner: %v", err)
		}

		_, err = s.Join(ctx, "a", "a")
		must(err)
		r, err := s.Join(ctx, "b", "b")
		must(err)
		first := claimOne(t, s, "a")
		window := notifier.Window{Claim: first, Now: march, Limit: 2, Gateway: "sms/one", Kind: "sms"}
		grant, err := s.Authorise(ctx, window)
		must(err)
		if len(grant.Items) != 2 || grant.Last {
			t.Fatalf("granted %+v", grant)
		}
		if err := s.Finish(ctx, notifier.Finish{Claim: first, Leaving: notifier.Leaving{Now: march}}); !errors.Is(err, notifier.ErrOpen) {
			t.Errorf("closing a batch with open recipients: %v", err)
		}

		buried, err := s.Bury(ctx, "a", r.Peers[0].Beat+1)
		if err != nil || buried {
			t.Errorf("a node whose beat had moved was buried: %v", err)
		}
		buried, err = s.Bury(ctx, "a", r.Peers[0].Beat)
		if err != nil || !buried {
			t.Fatalf("a dead node was not buried: %v", err)
		}
		if _, err := s.Renew(ctx, "a"); !errors.Is(err, notifier.ErrLapsed) {
			t.Errorf("renewing a lapsed lease: %v", err)
		}
		if _, err := s.Authorise(ctx, window); !errors.Is(err, notifier.ErrFenced) {
			t.Errorf("authorising after the lapse: %v", err)
		}
		claims, err := s.Claim(ctx, notifier.ClaimQuery{Node: "a", Now: march, Channel: "sms", Lane: notifier.LaneOf(0), Limit: 1})
		if err != nil || len(claims) != 0 {
			t.Errorf("a dead node claimed %v, %v", claims, err)
		}

		second := claimOne(t, s, "b")
		doubts, err := s.Unfinished(ctx, second, false)
		must(err)
		if len(doubts) != 2 || doubts[0].Doubt.IsZero() || doubts[0].Gateway != "sms/one" {
			t.Fatalf("doubts %+v", doubts)
		}
		// The lapsed owner's answer comes late. It is a fact.
		result := notifier.Result{Batch: first.Batch, Rcpt: 1, Notice: first.Notice, Channel: "sms", Rank: notifier.Accepted, Ref: "late", Gateway: "sms/one", At: march}
		for range 2 { // entered twice, it changes nothing
			_, err = s.Enter(ctx, "a", []notifier.Result{result}, nil)
			must(err)
		}
		doubts, err = s.Unfinished(ctx, second, false)
		must(err)
		if len(doubts) != 1 || doubts[0].Rcpt != 2 {
			t.Errorf("doubts after the late answer %+v", doubts)
		}
		progress, err := s.Progress(ctx, "n-opened")
		must(err)
		if c := progress.Channels[0]; c.Planned != 3 || c.Handed != 1 || c.Unknown != 1 {
			t.Errorf("progress %+v", c)
		}
		if err := s.Release(ctx, notifier.Release{Claim: first, Leaving: notifier.Leaving{Now: march}}); !errors.Is(err, notifier.ErrFenced) {
			t.Errorf("the lapsed owner gave back what is another's: %v", err)
		}
	})
}

func claimOne(t *testing.T, s *store.Store, node string) notifier.Claim {
	t.Helper()
	now := march.Add(time.Second)
	lanes, err := s.Lanes(t.Context(), "sms", now)
	if err != nil || len(lanes) != 1 {
		t.Fatalf("lanes %v, %v", lanes, err)
	}
	claims, err := s.Claim(t.Context(), notifier.ClaimQuery{Node: node, Now: now, Channel: "sms", Lane: lanes[0], Limit: 5})
	if err != nil || len(claims) != 1 {
		t.Fatalf("claimed %+v, %v", claims, err)
	}
	return claims[0]
}
