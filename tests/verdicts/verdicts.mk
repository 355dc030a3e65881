# Verdicts, counted (prove_verdicts.py): false alarms and leaks that pass, of programs drawn from seeds.
#
#   make prove-verdicts     PART=0.1 takes a tenth of the programs

$(O)/verdicts/workload: tests/verdicts/programs/workload.c harness/include/heapgate.h tests/verdicts/verdicts.mk
	@mkdir -p $(@D)
	$(call say,CC $@)$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -fno-inline $(WARNINGS) -Iharness/include -o $@ $<

.PHONY: prove-verdicts
prove-verdicts: build $(O)/verdicts/workload
	@/usr/bin/python3 -B tests/verdicts/prove_verdicts.py $(O) $(PART)
