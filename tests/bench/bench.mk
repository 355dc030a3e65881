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

# What the harness costs after a program's end: $(O)/bench/harness SITES SCENARIOS
#   make bench-harness SITES=1000000 SCENARIOS=3
$(O)/bench/harness: $(O)/objects/tests/bench/bench_harness.o $(O)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(OPTIMIZE) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS)

.PHONY: bench-harness
bench-harness: $(O)/bench/harness
	@$< $(SITES) $(SCENARIOS)

# malloc and free alone and under the tracer: $(O)/bench/pairs THREADS
$(O)/bench/pairs: tests/bench/bench_pairs.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g -fno-builtin -fno-optimize-sibling-calls -fomit-frame-pointer $(WARNINGS) -pthread -o $@ $<

# Nanoseconds for one stack; libunwind takes part where libunwind.so.8 is installed.
BENCH_UNWIND_CFLAGS = -std=gnu11 -O2 -g $(WARNINGS) -D_GNU_SOURCE -iquote harness/guest -MMD -MP
$(O)/bench/unwind/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_UNWIND_CFLAGS) -fomit-frame-pointer -c -o $@ $<
$(O)/bench/unwind/chain_with_fp.o: tests/bench/bench_unwind_chain.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_UNWIND_CFLAGS) -DWITH_FP -fno-omit-frame-pointer -c -o $@ $<
$(O)/bench/bench-unwind: $(addprefix $(O)/bench/unwind/,bench_unwind.o bench_unwind_chain.o chain_with_fp.o) $(TRACER_UNWIND)
	$(CC) -o $@ $^ -lgcc_s

.PHONY: bench-unwind
bench-unwind: $(O)/bench/bench-unwind
	@$<

# What tracing costs: a program alone, under heapgate exec, heaptrack and massif.
#   make bench-tracer ROUNDS=5 MASSIF_ROUNDS=1 SCALE=1 WORKLOADS="sqlite3 cc1"     (heaptrack, valgrind, xmllint, sqlite3)
$(O)/bench/run: tests/bench/bench_run.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 $(WARNINGS) -D_GNU_SOURCE -static -o $@ $<

.PHONY: bench-tracer
bench-tracer: build scenario-programs $(O)/bench/pairs $(O)/bench/run
	@/usr/bin/python3 -B tests/bench/bench_tracer.py $(O) $(WORKLOADS)

# Real Python code from PyPI, in versions that are known to work: what bench-python and the proofs measure on.
#   PYTHON=/path/to/python3.12 make corpus
.PHONY: corpus
corpus: $(O)/corpus/ready
$(O)/corpus/ready: tests/bench/corpus.py tests/bench/corpus-requirements.txt
	@/usr/bin/python3 -B tests/bench/corpus.py $(@D)

# What seeing Python's allocations costs, on imports, test suites and loops: heapgate, memray, tracemalloc.
#   make bench-python ROUNDS=5 ROWS="imports-cold jinja2" TOOLS="heapgate memray-python"
.PHONY: bench-python
bench-python: build corpus $(O)/bench/run
	@/usr/bin/python3 -B tests/bench/bench_python.py $(O) $(ROWS)

# The README's tables of costs, measured anew; on a quiet machine.     make bench-tables TABLES="tracer python"
.PHONY: bench-tables
bench-tables: build scenario-programs corpus $(O)/bench/pairs $(O)/bench/run
	@/usr/bin/python3 -B tests/bench/bench_tables.py $(O) $(TABLES)

#   make prove-imports      the same call sites with .pyc files and without; the gate passes cold what was captured warm
#   make prove-flat         SECONDS=1800 of SUITE=jinja2, repeated in one process: memory stays as it is
.PHONY: prove-imports prove-flat
prove-imports: build corpus
	@/usr/bin/python3 -B tests/bench/prove_imports.py $(O) $(MODULES)
prove-flat: build corpus
	@/usr/bin/python3 -B tests/bench/prove_flat.py $(O) $(SUITE)

-include $(wildcard $(O)/bench/unwind/*.d)
