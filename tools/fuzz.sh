#!/usr/bin/env bash
# Runs every fuzz target of the project for the given time each, two at a time.
# What a target prints is shown if it finds something.
set -euo pipefail
export time=${1:-30s}
cd "$(dirname "$0")/.."

fuzz() { # fuzz PACKAGE TARGET
	local said
	if said=$(go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 1s -parallel 1 "$1" 2>&1); then
		echo "fuzzed $1 $2 for $time: $(grep -oE 'execs: [0-9]+' <<<"$said" | tail -n 1)"
	else
		printf 'fuzzing %s %s\n%s\n' "$1" "$2" "$said"
		return 1
	fi
}
export -f fuzz

grep -rE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . |
	sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]+).*|\1 \2|' |
	xargs -P 2 -L 1 bash -c 'fuzz "$1" "$2"' _
