# libheapgate.so, the guest in other people's processes. It links libc alone; nothing of it is in libcore.a.
#
#   TRACER_TESTED   the objects that the check runner links: all but what interposes

TRACER_SOURCES := $(wildcard harness/guest/*.c harness/guest/*/*.c)
TRACER_OBJECTS := $(TRACER_SOURCES:harness/guest/%.c=$(O)/guest/%.o)
TRACER_UNWIND := $(patsubst %,$(O)/guest/%.o,calls memory sandbox $(addprefix unwind/,cfi cfi_expression code_object \
	eh_frame rule_cache stack_bounds stack_cache stack_index unwind unwind_fp unwind_x86_64))
TRACER_TESTED := $(TRACER_UNWIND) $(O)/guest/process/sandbox_filter.o

# No sanitizer: it reads other frames' memory, and runs where no runtime of theirs is. Its system calls are its own
# (calls.c).
TRACER_CFLAGS = -std=gnu11 -O2 -g $(WARNINGS) $(CFLAGS) -D_GNU_SOURCE -Dsyscall=guest_syscall -MMD -MP -iquote harness/guest \
	-fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-stack-protector -fno-tree-slp-vectorize -fasynchronous-unwind-tables
TRACER_LDFLAGS = -shared -Wl,-z,defs -Wl,-z,now -Wl,-z,nodelete

$(O)/guest/%.o: harness/guest/%.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) $(TRACER_CFLAGS) -c -o $@ $<

$(O)/libheapgate.so: $(TRACER_OBJECTS)
	$(call say,LD $@)$(CC) $(TRACER_LDFLAGS) -o $@ $^

-include $(TRACER_OBJECTS:.o=.d)
