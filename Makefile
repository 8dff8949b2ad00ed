# Entry point for building, testing and packaging. `make` prints the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

# The interpreter for .venv (3.9 or newer). Delete .venv to change it.
PYTHON ?= python3
VENV := .venv
VENV_PYTHON := $(CURDIR)/$(VENV)/bin/python
RELEASE := build/release
# Parallel jobs of ctest.
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# Seconds for each fuzz target in `make fuzz` and `make test-long`.
FUZZ_SECONDS ?= 120
CLANG_FORMAT ?= clang-format-14
CLANG_TIDY ?= clang-tidy-14
RUN_CLANG_TIDY ?= run-clang-tidy-14

NATIVE_DIRS := core capi bindings cli tests examples
PYTHON_DIRS := python tests examples tools docs packaging
PYTHON_TESTS := $(wildcard tests/python tests/golden tests/property tests/crash tests/e2e tests/redact tests/install tests/interop tests/languages tests/attacks tests/tools)

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- Dependencies ----------------------------------------------------------------------------------------------

.PHONY: deps deps-build deps-test deps-deb deps-languages deps-lint
deps: ## Install missing dependencies: Debian packages (needs root or sudo), .venv and npm packages
	@tools/install_deps.sh build test deb java lint
	@$(MAKE) --no-print-directory deps-languages $(VENV)/.ready $(NODE_READY) $(NPM_TESTS_READY)

deps-build:
	@tools/install_deps.sh build

deps-test:
	@tools/install_deps.sh build test

deps-deb:
	@tools/install_deps.sh build deb

# Uses an installed Rust, if there is one; else Debian's.
deps-languages:
	@tools/install_deps.sh build test java
	@cargo --version >/dev/null 2>&1 || tools/install_deps.sh rust

deps-lint:
	@tools/install_deps.sh build test lint

# The .venv. In it, `import provenlog` finds the release build through a .pth file.
$(VENV)/.ready: packaging/requirements-dev.txt | deps-build
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 9))' || { \
	  echo "make: $(PYTHON) is older than Python 3.9; use another one: make PYTHON=python3.11 ..." >&2; exit 1; }
	@echo "deps: $(VENV) ($$($(PYTHON) --version))"
	@$(VENV_PYTHON) -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check -r packaging/requirements-dev.txt
	@echo "$(CURDIR)/$(RELEASE)/python" \
	  > "$$($(VENV_PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/provenlog-build.pth"
	@touch $@

# Node 18 or newer with npm (an installed one, else Debian's), and the npm packages that node/ needs.
NODE_READY := node/node_modules/.ready
$(NODE_READY): node/package-lock.json | deps-build
	@{ node -e 'process.exit(+process.versions.node.split(".")[0] < 18 ? 1 : 0)' && npm --version; } >/dev/null 2>&1 \
	  || tools/install_deps.sh node
	@echo "deps: node/node_modules (Node $$(node --version), npm $$(npm --version 2>/dev/null))"
	@cd node && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# The Node versions and linters for the tests of the npm package; the long tests use more versions.
NPM_TESTS_READY := tests/install/npm/node_modules/.ready
NPM_LONG_READY := tests/install/npm/long/node_modules/.ready
$(NPM_TESTS_READY) $(NPM_LONG_READY): %/node_modules/.ready: %/package-lock.json | $(NODE_READY)
	@cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# ---- Build -----------------------------------------------------------------------------------------------------

$(RELEASE)/build.ninja: CMakePresets.json $(VENV)/.ready $(NODE_READY)
	@cmake --preset release -DPython_EXECUTABLE=$(VENV_PYTHON) \
	  -Dpybind11_DIR="$$($(VENV_PYTHON) -m pybind11 --cmakedir)"

build/%/build.ninja: CMakePresets.json | deps-test $(NODE_READY)
	@cmake --preset $*

.PHONY: build
build: deps-test $(RELEASE)/build.ninja ## Build plog, libprovenlog.so, the Python module and the npm package in build/release
	@cmake --build --preset release
	@ln -sfn ../$(RELEASE)/node/provenlog/dist node/dist
	@ln -sfn ../$(RELEASE)/node/provenlog/build node/build

