# `make` lists the targets. hack/cluster is the local Kubernetes; `make up NODES=5` gives it five nodes.
MOCHA = npx mocha

.PHONY: help
help: ## what there is
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | sed 's/\$$\$$/$$/' | expand -t 18

.PHONY: install
install: node_modules/mocha/.installed ## the npm packages of the lock file
# The mark is in a package for development: `pulumi package add` of components/ takes those away.
node_modules/mocha/.installed: package-lock.json
	npm ci --no-fund --no-audit
	@touch $@

.PHONY: test check unit
test: install ## type check, lint, format, unit tests and golden manifests; no cluster
	@$(MAKE) --no-print-directory --jobs=2 check unit
check: install
	npx tsc --noEmit
	npx eslint .
	npx prettier --check .
unit: install
	$(MOCHA)

# Pulumi's SDK starts at the oldest; pods run the newest.
NODE_VERSIONS = 20.19 24
.PHONY: test-nodes
test-nodes: install ## the component's unit tests on the oldest and the newest Node.js that are supported
	@for v in $(NODE_VERSIONS); do echo "Node.js $$v"; \
		hack/node $$v node_modules/mocha/bin/mocha.js --config tests/unit/components/.mocharc.json || exit 1; done

.PHONY: simulate
simulate: install ## fresh stories of the simulated cluster over all cores; STORIES says how many, SEED repeats
	@npx ts-node --transpile-only tests/simulation/main.ts

.PHONY: golden
golden: install ## rewrite the golden manifests
	UPDATE_GOLDEN=1 $(MOCHA) --grep golden

.PHONY: generate
generate: install ## TypeScript from the part of etcd's API in programs/shared/etcd/rpc.proto
	npx buf generate --template hack/buf.gen.yaml

.PHONY: build
build: install ## the controller's bundles, into components/bundles
	node hack/bundle.mjs

.PHONY: package
package: install ## the npm package of components/, compiled, as a tarball in build/
	node hack/package.mjs

.PHONY: release-facts
release-facts: install ## at a release: keep what it declares, with which later ones are compared
	UPDATE_RELEASE=1 $(MOCHA) --grep 'since the last release'

.PHONY: cluster
cluster: ## the local Kubernetes alone (the first time: about 15 minutes on 2 cores)
	@hack/cluster setup
	@hack/cluster up

.PHONY: up
up: install cluster ## the local Kubernetes with the dev stack on it
	@npx ts-node --transpile-only hack/up.ts

.PHONY: e2e e2e-all
e2e: install cluster ## end-to-end tests on the local Kubernetes
	$(MOCHA) --config tests/e2e/.mocharc.json
e2e-all: export E2E = all
e2e-all: e2e ## the same with the long ones

.PHONY: bench
bench: install cluster ## times beside their targets; PARTS=boot,members,gaps,idle and ROUNDS choose
	npx ts-node --transpile-only tests/bench/bench.ts

.PHONY: soak
soak: install cluster ## faults under a linearizability checker, on the local Kubernetes: MINUTES=30 SEED=1
	npx ts-node --transpile-only tests/soak/main.ts

.PHONY: env
env: ## the shell's exports for kubectl and etcdctl: eval "$$(make -s env)"
	@hack/cluster env

.PHONY: status
status: ## what runs on the local Kubernetes
	@hack/cluster status

.PHONY: down
down: ## take the local Kubernetes away; only caches stay
	@hack/cluster down
