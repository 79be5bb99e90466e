package webpush

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"bongsu/notifier/guard"
)

// NewKey makes a private key: 32 bytes in URL-safe Base64. Subscriptions hold
// for the one key that they were made with.
func NewKey() (string, error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("making a key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(key.Bytes()), nil
}

// PublicKey is the private key's other half: what a page gives to the browser
// as applicationServerKey when somebody subscribes.
func PublicKey(private string) (string, error) {
	raw, err := decode(private)
	if err != nil {
		return "", err
	}
	key, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil {
		return "", errors.New("is no private key of the curve P-256")
	}
	return base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), nil
}

// Subscription is what a browser gives to the page: what Message.To holds, as
// JSON, in the form of the browsers' own PushSubscription.toJSON().
type Subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"` // a point on P-256, uncompressed, in URL-safe Base64
		Auth   string `json:"auth"`   // 16 bytes
	} `json:"keys"`
}

// maxSubscription bounds a subscription, in bytes of JSON. Browsers' have some
// hundreds.
const maxSubscription = 4096

// ParseSubscription reads a subscription and refuses one that could not be
// used, whatever its endpoint's name resolves to. The error is fit to be shown.
func ParseSubscription(text string) (Subscription, error) {
	s, err := readSubscription(text)
	if err != nil {
		return Subscription{}, err
	}
	u, err := guard.Parse(s.Endpoint)
	if err != nil {
		return Subscription{}, fmt.Errorf("the endpoint %w", err)
	}
	if u.Scheme != "https" {
		return Subscription{}, errors.New("the endpoint is no https address")
	}
	return s, nil
}

// readSubscription checks what the endpoint's address has no part in.
func readSubscription(text string) (Subscription, error) {
	var s Subscription
	if len(text) > maxSubscription {
		return s, fmt.Errorf("the subscription is longer than %d bytes", maxSubscription)
	}
	if json.Unmarshal([]byte(text), &s) != nil || s.Endpoint == "" {
		return s, errors.New("the subscription is not of the form that browsers give")
	}
	point, err := decode(s.Keys.P256dh)
	if err != nil {
		return s, errors.New("the subscription's key p256dh is no Base64")
	}
	if _, err := ecdh.P256().NewPublicKey(point); err != nil {
		return s, errors.New("the subscription's key p256dh is no point of the curve P-256")
	}
	if auth, err := decode(s.Keys.Auth); err != nil || len(auth) != 16 {
		return s, errors.New("the subscription's key auth is not of 16 bytes")
	}
	return s, nil
}

// decode reads Base64 of either alphabet, with or without padding: browsers and
// libraries differ.
func decode(text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("is no Base64")
	}
	return raw, nil
}
