# heapgate: two commands for a newcomer: `make gate` and `make test`.
#
#   make gate        set up, build, run the shipped scenarios against the shipped baselines
#   make test        set up, build, run all tests            (make test SUITES="massif report_*")
#   make check-all   sanitizers, both compilers, Valgrind on ourselves, fuzz smoke, format, include rules
#   make bench       speed, against peers in the same run
#   make install     PREFIX=/usr/local DESTDIR=
#   make clean
#
# Nothing but build/ and reports/ is written.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
O ?= build
CC ?= cc
CXX ?= g++
OPTIMIZE ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2 \
	-Wno-format-nonliteral -Wno-missing-field-initializers -Werror=implicit-function-declaration

LIBRARIES := gio-2.0 gio-unix-2.0 libxml-2.0 json-glib-1.0 yaml-0.1 yajl
# Evaluated when first needed: on a fresh machine pkg-config comes with `make setup`.
LIBRARY_CFLAGS = $(shell pkg-config --cflags $(LIBRARIES))
LIBRARY_LIBS = $(shell pkg-config --libs $(LIBRARIES)) -lm
CHECK_CFLAGS = $(shell pkg-config --cflags check)
CHECK_LIBS = $(shell pkg-config --libs check)

ALL_CFLAGS = -std=gnu11 $(OPTIMIZE) $(WARNINGS) $(SANITIZE) $(CFLAGS) -Iharness -Itests \
	-DHEAPGATE_VERSION='"$(VERSION)"' -DHEAPGATE_PREFIX='"$(PREFIX)"' -D_GNU_SOURCE \
	-fno-omit-frame-pointer -MMD -MP $(LIBRARY_CFLAGS)

CORE_SOURCES := $(filter-out harness/main.c,$(wildcard harness/*.c harness/*/*.c))
CORE_OBJECTS := $(CORE_SOURCES:%.c=$(O)/objects/%.o)
MAIN_OBJECT := $(O)/objects/harness/main.o
TEST_SOURCES := $(wildcard tests/*.c $(foreach d,measure formats scenario run instrument gate report cmd cli,tests/$(d)/*.c))
TEST_OBJECTS := $(TEST_SOURCES:%.c=$(O)/objects/%.o)

.PHONY: all build
all: build
build: $(O)/heapgate

$(O)/libcore.a: $(CORE_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(O)/heapgate: $(MAIN_OBJECT) $(O)/libcore.a
	$(CC) $(OPTIMIZE) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS)

$(O)/objects/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(if $(filter tests/%,$<),$(CHECK_CFLAGS)) -c -o $@ $<

$(O)/run-tests: $(TEST_OBJECTS) $(O)/libcore.a
	$(CC) $(OPTIMIZE) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBRARY_LIBS) $(CHECK_LIBS)

.PHONY: clean
clean:
	rm -rf build

-include $(CORE_OBJECTS:.o=.d) $(MAIN_OBJECT:.o=.d) $(TEST_OBJECTS:.o=.d)
include tests/fuzz/fuzz.mk tests/bench/bench.mk
