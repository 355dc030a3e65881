# Nothing is green unseen: programs that leak where a tracer may not look (rows.py), healthy and leaking.
#
#   make prove-coverage     prints counts: programs tried, holes closed, seen, unseen      PROGRAMS="drop/ shell/pipe" JOBS=2
#
# Rows that cannot be tried here are left out by name: most of drop/ and some of namespace/ and wrapper/ need root;
# jemalloc, tcmalloc and mimalloc are linked where their libraries are installed.

COVERAGE_SOURCES := $(wildcard tests/coverage/programs/*.c)
COVERAGE_MAIN := $(filter-out %/plugin.c,$(COVERAGE_SOURCES))
COVERAGE_FLAGS = -std=gnu11 -D_GNU_SOURCE -O1 -g -fno-builtin -fno-omit-frame-pointer $(WARNINGS) -pthread
COVERAGE_NEW = jemalloc:libjemalloc.so.2 tcmalloc_minimal:libtcmalloc_minimal.so.4 mimalloc:libmimalloc.so.2
COVERAGE := $(O)/tests/coverage

$(COVERAGE)/healthy/built: COVERAGE_LEAK =
$(COVERAGE)/leaking/built: COVERAGE_LEAK = -DLEAKING
$(COVERAGE)/%/built: $(COVERAGE_SOURCES) tests/coverage/programs/own/own_malloc.c tests/coverage/programs/coverage.h tests/coverage/programs/new.cc tests/coverage/coverage.mk
	@rm -rf $(@D) && mkdir -p $(@D)
	$(call say,CC $(@D))$(CC) $(COVERAGE_FLAGS) $(COVERAGE_LEAK) -o $(@D)/coverage $(COVERAGE_MAIN) -ldl
	@$(CC) $(COVERAGE_FLAGS) $(COVERAGE_LEAK) -static -Wl,--no-warnings -o $(@D)/coverage-static $(COVERAGE_MAIN)
	@$(CC) $(COVERAGE_FLAGS) $(COVERAGE_LEAK) -shared -fPIC -o $(@D)/coverage-plugin.so tests/coverage/programs/plugin.c
	@$(CC) $(COVERAGE_FLAGS) $(COVERAGE_LEAK) -o $(@D)/coverage-own tests/coverage/programs/own/own_malloc.c
	@$(CXX) -std=c++17 -O1 -g -Wall -Wextra $(COVERAGE_LEAK) -o $(@D)/coverage-new tests/coverage/programs/new.cc
	@for each in $(COVERAGE_NEW); do \
		$(CXX) -std=c++17 -O1 -g -Wall -Wextra $(COVERAGE_LEAK) -o $(@D)/coverage-new-$${each%:*} tests/coverage/programs/new.cc \
			-Wl,--no-as-needed -l:$${each#*:} 2>/dev/null || echo "  left out: coverage-new-$${each%:*}: no $${each#*:} here"; \
	done
	@touch $@

.PHONY: prove-coverage
prove-coverage: build $(COVERAGE)/healthy/built $(COVERAGE)/leaking/built
	@/usr/bin/python3 -B tests/coverage/prove_coverage.py $(O) $(PROGRAMS)
