# Fuzzing: every tests/fuzz/fuzz_NAME.c is a target, its seeds lie in tests/fuzz/corpus/NAME/, its words (where it
# has some) in tests/fuzz/NAME.dict.
#
#   make fuzz-smoke [FUZZ_SECONDS=60]     each target that long; fails on a crash, a leak, a timeout or undefined behaviour
#   make fuzz-smoke-NAME                  one of them
#
# Findings go to build/fuzz/NAME/: the reproducers in findings/, the grown corpus in corpus/.

FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang
FUZZ_SANITIZE := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_FLAGS := -rss_limit_mb=2048 -timeout=10 -max_len=65536 -print_final_stats=0 -verbosity=0 -use_value_profile=1
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OBJECTS := $(CORE_SOURCES:%.c=$(O)/fuzz/objects/%.o)

$(O)/fuzz/objects/%.o: %.c Makefile tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	$(FUZZ_CC) $(ALL_CFLAGS) -O1 $(FUZZ_SANITIZE) -c -o $@ $<

$(O)/fuzz/libcore.a: $(FUZZ_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(O)/fuzz/fuzz_%: $(O)/fuzz/objects/tests/fuzz/fuzz_%.o $(O)/fuzz/libcore.a
	$(FUZZ_CC) -g -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBRARY_LIBS)

# The seeds are only read: what libFuzzer learns is written to the first folder, below build/.
.PHONY: fuzz-smoke $(FUZZ_TARGETS:%=fuzz-smoke-%)
fuzz-smoke: $(FUZZ_TARGETS:%=fuzz-smoke-%)
$(FUZZ_TARGETS:%=fuzz-smoke-%): fuzz-smoke-%: $(O)/fuzz/fuzz_%
	@mkdir -p $(O)/fuzz/$*/corpus $(O)/fuzz/$*/findings
	@echo "fuzzing $* for $(FUZZ_SECONDS) s"
	@G_SLICE=always-malloc $< $(FUZZ_FLAGS) $(patsubst %,-dict=%,$(wildcard tests/fuzz/$*.dict)) -max_total_time=$(FUZZ_SECONDS) \
		-artifact_prefix=$(O)/fuzz/$*/findings/ $(O)/fuzz/$*/corpus $(wildcard tests/fuzz/corpus/$*) \
		>$(O)/fuzz/$*/log 2>&1 || { tail -n 40 $(O)/fuzz/$*/log; exit 1; }
	@echo "$*: $$(ls $(O)/fuzz/$*/corpus | wc -l) inputs kept, nothing found"

.SECONDARY: $(FUZZ_TARGETS:%=$(O)/fuzz/objects/tests/fuzz/fuzz_%.o)
-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_TARGETS:%=$(O)/fuzz/objects/tests/fuzz/fuzz_%.d)
