# What the tracer's tests and benches need besides the runner.
#
#   make compare-unwind    every stack of real programs, walked by ours and by _Unwind_Backtrace; prints the counts

$(O)/tests/compare_unwind.so: tests/tracer/preload/compare_unwind.c $(TRACER_UNWIND)
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) $(TRACER_CFLAGS) $(TRACER_LDFLAGS) -o $@ $^ -lgcc_s

.PHONY: compare-unwind
compare-unwind: $(O)/tests/compare_unwind.so $(O)/heapgate
	@tests/tracer/compare-unwind.sh $(O)

# The programs that the tracer's tests run under it.
TRACER_PROGRAMS := $(patsubst tests/tracer/programs/%.c,$(O)/tests/tracer/%,$(filter-out %/plugin.c,$(wildcard \
	tests/tracer/programs/*.c)))
test-programs: $(O)/libheapgate.so $(TRACER_PROGRAMS) $(O)/tests/tracer/plugin.so

$(O)/tests/tracer/%: tests/tracer/programs/%.c harness/include/heapgate.h tests/tracer/tests.mk
	@mkdir -p $(@D)
	$(call say,CC $@)$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -fno-builtin -fno-omit-frame-pointer $(WARNINGS) -Iharness/include -pthread -o $@ $< -ldl

$(O)/tests/tracer/plugin.so: tests/tracer/programs/plugin.c
	@mkdir -p $(@D)
	$(call say,CC $@)$(CC) -std=gnu11 -O1 -g -fno-builtin -fPIC -shared $(WARNINGS) -o $@ $<
