# What the tracer's tests and benches need besides the runner.
#
#   make compare-unwind    every stack of real programs, walked by ours and by _Unwind_Backtrace; prints the counts

$(O)/tests/compare_unwind.so: tests/guest/preload/compare_unwind.c $(TRACER_UNWIND)
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) $(TRACER_CFLAGS) $(TRACER_LDFLAGS) -o $@ $^ -lgcc_s

.PHONY: compare-unwind
compare-unwind: $(O)/tests/compare_unwind.so $(O)/heapgate
	@tests/guest/compare-unwind.sh $(O)

# The programs that the tracer's tests run under it.
TRACER_PROGRAMS := $(patsubst tests/guest/programs/%.c,$(O)/tests/guest/%,$(filter-out %/plugin.c %/bump.c %/interrupts.c %/in_front.c %/past_plugin.c,$(wildcard \
	tests/guest/programs/*.c)))
test-programs: $(O)/libheapgate.so $(TRACER_PROGRAMS) $(O)/tests/guest/news $(O)/tests/guest/plugin.so $(O)/tests/guest/bump.so $(O)/tests/guest/interrupts.so $(O)/tests/guest/in_front.so $(O)/tests/guest/past_plugin.so $(O)/tests/guest/past_plugin_bare.so

$(O)/tests/guest/maps: harness/guest/ledger.h harness/guest/ledger_records.def
$(O)/tests/guest/%: tests/guest/programs/%.c harness/include/heapgate.h tests/guest/tests.mk
	@mkdir -p $(@D)
	$(call say,CC $@)$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -fno-builtin -fno-omit-frame-pointer $(WARNINGS) -Iharness/include -pthread $(OPTIONS) \
		-o $@ $<

$(O)/tests/guest/%: tests/guest/programs/%.cc tests/guest/tests.mk
	@mkdir -p $(@D)
	$(call say,CXX $@)$(CXX) -std=c++17 -O1 -g -fno-builtin -fsized-deallocation -Wall -Wextra -o $@ $<

$(O)/tests/guest/malloc_address: OPTIONS = -no-pie -fno-pie
$(O)/tests/guest/past: OPTIONS = -Wl,-rpath,'$$ORIGIN' -Wl,--enable-new-dtags
$(O)/tests/guest/static_child: OPTIONS = -static
$(O)/tests/guest/no_python: OPTIONS = -rdynamic
$(O)/tests/guest/%.so: tests/guest/programs/%.c tests/guest/tests.mk
	@mkdir -p $(@D)
	$(call say,CC $@)$(CC) -std=gnu11 -O1 -g -fno-builtin -fPIC -shared $(WARNINGS) -o $@ $<

# One whose start calls nothing.
$(O)/tests/guest/past_plugin_bare.so: tests/guest/programs/past_plugin.c tests/guest/tests.mk
	@mkdir -p $(@D)
	$(call say,CC $@)$(CC) -std=gnu11 -O1 -g -fno-builtin -fPIC -shared -nostartfiles $(WARNINGS) -o $@ $<

# Stacks as no frame pointer shows them.
$(O)/objects/tests/guest/unwind_chains.o: tests/guest/unwind_chains.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) -std=gnu11 -O2 -g $(WARNINGS) $(CFLAGS) -D_GNU_SOURCE -Iharness -fomit-frame-pointer -MMD -MP -c -o $@ $<

# One library in two shapes, to be loaded one after the other at the same address.
$(O)/tests/plugin_%.so: tests/guest/preload/plugin.c
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) -O2 -shared -fPIC -fomit-frame-pointer -DPLUGIN_$* -o $@ $<
test-programs: $(O)/tests/plugin_small.so $(O)/tests/plugin_large.so $(O)/tests/compare_unwind.so

# The other architecture: the unwinding cross-compiled and tried under qemu-user.
AARCH64_CC ?= aarch64-linux-gnu-gcc
AARCH64_RUN ?= qemu-aarch64
.PHONY: check-aarch64
check-aarch64: $(O)/tests/aarch64/walk-frame-pointers
	@$(AARCH64_RUN) $<
$(O)/tests/aarch64/walk-frame-pointers: tests/guest/aarch64/walk_frame_pointers.c $(TRACER_UNWIND:$(O)/guest/%.o=harness/guest/%.c) $(wildcard harness/guest/*.h harness/guest/*/*.h)
	@mkdir -p $(@D)
	$(call say,CC $@)$(AARCH64_CC) -std=gnu11 -O2 -g $(WARNINGS) -Werror -D_GNU_SOURCE -iquote harness/guest -ftls-model=initial-exec \
		-fno-omit-frame-pointer -funwind-tables -static -o $@ $(filter %.c,$^)

#   make prove-truth       peak and end of deterministic programs against massif's, to the byte; PROGRAMS="NAME..."
#   make prove-survival    real programs under `heapgate exec` do as without it: python3, node, redis, nginx (as root, too),
#                          postgres, git, gcc, bash, make -j2, PySide6, Playwright with chromium, gevent, numpy, a sandbox;
#                          PROGRAMS="NAME..."; `make setup-proof` installs them, PROVE_ALL=yes insists on them
.PHONY: prove-truth prove-survival
UNMARKED := $(O)/tests/unmarked/roundtrip $(patsubst %,$(O)/tests/unmarked/%,lost_block cache deep_recursion peak_only \
	cxx_templates)
prove-truth: build $(UNMARKED) $(O)/scenarios/make-document
	@/usr/bin/python3 -B tests/guest/prove-truth.py $(O) $(PROGRAMS)
prove-survival: build
	@tests/guest/prove-survival.sh $(O) $(PROGRAMS)

#   make prove-python-frames    2 million allocations in a maze of Python calls, each stack compared with what
#                               sys._getframe says; PYTHONS="PATH..." COUNT=2000000
.PHONY: prove-python-frames
COUNT ?= 2000000
prove-python-frames: build
	@mkdir -p $(O)/tests
	@/usr/bin/python3 -B tests/guest/prove-python-frames.py $(O) $(COUNT) $(PYTHONS)

# The same programs without their marks: their end is their exit.
$(UNMARKED): FIXTURE_FLAGS += -DHEAPGATE_DISABLE
$(O)/tests/unmarked/roundtrip: scenarios/programs/roundtrip.c harness/include/heapgate.h
	@mkdir -p $(@D)
	$(call say,CC $@)$(CC) -std=gnu11 $(FIXTURE_FLAGS) -o $@ $< $(LIBXML_FLAGS)
$(O)/tests/unmarked/%: tests/fixtures/%.c tests/fixtures/fixture.h harness/include/heapgate.h
	@mkdir -p $(@D)
	$(call say,CC $@)$(CC) -std=gnu11 $(FIXTURE_FLAGS) -o $@ $<
$(O)/tests/unmarked/%: tests/fixtures/%.cpp tests/fixtures/fixture.h harness/include/heapgate.h
	@mkdir -p $(@D)
	$(call say,CC $@)$(CXX) -std=c++11 $(FIXTURE_FLAGS) -o $@ $<

#   make prove-python-truth     lines, bytes and blocks of Python's allocations against tracemalloc's, on every CPython
#                               from 3.9 to 3.15 below ~/.pyenv or PYENV_ROOT, and on /usr/bin/python3; PYTHONS="PATH..."
.PHONY: prove-python-truth
prove-python-truth: build
	@/usr/bin/python3 -B tests/guest/prove-python-truth.py $(O) $(PYTHONS)
