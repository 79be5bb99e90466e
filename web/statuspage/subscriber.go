package statuspage

import (
	"encoding/json"
	"fmt"

	shared "bongsu/notifier/statuspage"
)

// Subscriber is the answer to somebody who signs up: just one of mail address,
// number and endpoint is not empty. Nothing in it tells whether they were known.
type Subscriber struct {
	Email, Phone, Webhook string
}

type subscriberBody struct {
	Page      page   `json:"page"`
	CanSelect bool   `json:"can_select_components"`
	Mode      string `json:"mode"`
	Email     string `json:"email,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Webhook   string `json:"webhook,omitempty"`
}

// Subscribed is the body of that answer.
func (a *API) Subscribed(s Subscriber) ([]byte, error) {
	b := subscriberBody{Page: a.page, CanSelect: true, Mode: "email_sms", Email: s.Email, Phone: s.Phone, Webhook: s.Webhook}
	if s.Webhook != "" {
		b.Mode = "webhook"
	}
	body, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("writing a subscriber: %w", err)
	}
	return body, nil
}

// ComponentOf is our id of the component or group with an id of theirs, and
// whether it is a group.
func (a *API) ComponentOf(theirs string) (ours string, isGroup, found bool) {
	for g := range a.snapshot.Groups {
		group := &a.snapshot.Groups[g]
		if a.id(shared.Group, group.ID) == theirs {
			return group.ID, true, true
		}
		for c := range group.Components {
			if id := group.Components[c].ID; a.id(shared.Component, id) == theirs {
				return id, false, true
			}
		}
	}
	return "", false, false
}
