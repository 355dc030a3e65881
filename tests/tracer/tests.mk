# What the tracer's tests and benches need besides the runner.
#
#   make compare-unwind    every stack of real programs, walked by ours and by _Unwind_Backtrace; prints the counts

$(O)/tests/compare_unwind.so: tests/tracer/preload/compare_unwind.c $(TRACER_UNWIND)
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) $(TRACER_CFLAGS) $(TRACER_LDFLAGS) -o $@ $^ -lgcc_s

.PHONY: compare-unwind
compare-unwind: $(O)/tests/compare_unwind.so $(O)/heapgate
	@tests/tracer/compare-unwind.sh $(O)

# Stacks as no frame pointer shows them.
$(O)/objects/tests/tracer/unwind_chains.o: tests/tracer/unwind_chains.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) -std=gnu11 -O2 -g $(WARNINGS) $(CFLAGS) -D_GNU_SOURCE -Iharness -fomit-frame-pointer -MMD -MP -c -o $@ $<

# One library in two shapes, to be loaded one after the other at the same address.
$(O)/tests/plugin_%.so: tests/tracer/preload/plugin.c
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) -O2 -shared -fPIC -fomit-frame-pointer -DPLUGIN_$* -o $@ $<
test-programs: $(O)/tests/plugin_small.so $(O)/tests/plugin_large.so $(O)/tests/compare_unwind.so
