/* Hand-built files of memcheck, and what reading them gave. */
#ifndef HEAPGATE_TESTS_FORMATS_MEMCHECK_TEXT_H
#define HEAPGATE_TESTS_FORMATS_MEMCHECK_TEXT_H

#include "formats/valgrind/memcheck.h"

/* Pieces of hand-built files. */
#define OPENING(protocol, tool)                                                                              \
    "<?xml version=\"1.0\"?>\n\n<valgrindoutput>\n\n<protocolversion>" protocol                              \
    "</protocolversion>\n<protocoltool>" tool "</protocoltool>\n"
#define WHO(pid)                                                                                             \
    "<pid>" pid "</pid>\n<ppid>1</ppid>\n<tool>memcheck</tool>\n"                                            \
    "<args><vargv><exe>valgrind</exe><arg>--leak-check=full</arg></vargv>\n"                                 \
    "<argv><exe>./prog</exe><arg>-a</arg><arg>two words</arg></argv></args>\n"
#define HEAD     OPENING("4", "memcheck") WHO("42") "<status><state>RUNNING</state></status>\n"
#define FINISHED "<status>\n  <state>FINISHED</state>\n</status>\n"
#define CLOSE    "\n</valgrindoutput>\n"
#define FRAME(fn)                                                                                            \
    "<frame><ip>0x1</ip><obj>/bin/prog</obj><fn>" fn                                                         \
    "</fn><dir>/src</dir><file>p.c</file><line>7</line></frame>"
#define PRELOAD(fn)                                                                                          \
    "<frame><ip>0x2</ip><obj>/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so</obj><fn>" fn           \
    "</fn></frame>"
#define LEAK(unique, kind, bytes, blocks, record, fn)                                                        \
    "<error><unique>" unique "</unique><tid>1</tid><kind>" kind "</kind><xwhat><text>" bytes                 \
    " bytes in loss record " record "</text><leakedbytes>" bytes "</leakedbytes><leakedblocks>" blocks       \
    "</leakedblocks></xwhat><stack>" PRELOAD("malloc") FRAME(fn) "</stack></error>\n"
#define INVALID(unique)                                                                                      \
    "<error><unique>" unique                                                                                 \
    "</unique><kind>InvalidRead</kind><what>Invalid read of size 1</what><stack>" FRAME(                     \
        "reader") "</stack><auxwhat>Address 0x9 is 0 bytes after a block</auxwhat><stack>" PRELOAD("malloc") \
        FRAME("maker") "</stack></error>\n"
#define MESSAGE(text) "<clientmsg><tid>1</tid><text>" text "</text></clientmsg>\n"

/* What a reading gave, errors and messages on a line each. */
typedef struct {
    GString *seen;
    MemcheckSummary summary;
    gboolean good;
    GError *error;
} Read;

/* Reads bytes, or a text. Clear what it gives. */
Read memcheck_read_bytes(const char *bytes, gsize length);
Read memcheck_read_text(const char *text);
void read_clear(Read *self);

/* The test fails unless the file was read, and these were its errors and messages. */
void expect_seen(Read *self, const char *seen);

/* The test fails unless the file was refused with this code and message. */
void expect_error(Read *self, int code, const char *message);

/* The test fails unless the summary's kind at this index is this one, with these sums. */
void expect_kind(const Read *self, guint index, const char *name, gint64 count, gint64 bytes, gint64 blocks);

#endif
