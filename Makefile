# pixelwitness: everything that a contributor or a CI job runs.
#
#   make demo    run the main job against the reference and write its report
#   make test    everything that a change must pass
#   make help    the rest

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
GO ?= go
REPORT ?= report
BIN := bin/pixelwitness
SOURCES := $(shell find . -name '*.go' -o -name '*.js' -o -name '*.yaml' -o -name '*.tmpl' -o -name '*.html' -o -name '*.sql' -o -name '*.json' | grep -v -e node_modules -e '^./$(REPORT)/')

.PHONY: demo test fmt vet tidy lint unit e2e chrome build bench coverage zoo fuzz update pixels clean help

demo: chrome build ## run every scenario against the reference and write the report
	$(BIN) run --out $(REPORT)
	@echo "open $(REPORT)/index.html in a browser"

test: chrome fmt vet tidy lint unit e2e ## everything that a change must pass

fmt:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not formatted (run gofmt -w):"; echo "$$unformatted"; exit 1; fi

vet:
	$(GO) vet ./...

tidy:
	$(GO) mod tidy -diff

lint: build
	$(BIN) lint
	$(BIN) coverage --static >/dev/null

unit: ## unit tests, without a browser; PIXELWITNESS_POSTGRES=required fails where no PostgreSQL is installed
	$(GO) test -race -shuffle=on -timeout 15m $$($(GO) list ./... | grep -v -e /e2e -e /simulator/evidence -e /reference/tracker)
	$(GO) test -shuffle=on -timeout 15m ./simulator/evidence ./reference/tracker ./e2e/histories # many times slower with -race, and other tests race the same code

e2e: chrome ## the Ginkgo suites, in real browsers
	$(GO) test ./e2e -count=1 -timeout 20m -ginkgo.randomize-all

chrome: ## install a browser where there is none
	@.ci/install-chrome

build: $(BIN)

$(BIN): $(SOURCES) go.mod go.sum
	$(GO) build -o $@ ./simulator/cmd/pixelwitness

bench: chrome ## journeys per second, beside playwright-core where npm is at hand
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	if command -v npm >/dev/null; then npm install --silent --no-fund --no-audit --prefix "$$folder" playwright-core@1.65.1; else folder=; fi; \
	$(GO) run ./e2e/bench -playwright "$$folder"
	$(GO) test -run '^$$' -bench . -benchmem ./simulator/... ./reference/...

coverage: chrome build ## clauses by scenarios by faults, each fault walked; COVERAGE=coverage.json keeps the table, BRIEF=1 is shorter
	$(BIN) coverage $(if $(BRIEF),--brief) $(if $(COVERAGE),--json $(COVERAGE))

zoo: chrome ## every channel of a page, in 50 repetitions of eight visitors
	ZOO_ROUNDS=50 $(GO) test ./e2e -count=1 -timeout 60m -v -ginkgo.v -ginkgo.focus 'records every channel'

FUZZTIME ?= 20s
fuzz: ## every fuzz target, for FUZZTIME each
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s $$package; \
		done; \
	done

update: ## rewrite the golden files and the published schemas
	$(GO) test ./simulator/report ./simulator/coverage ./simulator/scenario ./simulator/check ./simulator/specs ./simulator/cmd/... -update

pixels: ## fetch the vendors' own pixels with npm, to be tried; they are not kept in git
	@.ci/fetch-pixels

clean:
	rm -rf bin $(REPORT)

help:
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /\1\t/' | expand -t 10
