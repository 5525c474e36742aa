# machlup: `make run` and `make test` need nothing but Go.
GO      ?= go
BIN     := bin/machlup
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
PEERS   ?= /usr/bin/python3

.DEFAULT_GOAL := build
.PHONY: help build run test verify bench bench-peers notebooks slurm-test docs lint vuln

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/machlup
	@mkdir -p bin
	$(GO) build -trimpath -ldflags "-X main.revision=$(VERSION)" -o $(BIN) ./cmd/machlup

run: build ## the main job: machlup run quickstart, about 75 s on two cores
	$(BIN) run quickstart

test: ## all tests
	$(GO) vet ./...
	$(GO) test -timeout 20m ./...

verify: build ## the exact checks through the code of run, at most 3 minutes
	$(BIN) verify

bench: ## benchmarks of the hot paths
	$(GO) test -run '^$$' -bench . -benchmem ./internal/num ./internal/rng ./gan ./langevin ./pathint ./internal/engine ./internal/record

bench-peers: build ## the same work in PyTorch, JAX, C++ and numpy, ratios in one run (bench/README.md)
	$(PEERS) bench/peers.py --go "$(GO)"

notebooks: ## execute the notebooks on small runs (needs python3 with venv; installs pinned packages in the user's cache)
	$(GO) test -v -count 1 ./notebooks

slurm-test: build ## a sweep on a private Slurm of four nodes that loses jobs and a node (needs slurm-wlm, munge)
	test/slurm/cluster.sh $(BIN)

docs: ## docs/reference.md, from the code
	$(GO) run ./internal/build/docgen -o docs/reference.md

lint: ## gofmt, vet, staticcheck, tidy modules
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these files'; exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff
	$(GO) run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK) ./...
	cd internal/num/asm && $(GO) vet . && $(GO) test .
STATICCHECK := v0.8.2

vuln: ## known vulnerabilities (needs the network)
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest ./...
