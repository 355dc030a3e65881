# heapgate: two commands for a newcomer: `make gate` and `make test`.
#
#   make gate        set up, build, run the shipped scenarios against the shipped baselines
#   make test        set up, build, run all tests            (make test SUITES="massif report_*")
#   make check-all   sanitizers, both compilers, Valgrind on ourselves, fuzz smoke, format, include rules
#   make demo        a regression from end to end: red with its reason, then green again
#   make repeat      the gate REPEATS=20 times: as many passes  (make repeat-heap: with the heap instrument alone)
#   make bench       speed, against peers in the same run
#   make install     PREFIX=/usr/local DESTDIR=    (and make uninstall)
#   make clean-root  both commands from nothing, in a root made for it; by hand, as root: RELEASE=bookworm|trixie|forky
#   make clean
#
# Nothing but build/ and reports/ is written. SETUP=no installs no packages.
# GNU make turns every failure into its own status 2. Heapgate's status is the one on the last line that `make gate`
# prints and "exit_status" in reports/verdict.json, which is there only if this very run was measured.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
O ?= build
CC ?= cc
CXX ?= g++
OPTIMIZE ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2 \
	-Wno-format-nonliteral -Wno-missing-field-initializers -Werror=implicit-function-declaration

LIBRARIES := gio-2.0 gio-unix-2.0 libxml-2.0 json-glib-1.0 yaml-0.1 yajl libdw liblzma libzstd
# Evaluated when first needed, once: on a fresh machine pkg-config comes with the set-up.
once = $(eval $(1) := $(shell pkg-config $(2)) $(3))$($(1))
LIBRARY_CFLAGS = $(call once,LIBRARY_CFLAGS,--cflags $(LIBRARIES))
LIBRARY_LIBS = $(call once,LIBRARY_LIBS,--libs $(LIBRARIES),-liberty -lm)
CHECK_CFLAGS = $(call once,CHECK_CFLAGS,--cflags check)
CHECK_LIBS = $(call once,CHECK_LIBS,--libs check)

ALL_CFLAGS = -std=gnu11 $(OPTIMIZE) $(WARNINGS) $(SANITIZE) $(CFLAGS) -Iharness $(if $(filter harness/%,$<),,-iquote harness/guest) -Itests \
	-DHEAPGATE_VERSION='"$(VERSION)"' -D_GNU_SOURCE \
	-fno-omit-frame-pointer -MMD -MP $(LIBRARY_CFLAGS)

