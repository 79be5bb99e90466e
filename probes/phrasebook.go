package probes

import "sync"

// A phrasebook keeps the expressions that the steps of one kind have compiled,
// so that a thousand checks which ask the same hold it once. Each table of
// [Kinds] has its own, and a configuration is read with one table: what it
// asked goes when it goes. An expression is never written to once it is
// compiled.
type phrasebook struct {
	words vocabulary

	mu    sync.Mutex
	known map[phrase]*expression
}

// A phrase is an expression as it was written, and whether it is a condition.
type phrase struct {
	source    string
	condition bool
}

func newPhrasebook(words vocabulary) *phrasebook {
	return &phrasebook{words: words, known: make(map[phrase]*expression)}
}

// condition compiles an expectation, unless it has been.
func (b *phrasebook) condition(source string) (*expression, error) {
	return b.find(phrase{source, true}, compileCondition)
}

// value compiles what a save takes from an answer, unless it has been.
func (b *phrasebook) value(source string) (*expression, error) {
	return b.find(phrase{source, false}, compileValue)
}

func (b *phrasebook) find(p phrase, compile func(string, vocabulary) (*expression, error)) (*expression, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.known[p]; e != nil {
		return e, nil
	}
	e, err := compile(p.source, b.words)
	if err != nil {
		return nil, err
	}
	b.known[p] = e
	return e, nil
}
