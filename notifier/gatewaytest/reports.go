package gatewaytest

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
)

// Reader reads a gateway's callback: its body, which came at an instant.
type Reader interface {
	Reports(r *http.Request, body []byte, at time.Time) ([]notifier.Receipt, error)
}

// FuzzReports throws bodies at a callback that is signed as its gateway signs:
// what is read is of a delivery of ours and of a rank there is, and nothing is
// read beside an error. The header is its name and value.
func FuzzReports(f *testing.F, h Reader, path string, header [2]string, seeds ...string) {
	f.Helper()
	for _, seed := range seeds {
		f.Add(seed)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, path, http.NoBody)
		r.Header.Set(header[0], header[1])
		receipts, err := h.Reports(r, []byte(body), at)
		if err != nil && receipts != nil {
			t.Errorf("receipts beside the error %v", err)
		}
		for _, got := range receipts {
			if got.Delivery == "" || got.Rank > notifier.Delivered {
				t.Errorf("receipt %+v", got)
			}
		}
	})
}

// Problems wants good settings to have none, and bad ones those at the paths.
func Problems(t *testing.T, good, bad notifier.Settings, paths ...string) {
	t.Helper()
	if got := good.Problems(); got != nil {
		t.Errorf("good settings have problems: %v", got)
	}
	var found []string
	for _, p := range bad.Problems() {
		found = append(found, p.Path)
	}
	if diff := cmp.Diff(paths, found); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
