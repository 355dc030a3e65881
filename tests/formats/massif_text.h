/* Hand-built files of massif, and what reading them gives. */
#ifndef HEAPGATE_TESTS_FORMATS_MASSIF_TEXT_H
#define HEAPGATE_TESTS_FORMATS_MASSIF_TEXT_H

#include "error.h"
#include "formats/valgrind/massif.h"

#define HEADER "desc: --peak-inaccuracy=0.0\ncmd: ./prog a b\ntime_unit: i\n"
#define RULE   "#-----------\n"
#define SIZES(n, time, heap, extra, stacks)                                                                  \
    RULE "snapshot=" #n "\n" RULE "time=" #time "\nmem_heap_B=" #heap "\nmem_heap_extra_B=" #extra           \
         "\nmem_stacks_B=" #stacks "\n"
#define EMPTY(n, time, heap) SIZES(n, time, heap, 0, 0) "heap_tree=empty\n"
#define ROOT                 " (heap allocation functions) malloc/new/new[], --alloc-fns, etc.\n"

/* Reads a text as m.out. Clear the summary. */
gboolean massif_read_text(const char *text, MassifSummary *summary, GError **error);

/* Reads what must be readable. Clear the summary. */
void massif_read_well(const char *text, MassifSummary *summary);

/* The test fails unless the text is refused with this code and message. */
void expect_refusal(const char *text, HeapgateError code, const char *message);

#endif
