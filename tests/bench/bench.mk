# Benches: speed against peers, in the same run on the same machine. Nothing here passes or fails on time.

$(O)/bench/generate-massif: tests/bench/generate_massif.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 $(WARNINGS) -o $@ $<

$(O)/bench/massif-memory: $(O)/objects/tests/bench/massif_memory.o $(O)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(OPTIMIZE) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS)

.PHONY: bench bench-massif
bench: bench-massif
bench-massif: $(O)/heapgate $(O)/bench/generate-massif $(O)/bench/massif-memory
	tests/bench/bench_massif.sh $(O)/heapgate $(O)/bench

# malloc and free alone and under the tracer: $(O)/bench/pairs THREADS
$(O)/bench/pairs: tests/bench/bench_pairs.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g -fno-builtin -fno-optimize-sibling-calls -fomit-frame-pointer $(WARNINGS) -pthread -o $@ $<
