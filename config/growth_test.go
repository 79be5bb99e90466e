package config_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"bongsu/config"
)

// BenchmarkParse reads configurations of growing size: the cost of a component
// stays what it is.
func BenchmarkParse(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			text := []byte(grown(n))
			o := options(b)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := config.Parse("bongsu.yaml", text, o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/component")
		})
	}
}

// grown is a configuration with n components, each needing the one before.
func grown(n int) string {
	var text strings.Builder
	text.WriteString(smallest)
	for i := range n {
		need := "talk"
		if i > 0 {
			need = fmt.Sprintf("c%d", i-1)
		}
		fmt.Fprintf(&text, "  - {id: c%d, group: chat, name: {ko: 가, ja: ア, en: A}, needs: [%s], "+
			"checks: [{name: front, GET: 'http://127.0.0.1:9/%d', every: 10s, expect: ['status == 200']}]}\n", i, need, i)
	}
	return text.String()
}
