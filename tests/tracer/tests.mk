# What the tracer's tests and benches need besides the runner.
#
#   make compare-unwind    every stack of real programs, walked by ours and by _Unwind_Backtrace; prints the counts

$(O)/tests/compare_unwind.so: tests/tracer/preload/compare_unwind.c $(TRACER_UNWIND)
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) $(TRACER_CFLAGS) $(TRACER_LDFLAGS) -o $@ $^ -lgcc_s

.PHONY: compare-unwind
compare-unwind: $(O)/tests/compare_unwind.so $(O)/heapgate
	@tests/tracer/compare-unwind.sh $(O)
