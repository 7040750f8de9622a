# SPDX-License-Identifier: MIT
# `make demo` and `make test` do all set-up that they need. `make help` lists the verbs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Native parts of npm packages are built against Node's own headers where a package brings them: nothing is downloaded.
ifeq ($(origin npm_config_nodedir),undefined)
ifneq ($(wildcard /usr/include/node/node.h),)
export npm_config_nodedir := /usr
endif
endif

KTRIAL := node dist/harness/cli/main.js
SOURCES := $(shell find harness images kernels -name '*.ts' 2>/dev/null)
SERIES ?= kernels/mdev/series/v2.mbox
KERNEL ?= mdev-5.10
SCENARIOS ?= scenarios/mdev/quick
BENCH_KERNEL ?= mdev-5.10

.PHONY: help setup build check test test-fast test-vm demo mdev-report grids golden bench mutate kill simulate bisect fuzz transports ktap races clean

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

node_modules/.ktrial: package.json package-lock.json
	@node -e 'const [a,b]=process.versions.node.split(".").map(Number); if (a<20||(a===20&&b<19)) { console.error("ktrial needs Node 20.19 or newer, this is "+process.version); process.exit(69) }'
	npm ci --no-audit --no-fund >&2
	@touch $@

dist/.built: node_modules/.ktrial tsconfig.json $(SOURCES)
	npm run --silent build >&2
	@touch $@

build: dist/.built ## compile ktrial

dist/.packages: dist/.built harness/host/package.ts
	$(KTRIAL) doctor --install >&2
	@touch $@

# Tests use every architecture and compiler.
dist/.test-packages: dist/.packages
	$(KTRIAL) doctor --install --for arm64 --for llvm --for sparse >&2
	@touch $@

setup: dist/.packages ## install what is missing (apt, npm) and compile

check: dist/.test-packages ## types, lint, floor plan, scenario lint, fast tests
	node_modules/.bin/biome check harness images kernels package.json tsconfig.json
	$(KTRIAL) lint
	node dist/harness/make/test.js fast

test: dist/.test-packages ## all tests; the last line is the count
	node dist/harness/make/test.js all

test-fast: dist/.built ## the tests that boot nothing
	node dist/harness/make/test.js fast

test-vm: dist/.test-packages ## the tests that boot machines
	node dist/harness/make/test.js vm

demo: dist/.packages ## put "[PATCHv2 00/10] vfio/mdev" on trial (SERIES=…, KERNEL=…, SCENARIOS=…)
	@# A negative verdict is an answer, not a failure of the demo.
	$(KTRIAL) run $(SERIES) --kernel $(KERNEL) --scenarios $(SCENARIOS) || [ $$? -eq 1 ]

mdev-report: dist/.packages ## put both forms of the reference series on trial, patch by patch, and rewrite docs/mdev-report.md (RUNS="V2 MERGED": of runs that were made)
	$(KTRIAL) doctor --install --for sparse >&2
	node dist/harness/make/mdev-report.js $(RUNS)

grids: dist/.built ## compare the grids of runs cell by cell, and say which cells differ (RUNS="FIRST OTHER …")
	@node dist/harness/make/grids.js $(RUNS)

golden: dist/.packages ## provoke both kernels in every way and rewrite the logs in harness/splat/testdata (PROVOKED=…)
	node dist/harness/make/golden.js $(PROVOKED)

bench: dist/.packages ## measure (ONLY=thaw,scan …; JSON=1 for programs; BENCH_KERNEL=smoke-5.10; ITERATIONS=5)
	@node dist/harness/bench/main.js --kernel $(BENCH_KERNEL) $(if $(ONLY),--only $(ONLY)) \
		$(if $(ITERATIONS),--iterations $(ITERATIONS)) $(if $(JSON),--json)

mutate: dist/.built ## change the code that decides, and count which changes the fast tests notice (ROOMS="splat verdict/compare.ts")
	node dist/harness/make/mutate.js $(ROOMS)

kill: dist/.packages ## kill real runs at random moments and resume them (KILLS=30 SEED=1)
	node dist/harness/make/kill.js $(or $(KILLS),30) $(or $(SEED),1)

simulate: dist/.built ## throw dice instead of booting machines, and count how often the verdict is wrong (CAMPAIGNS=10000 SEED=1)
	node dist/harness/make/simulate.js $(or $(CAMPAIGNS),10000) $(or $(SEED),1)

bisect: dist/.packages ## let git bisect run search 16 commits of a kernel for a seeded bug (SEEDED=11)
	node dist/harness/make/bisect.js $(or $(SEEDED),11)

fuzz: dist/.built ## feed mutated mails, scenarios, logs and replies to all that reads them (CASES=1000000 SEED=1 TARGETS=scan)
	node dist/harness/make/fuzz.js $(or $(CASES),1000000) $(or $(SEED),1) $(TARGETS)

transports: dist/.built ## send every golden log as mails, journals and loggers do, and print how it is read then (WAYS="wrapped journalctl")
	node dist/harness/make/transports.js $(WAYS)

ktap: dist/.built ## compare the KTAP parser with the kernel's own on a tree's test logs (TREE=~/linux)
	node dist/harness/make/ktap.js $(TREE)

races: dist/.packages ## measure how often a plain loop, a swept race and a tuned one hit the same bug (TRIALS=5)
	@node dist/harness/make/races.js $(or $(TRIALS),5)

clean: ## remove what make built in the checkout; caches stay
	rm -rf dist node_modules
