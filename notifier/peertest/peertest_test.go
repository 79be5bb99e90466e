package peertest_test

import (
	"testing"

	"bongsu/notifier/peertest"
)

func TestAPeerReadsAndAnswers(t *testing.T) {
	script := `
		const { SegmentedMessage } = require("sms-segments-calculator");
		process.stdout.write(String(new SegmentedMessage(require("fs").readFileSync(0, "utf8")).segmentsCount));`
	if got := peertest.Node(t, script, "봉화", "sms-segments-calculator"); got != "1" {
		t.Fatalf("two syllables take %s segments", got)
	}
}
