package drill

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// parcel is a message that a gateway has taken. Its fields up to taken do not
// change; the rest belongs to its shelf.
type parcel struct {
	id    string // the gateway's reference
	to    string // E.164
	from  string
	body  string
	key   string
	group string // NHN: the recipient's grouping key; Solapi: the group
	seq   int    // NHN: the recipient's number in the request, from 1
	shape string // AlimTalk: the template's code; SMS: the kind of text
	taken time.Time

	state   string    // in the gateway's own words
	changed time.Time // when the state was last set
}

// shelf keeps the newest parcels of a gateway, to be looked up.
type shelf struct {
	limit int

	mu   sync.Mutex
	rows []*parcel // oldest first
	byID map[string][]*parcel
	byTo map[string][]*parcel
}

func newShelf(limit int) *shelf {
	return &shelf{limit: limit, byID: map[string][]*parcel{}, byTo: map[string][]*parcel{}}
}

func (s *shelf) put(p *parcel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rows) == s.limit {
		s.forget()
	}
	s.rows = append(s.rows, p)
	s.byID[p.id] = append(s.byID[p.id], p)
	s.byTo[p.to] = append(s.byTo[p.to], p)
}

// forget lets the oldest parcel go; mu is held.
func (s *shelf) forget() {
	oldest := s.rows[0]
	s.rows[0] = nil
	s.rows = s.rows[1:]
	dropFirst(s.byID, oldest.id)
	dropFirst(s.byTo, oldest.to)
}

// dropFirst drops the first of a list. The lists are as ordered as the rows, so
// the oldest parcel is always the first of its lists.
func dropFirst(index map[string][]*parcel, key string) {
	if rest := index[key][1:]; len(rest) > 0 {
		index[key] = rest
		return
	}
	delete(index, key)
}

// set changes a parcel's state.
func (s *shelf) set(p *parcel, state string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.state, p.changed = state, now
}

// rise changes a parcel's state if it is still an earlier one.
func (s *shelf) rise(p *parcel, from, to string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.state == from {
		p.state, p.changed = to, now
	}
}

// find returns copies of the parcels for a number, or of all if it is empty,
// oldest first.
func (s *shelf) find(to string, keep func(*parcel) bool) []parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := s.rows
	if to != "" {
		rows = s.byTo[to]
	}
	return copies(rows, keep)
}

// request returns copies of the parcels with a reference.
func (s *shelf) request(id string) []parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copies(s.byID[id], func(*parcel) bool { return true })
}

func copies(rows []*parcel, keep func(*parcel) bool) []parcel {
	var found []parcel
	for _, p := range rows {
		if keep(p) {
			found = append(found, *p)
		}
	}
	return found
}

// memory remembers keys for a while, the newest ones only.
type memory struct {
	limit int
	keep  time.Duration

	mu    sync.Mutex
	seen  map[string]time.Time
	order []string // oldest first
}

func newMemory(limit int, keep time.Duration) *memory {
	return &memory{limit: limit, keep: keep, seen: map[string]time.Time{}}
}

// add remembers a key and says whether it is new.
func (m *memory) add(key string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(now)
	if _, known := m.seen[key]; known {
		return false
	}
	m.seen[key] = now
	m.order = append(m.order, key)
	return true
}

func (m *memory) has(key string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, known := m.seen[key]
	return known && now.Sub(at) < m.keep
}

func (m *memory) remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.seen, key)
	m.order = slices.DeleteFunc(m.order, func(k string) bool { return k == key })
}

// forget lets old keys go, and the oldest if there are too many; mu is held.
func (m *memory) forget(now time.Time) {
	for len(m.order) > 0 && (len(m.order) >= m.limit || now.Sub(m.seen[m.order[0]]) >= m.keep) {
		delete(m.seen, m.order[0])
		m.order = m.order[1:]
	}
}

// separators are what people write between digits.
var separators = strings.NewReplacer("-", "", " ", "")

// phone writes a Korean or international number in E.164 form, the way every
// entry of the log has it. It returns "" for what is no number.
func phone(number string) string {
	digits := separators.Replace(number)
	if rest, national := strings.CutPrefix(digits, "0"); national {
		digits = "+82" + rest
	}
	if !strings.HasPrefix(digits, "+") || len(digits) < 9 || len(digits) > 16 || digits[1] == '0' {
		return ""
	}
	for _, d := range digits[1:] {
		if d < '0' || d > '9' {
			return ""
		}
	}
	return digits
}
