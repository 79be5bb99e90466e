package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/store"
	"bongsu/web"
)

// The public sees what subscribers were told, the plans of one event together;
// nothing of operators, and nothing that few people share.
func TestPublicNotices(t *testing.T) {
	noon := time.Date(2026, 10, 15, 12, 0, 0, 0, time.UTC)
	sent := func(id, event, occasion, audience string, channels ...store.ChannelProgress) store.Progress {
		return store.Progress{Notice: id, Incident: "i1", Event: event, Occasion: occasion, Audience: audience, Made: noon, Channels: channels}
	}
	progress := []store.Progress{
		sent("n1", "opened", "u1", "operators", store.ChannelProgress{Channel: "ops", Planned: 40, Handed: 40}),
		sent("n2", "opened", "u1", "subscribers",
			store.ChannelProgress{Channel: "messenger", Planned: 30, Handed: 20, Delivered: 12, Unknown: 1, Moved: 9},
			store.ChannelProgress{Channel: "sms", Planned: 9, Handed: 7, Delivered: 6, Failed: 2, Cancelled: 1}),
		sent("n3", "opened", "u1", "subscribers", store.ChannelProgress{Channel: "sms", Planned: 6, Handed: 5, Delivered: 3, Failed: 1}),
		sent("n4", "resolved", "u9", "subscribers", store.ChannelProgress{Channel: "sms", Planned: 9, Handed: 9}),
		sent("n5", "digest", "u7", "subscribers"),
	}
	waits := map[string]store.Waits{
		"n2": {
			Handed:    map[string]notifier.Spread{"messenger": {4: 19, 8: 1}, "sms": {4: 7}},
			Delivered: map[string]notifier.Spread{"messenger": {12: 12}, "sms": {12: 6}},
		},
		"n3": {Handed: map[string]notifier.Spread{"sms": {8: 5}}, Delivered: map[string]notifier.Spread{"sms": {8: 3}}},
	}
	want := []web.SentNotice{
		{Event: "opened", Update: "u1", Made: noon, Channels: []web.SentBy{
			{
				Channel: "messenger", Kind: "alimtalk", Planned: 30, Handed: 20, Delivered: 12, Unknown: 1, Moved: 9,
				HandedP50: notifier.BucketEnd(4), HandedP99: notifier.BucketEnd(8),
				DeliveredP50: notifier.BucketEnd(12), DeliveredP99: notifier.BucketEnd(12),
			},
			{ // nine are delivered: how long they waited is not told
				Channel: "sms", Kind: "sms", Planned: 15, Handed: 12, Delivered: 9, Failed: 3, Cancelled: 1,
				HandedP50: notifier.BucketEnd(4), HandedP99: notifier.BucketEnd(8),
			},
		}},
		{Event: "resolved", Update: "u9", Made: noon, Withheld: 1},
		{Event: "digest", Update: "u7", Made: noon},
	}
	got := publicNotices(progress, waits, map[string]string{"messenger": "alimtalk", "sms": "sms"}, 10)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
