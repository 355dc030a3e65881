# The runner's own tests run it on suites made for them.
RUNNER_SAMPLES := $(patsubst %,$(O)/objects/tests/runner/%.o,runner suite slowest crew samples/samples)
test-programs: $(O)/tests/runner-samples
$(O)/tests/runner-samples: $(RUNNER_SAMPLES)
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) $(OPTIMIZE) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS) $(CHECK_LIBS)
-include $(RUNNER_SAMPLES:.o=.d)
