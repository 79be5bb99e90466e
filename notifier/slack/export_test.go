package slack

import "bongsu/notifier"

// Sign is sign, for tests that ask as Slack does.
func Sign(secret notifier.Secret, stamp string, body []byte) string { return sign(secret, stamp, body) }
