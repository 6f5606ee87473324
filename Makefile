# SPDX-License-Identifier: Apache-2.0
# Every target works in a fresh clone with Go and make; `make test` also wants
# redis-server and PostgreSQL, and says how to get them.

GO      ?= go
# nomsgpack leaves gin's msgpack codec out: 6 MiB less in the binary.
TAGS    ?= nomsgpack
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
# The lint tools are fetched by go run at exactly these versions.
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: all build lab test quick servers demo dev lint fmt tour bench nemesis nemesis-short model simulate clean help

all: build

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t12

build: ## the binary, into bin/
	CGO_ENABLED=0 $(GO) build -tags $(TAGS) -trimpath -ldflags '$(LDFLAGS)' -o bin/touchgate ./cmd/touchgate

lab: ## the binary for trials, bench and nemesis, into bin/
	CGO_ENABLED=0 $(GO) build -tags $(TAGS) -trimpath -o bin/touchgate-lab ./cmd/touchgate-lab

test: servers ## every test with -race, against embedded and real servers
	REQUIRE_TEST_SERVERS=1 $(GO) test -tags $(TAGS) -race -timeout 25m ./...

quick: ## the tests without -race; those that need a missing server say so and skip
	$(GO) test -tags $(TAGS) ./...

servers: ## redis-server and PostgreSQL from Debian's packages, where they are missing
	@.ci/servers

demo: ## a made-up campaign through everything, in this terminal
	$(GO) run -tags $(TAGS) ./cmd/touchgate demo

dev: ## a gateway on 127.0.0.1:8080 with simulated vendors and the key dev-key
	$(GO) run -tags $(TAGS) ./cmd/touchgate serve --dev

tour: ## run the README's curl tour against a gateway of its own
	$(GO) test -tags $(TAGS) -count=1 -run TestTour ./cmd/touchgate

nemesis-short: ## the nemesis for half a minute, as in make test: the embedded process, and servers
	$(GO) test -tags $(TAGS) -count=1 -timeout 20m -v -run TestNemesis ./cmd/touchgate-lab

nemesis: lab ## half an hour of breaking everything, on servers; DURATION=5m SEED=42 REDIS=cluster OTHER=old-binary
	bin/touchgate-lab nemesis --servers --duration $(or $(DURATION),30m) --rate 175 --redis $(or $(REDIS),single) $(if $(SEED),--seed $(SEED)) $(if $(OTHER),--other $(OTHER)) --dir bin/nemesis

simulate: ## thousands of seeds of feeder, lease, deliver and settle
	$(GO) test -tags $(TAGS) -count=1 -timeout 2h -run 'TestSimulation$$' ./workers -sim.seeds $(or $(SEEDS),2000)

model: ## the model of the fences, by spin (apt-get install spin gcc)
	docs/model/check.sh

lint: ## gofmt, vet, and golangci-lint with its walls
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run make fmt'; exit 1; }
	$(GO) vet -tags $(TAGS) ./...
	$(GO) run $(GOLANGCI) run --build-tags $(TAGS)

fmt: ## format every file
	gofmt -w .

clean: ## remove what build made
	rm -rf bin