.PHONY: demo
demo: build ## Record and verify a real session with examples/agent.py (installs and builds first)
	@$(VENV_PYTHON) examples/agent.py --db build/demo/events.db

# The folder for packages.
DIST ?= dist

.PHONY: wheel
wheel: deps-build $(VENV)/.ready ## Build a source distribution, and from it a wheel for this machine's Python, in dist/
	@rm -rf build/wheel && mkdir -p build/wheel
	@CC=$${CC:-cc} CXX=$${CXX:-c++} $(VENV_PYTHON) -m build --outdir build/wheel . > build/wheel/log 2>&1 \
	  || { cat build/wheel/log >&2; exit 1; }
	@$(VENV_PYTHON) packaging/wheel_repair.py build/wheel/provenlog-*.whl $(DIST)
	@cp build/wheel/provenlog-*.tar.gz $(DIST)

# The build folder of the npm package. build/release would work too, but builds more than the addon and plog.
NPM_BUILD ?= build/npm
$(NPM_BUILD)/build.ninja: | deps-build $(NODE_READY)
	@cmake -S . -B $(@D) -G Ninja -DCMAKE_BUILD_TYPE=Release -DPLOG_BUILD_NODE=ON -DPLOG_BUILD_SHARED=OFF \
	  -DPLOG_BUILD_TESTS=OFF -DPLOG_BUILD_EXAMPLES=OFF

.PHONY: npm-pack
npm-pack: $(VENV)/.ready $(NPM_BUILD)/build.ninja ## Build the npm package with the addon for this platform in dist/
	@cmake --build $(NPM_BUILD) --target plog_node plog_node_scripts plog
	@$(VENV_PYTHON) packaging/npm/pack.py $(NPM_BUILD) $(DIST)

