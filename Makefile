# Every target explains itself: `make` or `make help`.
LINT = go tool -modfile=tools/go.mod golangci-lint
FUZZTIME ?= 10s

.DEFAULT_GOAL := help
.PHONY: help demo build test race deep fuzz pictures bench lint fmt tidy vuln clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## everything in one process: a simulated city, an outage, the page on 127.0.0.1:8080
	go run ./cmd/bongsu demo

build: ## the static binary, in bin/bongsu
	CGO_ENABLED=0 go build -tags nomsgpack -trimpath -ldflags "-s -w -X main.version=$$(git describe --tags --always --dirty 2>/dev/null || echo unknown)" -o bin/bongsu ./cmd/bongsu

test: ## the quick tests; names the parts that are missing here
	go run ./cmd/testall

race: ## the quick tests under the race detector
	go run ./cmd/testall -race

deep: ## the slow tests: kills, ten thousand histories, whole outages twice, mutants, every page for everybody, fuzzing (up to 45 minutes)
	BONGSU_DEEP=1 go run ./cmd/testall -count=1 -timeout 40m ./status ./notifier/words
	BONGSU_DEEP=1 go run ./cmd/testall -count=1 -timeout 40m -run 'Killed|Mutants|EveryScenario|DeadGateway|Takeover|Away|ReadOnly' ./store ./cmd/bongsu
	BONGSU_DEEP=1 go run ./cmd/testall -count=1 -timeout 40m -run 'EveryPageCanBeUsedByEverybody' ./web
	$(MAKE) fuzz

fuzz: ## every fuzz target for FUZZTIME (10s) each
	./tools/fuzz.sh $(FUZZTIME)

pictures: ## the pages as pictures, in pictures/: three languages, phone and desktop, light and dark
	mkdir -p pictures
	BONGSU_PICTURES=$(CURDIR)/pictures go test -count=1 -timeout 90m -run 'Pictures|CanBeReadAndPressed' ./web/...

bench: ## the figures of docs/benchmarks.md, each beside its limit in the same run
	go test -p 1 -tags bench -count=1 -timeout 30m -v -run '^TestBench' ./... | grep -vE '^(=== |--- |PASS|ok |\?|testing:)'

lint: ## linters, formatting, dead code, tidy modules
	$(LINT) run
	$(LINT) fmt --diff
	@dead=$$(go tool -modfile=tools/go.mod deadcode -test -tags bench ./...) && test -z "$$dead" || { echo "$$dead"; exit 1; }
	go mod tidy -diff

fmt: ## format everything
	$(LINT) fmt

tidy: ## bring go.mod in order
	go mod tidy

vuln: ## known vulnerabilities (needs the network)
	go run golang.org/x/vuln/cmd/govulncheck@latest ./...

clean: ## what was made
	rm -rf bin pictures