CORE_SOURCES := $(filter-out harness/main.c harness/guest/% harness/python/%,$(wildcard harness/*.c harness/*/*.c harness/*/*/*.c))
CORE_OBJECTS := $(CORE_SOURCES:%.c=$(O)/objects/%.o)
MAIN_OBJECT := $(O)/objects/harness/main.o
TEST_SOURCES := $(filter-out tests/fixtures/% tests/fuzz/% tests/bench/%,$(wildcard tests/*.c tests/*/*.c tests/report/text/*.c))
TEST_OBJECTS := $(TEST_SOURCES:%.c=$(O)/objects/%.o)

# The parts' files come with rules of their own; plain `make` builds all.
.DEFAULT_GOAL := all
include harness/guest/guest.mk

.PHONY: all build gate test test-programs scenario-programs demo-program fixtures
all: build
build: $(O)/heapgate $(O)/libheapgate.so $(O)/python/ready

# Set-up comes first and building in a make of its own: the library flags are known only after it.
BUILD = +@$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

# make gate SCENARIOS="NAME..." GATE_OPTIONS="--jobs 1"
gate: setup-gate
	@rm -f reports/verdict.json
	$(BUILD) build scenario-programs
	@status=0; $(O)/heapgate run $(GATE_OPTIONS) $(SCENARIOS) || status=$$?; \
	[ $$status -eq 0 ] || echo "gate: heapgate's exit status is $$status"; exit $$status

# A regression from end to end: red with its reason, then green again.
.PHONY: demo repeat repeat-heap
demo: setup-gate
	$(BUILD) build scenario-programs demo-program
	@tests/demo.sh $(O)

# Each shipped scenario REPEATS times against its baseline: as many passes.
REPEATS ?= 20
repeat: setup-gate
	$(BUILD) build scenario-programs
	@/usr/bin/python3 -B tests/repeat.py $(O)/heapgate $(REPEATS) $(SCENARIOS)

# The same with the heap instrument alone.
repeat-heap: setup-gate
	$(BUILD) build scenario-programs
	@/usr/bin/python3 -B tests/repeat.py $(O)/heapgate $(REPEATS) -i heap $(SCENARIOS)

# make test SUITES="massif report_*" JOBS=4 NO_SKIPS=1
test: setup-test
	$(BUILD) test-programs
	@$(O)/run-tests $(if $(JOBS),--jobs=$(JOBS)) $(if $(NO_SKIPS),--no-skips) $(SUITES)

# Whatever tests run is a prerequisite of this, whatever scenarios run of scenario-programs (scenarios/programs.mk).
test-programs: $(O)/run-tests $(O)/heapgate $(O)/python/ready $(O)/venv/ready scenario-programs demo-program fixtures
scenario-programs demo-program fixtures:

# Asks dpkg alone when nothing is missing.
.PHONY: setup-gate setup-test setup-check setup-proof
setup-gate setup-test setup-check setup-proof: setup-%:
	@$(if $(filter no,$(SETUP)),,.ci/install-packages $*)

# The linters of the GitHub files and the library by which the tests play GitHub's runner.
$(O)/venv/ready: tests/github/requirements.txt
	@rm -rf $(@D)
	@/usr/bin/python3 -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# make V=1 shows the commands.
say = $(if $(V),,@echo "  $(1)"; )

# Everything is built anew when the compiler or its flags change.
FLAGS = $(CC) $(OPTIMIZE) $(WARNINGS) $(SANITIZE) $(CFLAGS) $(LDFLAGS) $(VERSION)
.PHONY: force
$(O)/flags: force
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp --silent - $@ || echo '$(FLAGS)' > $@

$(O)/libcore.a: $(CORE_OBJECTS)
	@rm -f $@
	$(call say,AR $@)ar rcs $@ $^

$(O)/heapgate: $(MAIN_OBJECT) $(O)/libcore.a
	$(call say,LD $@)$(CC) $(OPTIMIZE) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS)

$(O)/objects/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) $(ALL_CFLAGS) $(if $(filter tests/%,$<),$(CHECK_CFLAGS)) -c -o $@ $<

$(O)/run-tests: $(TEST_OBJECTS) $(TRACER_TESTED) $(O)/libcore.a
	$(call say,LD $@)$(CC) $(OPTIMIZE) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS) $(CHECK_LIBS)

# The module for Python, whole: its sources and what is made of lists that C has, too. heapgate and the tests look for it
# here, and `pip install` works from here, as from where it is installed.
PYTHON_SOURCES := $(patsubst harness/python/%,%,$(wildcard harness/python/pyproject.toml harness/python/README.md harness/python/wheel_backend.py \
	harness/python/heapgate/*.py harness/python/heapgate/py.typed harness/python/heapgate-$(VERSION).dist-info/*))
PYTHON_MADE := ledger_layout growth_rule
PYTHON_FILES := $(PYTHON_SOURCES) $(PYTHON_MADE:%=heapgate/%.py)

$(PYTHON_MADE:%=$(O)/make_%): $(O)/%: harness/python/%.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) -MMD -MP -Iharness -o $@ $<

$(PYTHON_MADE:%=$(O)/python/heapgate/%.py): $(O)/python/heapgate/%.py: $(O)/make_%
	@mkdir -p $(@D)
	$(call say,GENERATE $@)$< > $@.new && mv $@.new $@

$(PYTHON_SOURCES:%=$(O)/python/%): $(O)/python/%: harness/python/%
	@mkdir -p $(@D)
	@cp $< $@

$(O)/python/ready: $(PYTHON_FILES:%=$(O)/python/%)
	@touch $@

# What is installed, and where; uninstall takes the same files away.
SHARE = $(DESTDIR)$(PREFIX)/share
INSTALLED = $(DESTDIR)$(PREFIX)/bin/heapgate $(DESTDIR)$(PREFIX)/lib/heapgate/libheapgate.so \
	$(DESTDIR)$(PREFIX)/include/heapgate.h $(SHARE)/man/man1/heapgate.1 \
	$(SHARE)/bash-completion/completions/heapgate $(SHARE)/heapgate/glibc.supp $(SHARE)/pkgconfig/heapgate.pc
PYTHON_SHARE = $(SHARE)/heapgate/python

.PHONY: install uninstall clean clean-root
install: build
	install -D $(O)/heapgate $(DESTDIR)$(PREFIX)/bin/heapgate
	install -D $(O)/libheapgate.so $(DESTDIR)$(PREFIX)/lib/heapgate/libheapgate.so
	install -D -m 644 harness/include/heapgate.h $(DESTDIR)$(PREFIX)/include/heapgate.h
	install -D -m 644 docs/heapgate.1 $(SHARE)/man/man1/heapgate.1
	install -D -m 644 harness/share/heapgate.bash $(SHARE)/bash-completion/completions/heapgate
	install -D -m 644 harness/share/glibc.supp $(SHARE)/heapgate/glibc.supp
	for file in $(PYTHON_FILES); do install -D -m 644 $(O)/python/$$file $(PYTHON_SHARE)/$$file || exit 1; done
	install -d $(SHARE)/pkgconfig
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' harness/share/heapgate.pc.in > $(SHARE)/pkgconfig/heapgate.pc
	chmod 644 $(SHARE)/pkgconfig/heapgate.pc

uninstall:
	rm -f $(INSTALLED) $(PYTHON_FILES:%=$(PYTHON_SHARE)/%)
	rm -rf $(PYTHON_SHARE)/heapgate/__pycache__
	-rmdir $(PYTHON_SHARE)/heapgate $(PYTHON_SHARE)/heapgate-$(VERSION).dist-info $(PYTHON_SHARE) $(SHARE)/heapgate $(DESTDIR)$(PREFIX)/lib/heapgate

clean:
	rm -rf $(O)

clean-root:
	RELEASE=$(RELEASE) tests/clean-root.sh

-include $(CORE_OBJECTS:.o=.d) $(MAIN_OBJECT:.o=.d) $(PYTHON_MADE:%=$(O)/make_%.d) $(TEST_OBJECTS:.o=.d)
include tests/check-all.mk
include tests/runner/runner.mk
include tests/guest/tests.mk
include tests/coverage/coverage.mk
include tests/verdicts/verdicts.mk
include scenarios/programs.mk
include tests/fixtures/fixtures.mk
include tests/fuzz/fuzz.mk tests/bench/bench.mk
