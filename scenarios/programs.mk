# The programs that the shipped scenarios run, below $(O)/scenarios. They are measured: flags of their own, so that a
# change to the harness's flags changes no baseline.
SCENARIO_FLAGS := -std=gnu11 -g -O1 -fno-inline -fno-optimize-sibling-calls -Wall -Wextra -Iharness/include
SCENARIO_PROGRAMS := $(addprefix $(O)/scenarios/,roundtrip make-document make-massif libheapgate-marks.so)
# roundtrip with its leak switched on, where the demonstration of a regression looks for it.
DEMO_PROGRAM := $(O)/demo/roundtrip
LIBXML_FLAGS = $(shell pkg-config --cflags --libs libxml-2.0)

.PHONY: scenario-programs demo-program
scenario-programs: $(SCENARIO_PROGRAMS)
demo-program: $(DEMO_PROGRAM)

$(SCENARIO_PROGRAMS) $(DEMO_PROGRAM): scenarios/programs.mk | $(O)/scenarios $(O)/demo
$(O)/scenarios $(O)/demo:
	@mkdir -p $@

$(O)/scenarios/roundtrip: scenarios/programs/roundtrip.c harness/include/heapgate.h
	$(CC) $(SCENARIO_FLAGS) -o $@ $< $(LIBXML_FLAGS)

$(DEMO_PROGRAM): scenarios/programs/roundtrip.c harness/include/heapgate.h
	$(CC) $(SCENARIO_FLAGS) -DROUNDTRIP_LEAK -o $@ $< $(LIBXML_FLAGS)

$(O)/scenarios/make-%: scenarios/programs/make-%.c
	$(CC) $(SCENARIO_FLAGS) -o $@ $<

$(O)/scenarios/libheapgate-marks.so: scenarios/programs/marks.c harness/include/heapgate.h
	$(CC) $(SCENARIO_FLAGS) -shared -fPIC -o $@ $<
