# The checks that are too long for every test run. CI calls them; so may anyone: make check-all

.PHONY: check-all check-sanitizers check-clang check-valgrind check-format check-scripts format fuzz-smoke
check-all: setup-check
	$(BUILD) check-format
	$(BUILD) check-scripts
	$(BUILD) check-clang
	$(BUILD) check-sanitizers
	$(BUILD) check-valgrind
	$(BUILD) check-aarch64
	$(BUILD) prove-coverage
	$(BUILD) prove-verdicts PART=0.1
	$(BUILD) fuzz-smoke
	@echo "check-all: all clean"

# Suites that launch Valgrind or a make of their own: slow twice over, and not about the memory of this code.
LAUNCHING_SUITES ?= run* test_runner python_module* python_layouts fixtures* github* install setup heapgate_h shipped* compare_unwind

GUEST_SUITES = allocators family hello limits mapped pool sample sandbox storm tracer tracer_python window

# AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer over every test, and over the program tests start.
check-sanitizers: test-programs
	$(BUILD) O=$(O)/asan CFLAGS="-Werror $(CFLAGS)" \
		SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" $(O)/asan/run-tests $(O)/asan/heapgate
	@# The tracer lives in other people's processes: theirs have no sanitizer's runtime.
	@cp $(O)/libheapgate.so $(O)/asan/
	@ln -sfn $(CURDIR)/$(O)/python $(O)/asan/python # where this heapgate looks for the module for Python
	@echo "check-sanitizers: all tests under ASan and UBSan"
	@CK_TIMEOUT_MULTIPLIER=5 HEAPGATE_BINARY=$(CURDIR)/$(O)/asan/heapgate UBSAN_OPTIONS=print_stacktrace=1 \
		LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0 \
		$(O)/asan/run-tests $(LAUNCHING_SUITES:%='-%')

# The other compiler sees other mistakes; its warnings are errors here.
check-clang: test-programs
	$(BUILD) O=$(O)/clang CC=clang CXX=clang++ CFLAGS="-Werror $(CFLAGS)" $(O)/clang/run-tests $(O)/clang/heapgate
	@echo "check-clang: all tests, built by clang"
	@$(O)/clang/run-tests

# Memcheck on our own tests, in one process (CK_FORK=no) so that leaks are seen. Those of the command line and of the
# tracer (GUEST_SUITES) only start other processes; the collector's are played by forks that live on with threads, which
# Valgrind does not let run; unwinding reads words of other frames, which nobody may have written. Of a forked child that
# is about to become another program nothing is said.
check-valgrind: test-programs
	@echo "check-valgrind: our own tests under memcheck"
	@CK_FORK=no G_SLICE=always-malloc valgrind --quiet --child-silent-after-fork=yes --leak-check=full --errors-for-leak-kinds=definite,indirect \
		--show-leak-kinds=definite,indirect --error-exitcode=9 --suppressions=tests/glib.supp --num-callers=25 \
		$(O)/run-tests '-cli*' '-collector*' -unwind -stack_cache $(GUEST_SUITES:%='-%') $(LAUNCHING_SUITES:%='-%')

C_FILES = $(wildcard harness/*.[ch] harness/*/*.[ch] harness/*/*/*.[ch] tests/*.[ch] tests/*/*.[ch] tests/*/samples/*.[ch] scenarios/*/*.[ch])
check-format:
	@clang-format --dry-run --Werror $(C_FILES)
	@echo "check-format: $(words $(C_FILES)) files"

format:
	clang-format -i $(C_FILES)

# ShellCheck over every script, those inside the action and the workflows included.
check-scripts: $(O)/venv/ready
	@shellcheck .ci/run .ci/install-packages $(wildcard tests/*.sh tests/guest/*.sh tests/guest/*/*.sh) harness/share/heapgate.bash
	@$(O)/venv/bin/python -B tests/github/run_steps.py --shellcheck .github/actions/heapgate/action.yml \
		.github/workflows/*.yml
	@echo "check-scripts: clean"
