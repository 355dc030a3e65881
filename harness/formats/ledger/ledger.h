/* Reader of ledgers, the heap's books that the tracer kept (guest/ledger.h), and of the form they are saved
 * in.
 *
 * The books come from another program's memory: nothing in them is believed. Every count is held to the room
 * there is, every index to its table, a stack's nodes to their order (a caller's node is made before its
 * callee's, so there is no going round in circles), and the file is read, not mapped: the traced process may
 * cut it at any time. */
#ifndef HEAPGATE_FORMATS_LEDGER_LEDGER_H
#define HEAPGATE_FORMATS_LEDGER_LEDGER_H

#include <glib.h>

#include "model/call_site.h"
#include "guest/ledger.h"

/* A stack: its innermost frame, and the stack that frame was called from. */
typedef struct {
    guint32 caller; /* index into nodes, less than its own */
    guint32 place;  /* index into places */
} LedgerStack;

/* What a frame is, once for all stacks that it is in. */
typedef struct {
    guint64 address; /* as of LedgerNode */
    guint32 flags;   /* LEDGER_NODE_* */
    guint32
        module;   /* index + 1 into modules: what lay there when the stack was first seen; 0: nothing known */
    guint32 name; /* index + 1 into names of its first name; 0: it has none */
    guint32 reserved;
} LedgerPlace;

enum { LEDGER_PEAK_BLOCK_BITS = 30 };

/* What a site comes to: its peak is that of the process's peak of its kind. */
typedef struct {
    guint32 node;
    guint32 kind : 2; /* LEDGER_SITE_*; of one that maps, blocks are mappings */
    guint32 peak_blocks : LEDGER_PEAK_BLOCK_BITS;
    gint64 live_bytes; /* when it was read */
    gint64 peak_bytes;
    guint64 total_bytes, total_blocks, temporary_blocks;
} LedgerSiteCounts;

/* One instant as the harness saw it. */
typedef struct {
    gint64 time_ms; /* since the process began */
    gint64 heap_bytes;
    gint64 rss_bytes; /* 0: not known */
} LedgerSample;

typedef struct LedgerKinds LedgerKinds;
typedef struct LedgerKeys LedgerKeys;

/* What an address is called, one record for each frame: where functions were inlined there are several in a
 * row, innermost first. Texts are offsets into `strings`, 0: NULL. */
typedef struct {
    guint32 function, file, object, line;
    guint32 more; /* the next record is its caller, at the same address */
} LedgerName;

typedef struct {
    LedgerHeader header; /* texts end in NUL */
    GArray *modules;     /* LedgerModule; paths end in NUL */
    GArray *marks;       /* LedgerMark; names end in NUL */
    GArray *places;      /* LedgerPlace, in the order in which stacks first have them; [0] is the root's */
    GArray *nodes;       /* LedgerStack; [0] is the root: no frame */
    GArray *sites;       /* LedgerSiteCounts; [0] is none */
    GArray *kept;        /* LedgerEndRecord: what was there at the end mark or, without one, at the end */
    GArray *changes;     /* LedgerChange: what sites held at marks; in order of marks */
    GArray *samples;     /* LedgerSample; empty where nobody looked */
    GArray *names;       /* LedgerName; empty until symbols_name_ledger */
    GString *strings;    /* begins with a NUL */
    gint64 kept_bytes, kept_blocks; /* of the heap */
    gint64 kept_mapped_bytes, kept_mappings;
    gboolean at_end_mark; /* kept is of the end mark */
    guint64 damaged;      /* records that make no sense: left out */
    guint process;        /* of its run: those that one process ran have the same; 0: not known */
    /* Remembered by ledger_kinds.c and ledger_keys.c; NULL until then. */
    LedgerKinds *kinds;
    LedgerKeys *keys;
} Ledger;

/* Where the books of one process and program lie: one file holds those of several. */
typedef struct {
    int fd;
    guint64 at; /* offset of the header */
} LedgerFile;

/* Reads the books from their file, while the process runs or after. The offset of its descriptor may change.
 * (transfer full). Errors: HEAPGATE_ERROR_FORMAT "NAME: ..." */
Ledger *ledger_read(LedgerFile file, const char *name, GError **error);
/* What is live now, whatever was marked, without stacks: every site is of node 0. Else the same. */
Ledger *ledger_read_live(LedgerFile file, const char *name, GError **error);
/* Another to be named on its own, by another thread: what naming leaves alone is shared, and must stay as it
 * is. (transfer full). */
Ledger *ledger_copy(const Ledger *self);
void ledger_free(Ledger *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ledger, ledger_free)

/* The saved form: everything above; (transfer full). ledger_pack.h makes it smaller. */
GByteArray *ledger_save(const Ledger *self);
/* Reads the saved form. bytes: (transfer none). (transfer full). Errors as ledger_read. */
Ledger *ledger_load(const char *bytes, gsize length, const char *name, GError **error);
gboolean ledger_recognise(const char *bytes, gsize length);

/* For ledger_read and ledger_load: an empty ledger; (transfer full). */
Ledger *ledger_new(void);
/* For the two as well: holds what was read to its rules; drops and counts what breaks them, or says that the
 * whole is no ledger. */
gboolean ledger_check(Ledger *self, const char *name, GError **error);

/* The arguments as a person reads them, "sqlite3 :memory:"; (transfer full). */
char *ledger_command(const Ledger *self);
/* The base name of the program's file; (transfer full). */
char *ledger_program(const Ledger *self);
/* Puts a sample in; keeps at most about 2,000 by leaving out every second one. */
void ledger_samples_add(GArray *samples, guint *stride, guint64 number, const LedgerSample *sample);

#endif
