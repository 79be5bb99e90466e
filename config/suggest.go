package config

import (
	"slices"
	"strconv"
	"strings"
)

// The longest word that is looked at for a suggestion, in bytes, and how many
// choices are listed when none is near.
const (
	longestWord = 64
	mostChoices = 24
)

// suggest ends a sentence about an unknown word: with the choice it is likely
// a misspelling of, else with all of them if they are few.
func suggest(word string, choices []string) string {
	if near := nearest(word, choices); near != "" {
		return "; did you mean " + strconv.Quote(near) + "?"
	}
	switch {
	case len(choices) == 0:
		return ""
	case len(choices) == 1:
		return "; write " + choices[0]
	case len(choices) <= mostChoices:
		return "; write one of " + strings.Join(choices, ", ")
	default:
		return ""
	}
}

// nearest returns the choice with the fewest edits from word, or nothing if
// even that takes more than a third of the word.
func nearest(word string, choices []string) string {
	if len(word) > longestWord {
		return ""
	}
	best, fewest := "", max(1, (len(word)+1)/3)+1
	for _, choice := range choices {
		if len(choice) > longestWord || choice == word {
			continue
		}
		if d := distance(strings.ToLower(word), strings.ToLower(choice)); d < fewest {
			best, fewest = choice, d
		}
	}
	return best
}

// distance counts the letters to insert, drop, replace or swap with their
// neighbour to turn a into b.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// sortedKeys lists a map's keys in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
