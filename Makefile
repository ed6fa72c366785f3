# Bare `make` prints this help. Nothing here destroys anything without a name that says so.
SHELL := /bin/bash
.DEFAULT_GOAL := help
NODE := node_modules/.bin/node
VITEST := $(NODE) node_modules/.bin/vitest run

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: node_modules/.package-lock.json ## install what package-lock.json names (brings its own Node)

node_modules/.package-lock.json: package-lock.json
	@command -v npm >/dev/null || { echo 'picluster needs npm: apt-get install nodejs npm' >&2; exit 1; }
	npm ci --no-fund --no-audit
	@touch $@

check: setup ## format, lint, import rules, types, unit tests: no root, no network
	$(NODE) test/check.ts

demo: setup ## local machines, then `picluster bootstrap` on them: a cluster that Flux reconciles from git (root)
	$(NODE) lab/demo.ts

test: setup ## all tests, the lab's included (root; 10 minutes with the lab's artifacts cached)
	$(NODE) test/all.ts

chaos: setup ## long: 100 seeded faults in the middle of steps, then ten kills of a bootstrap from blank (SEED=n to repeat)
	CHAOS_FAULTS=100 CHAOS_KILLS=10 $(VITEST) --project lab test/chaos.lab.test.ts test/survive.lab.test.ts

fuzz: setup ## long: 280,000 damaged vault files, then 200 kills of commands that change the vault (SEED=n to repeat)
	FUZZ=20 KILLS=200 $(VITEST) --project process test/vault

bench: setup ## side by side with Ansible, Mitogen and pyinfra on local machines, hundreds of hosts, start-up (root; 35 minutes): bench/results/
	$(NODE) build/main.ts --at-once
	$(NODE) bench/cli-start.ts
	$(NODE) bench/scale/main.ts
	$(NODE) bench/compare/main.ts
	$(NODE) bench/vault.ts

lab-down-and-erase: setup ## remove this checkout's lab: machines, their disks, network (asks first)
	@read -r -p 'Erase all machines of this lab? Type yes: ' answer && [ "$$answer" = yes ]
	$(NODE) bin/picluster.js lab down

.PHONY: help setup check demo test chaos fuzz bench lab-down-and-erase