.PHONY: deb
deb: deps-deb ## Build .deb packages of the C library and of plog in dist/
	@mkdir -p build && packaging/deb/build.sh $(DIST) > build/deb.log 2>&1 || { cat build/deb.log >&2; exit 1; }
	@ls $(DIST)/*.deb

# ---- Tests -----------------------------------------------------------------------------------------------------

.PHONY: test test-release test-asan test-python test-node test-node-asan
test: test-release test-asan test-python test-node test-node-asan ## All tests of the CI tier: release, ASan + UBSan, Python, Node (installs and builds first)
	@echo "make test: all tests passed"

test-release: build ## Only the C and C++ tests, release build
	@ctest --preset release -j $(JOBS)

test-asan: deps-test build/asan-ubsan/build.ninja ## Only the C and C++ tests, under ASan + UBSan
	@cmake --build --preset asan-ubsan
	@ctest --preset asan-ubsan -j $(JOBS)

test-python: build deps-deb deps-languages $(NPM_TESTS_READY) ## Only the tests written in Python, against the release build
	@PLOG_BUILD_DIR=$(CURDIR)/$(RELEASE) $(VENV_PYTHON) -m pytest $(PYTHON_TESTS)

VITEST := node node/node_modules/vitest/vitest.mjs run --config node/vitest.config.mts

test-node: build ## Only the tests of the npm package, against the release build
	@PLOG_BUILD_DIR=$(CURDIR)/$(RELEASE) $(VITEST)

# Tests the addon under ASan + UBSan in a Node that is not instrumented. Leak detection is therefore off; a test of
# memory use looks for leaks.
test-node-asan: deps-test build/asan-ubsan/build.ninja
	@cmake --build --preset asan-ubsan --target plog_node plog_node_scripts
	@PLOG_BUILD_DIR=$(CURDIR)/build/asan-ubsan ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1 \
	  UBSAN_OPTIONS=print_stacktrace=1 \
	  LD_PRELOAD="$$($${CXX:-c++} -print-file-name=libasan.so) $$($${CXX:-c++} -print-file-name=libubsan.so)" \
	  $(VITEST) golden values client evidence redact scopes workers

.PHONY: test-long
test-long: test $(NPM_LONG_READY) ## All tests of the CI tier, then TSan, fuzzing and the long variants of the tests
	@tools/install_deps.sh long
	@$(MAKE) --no-print-directory build/tsan/build.ninja
	@cmake --build --preset tsan
	@ctest --preset tsan -j $(JOBS)
	@PLOG_TEST_LONG=1 ctest --preset release -j $(JOBS)
	@PLOG_TEST_LONG=1 PLOG_BUILD_DIR=$(CURDIR)/$(RELEASE) $(VENV_PYTHON) -m pytest $(PYTHON_TESTS)
	@PLOG_TEST_LONG=1 PLOG_BUILD_DIR=$(CURDIR)/$(RELEASE) $(VITEST)
	@$(MAKE) --no-print-directory fuzz

# Targets write inputs that reach new code to build/fuzz/found. They only read tests/fuzz/corpus.
.PHONY: fuzz
fuzz:
	@tools/install_deps.sh build long
	@$(MAKE) --no-print-directory build/fuzz/build.ninja
	@cmake --build --preset fuzz
	@for target in $$(basename -s .cpp tests/fuzz/*_fuzz.cpp); do \
	  mkdir -p build/fuzz/found/$$target; \
	  echo "fuzz: $$target for $(FUZZ_SECONDS) s"; \
	  build/fuzz/tests/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -verbosity=0 \
	    -artifact_prefix=build/fuzz/found/$$target- build/fuzz/found/$$target tests/fuzz/corpus/$$target; \
	done

.PHONY: bench
bench: build ## Run the benchmarks; figures are ratios to a ceiling measured in the same run
	@tools/install_deps.sh bench
	@cmake -S . -B $(RELEASE) -DPLOG_BUILD_BENCH=ON
	@cmake --build --preset release
	@$(VENV_PYTHON) tests/bench/run.py

# ---- Lint ------------------------------------------------------------------------------------------------------

.PHONY: format
format: deps-lint $(VENV)/.ready ## Format C, C++ and Python sources in place
	@find $(NATIVE_DIRS) -name node_modules -prune -o '(' -name '*.h' -o -name '*.cpp' -o -name '*.c' ')' -print | xargs $(CLANG_FORMAT) -i
	@$(VENV_PYTHON) -m ruff check --quiet --fix-only --select I $(PYTHON_DIRS)
	@$(VENV_PYTHON) -m ruff format --quiet $(PYTHON_DIRS)

.PHONY: lint lint-format lint-python lint-node lint-tidy
lint: lint-format lint-python lint-node lint-tidy ## clang-format, clang-tidy, ruff, mypy, eslint, tsc, shellcheck, layering
	@echo "make lint: clean"

lint-format: deps-lint
	@find $(NATIVE_DIRS) -name node_modules -prune -o '(' -name '*.h' -o -name '*.cpp' -o -name '*.c' ')' -print | xargs $(CLANG_FORMAT) --dry-run -Werror
	@$(PYTHON) tools/check_layers.py
	@shellcheck .ci/run $$(find packaging tests tools -name '*.sh')

lint-python: $(VENV)/.ready
	@$(VENV_PYTHON) -m ruff check --quiet $(PYTHON_DIRS)
	@$(VENV_PYTHON) -m ruff format --quiet --check $(PYTHON_DIRS)
	@$(VENV_PYTHON) -m mypy --strict python/provenlog docs/verify.py

lint-node: $(NODE_READY)
	@node node/node_modules/typescript/bin/tsc -p node --noEmit
	@node node/node_modules/typescript/bin/tsc -p tests/node
	@node node/node_modules/eslint/bin/eslint.js --config node/eslint.config.mjs node/src tests/node examples

lint-tidy: deps-lint $(RELEASE)/build.ninja
	@$(RUN_CLANG_TIDY) -clang-tidy-binary $(CLANG_TIDY) -quiet -j $(JOBS) -p $(RELEASE) \
	  '$(CURDIR)/(core|capi|bindings|cli|examples)/.*' > build/clang-tidy.log 2>&1 \
	  || { grep -E 'warning:|error:|note:' build/clang-tidy.log | sort -u; exit 1; }

.PHONY: clean
clean: ## Delete build/ and dist/, but not .venv
	@rm -rf build dist
