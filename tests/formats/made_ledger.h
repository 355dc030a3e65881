/* Ledgers made by hand, as the tracer would have left them. */
#ifndef HEAPGATE_TESTS_FORMATS_MADE_LEDGER_H
#define HEAPGATE_TESTS_FORMATS_MADE_LEDGER_H

#include "formats/ledger/ledger.h"
#include "guest/roll.h"

typedef struct {
    int fd;
    LedgerHeader header;  /* written by made_ledger_finish; change it at will before */
    guint64 at;           /* of the header in the file */
    RollHeader roll;      /* of a family, as the header */
    guint32 oldest_freed; /* of the changes that are made from now on */
} MadeLedger;

/* An empty ledger of process 1000, "/usr/bin/made one two", in a sparse memory file. */
void made_ledger_init(MadeLedger *self);
/* The same as the first of a family's file. */
void made_ledger_init_family(MadeLedger *self);
/* An empty one with two stacks, two sites, a module, a mark and three blocks in two chunks far apart. */
void made_ledger_init_small(MadeLedger *self);
void made_ledger_clear(MadeLedger *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MadeLedger, made_ledger_clear)

/* Each returns the number of the record. */
guint32 made_ledger_node(MadeLedger *self, guint32 parent, guint64 address);
guint32 made_ledger_site(MadeLedger *self, guint32 node, gint64 live_bytes, guint64 peak_number,
                         gint64 peak_bytes);
guint32 made_ledger_mark(MadeLedger *self, const char *name);
void made_ledger_change(MadeLedger *self, guint32 site, gint64 live_bytes); /* at the latest mark */
void made_ledger_end(MadeLedger *self, guint32 site, guint32 birth, gint64 bytes, gint64 blocks);
guint32 made_ledger_module(MadeLedger *self, const char *path, guint64 start, guint64 end);
/* A Python code object of these names, whose line table is `table`; and a frame at an offset of its code. */
guint32 made_ledger_code(MadeLedger *self, const char *name, const char *file, gint32 first_line,
                         const guint8 *table, guint32 table_size);
/* The block that starts at the granule-th granule of a chunk; makes chunks up to it. */
void made_ledger_block(MadeLedger *self, guint32 chunk, guint32 granule, guint64 size, guint32 site,
                       guint32 birth);
/* Any word in its place. */
void made_ledger_record(MadeLedger *self, guint32 chunk, guint32 granule, LedgerRecord record);

/* Writes the header, and the roll's where there is one. */
void made_ledger_finish(MadeLedger *self);
/* Writes it and reads the whole; the test fails where that does. (transfer full). */
Ledger *made_ledger_read(MadeLedger *self);

/* The row with this tag of a directory; the test fails where there is none. (transfer none). */
LedgerSection *made_section_find(LedgerSection *directory, guint rows, const char *tag);
/* What is not 0 of `other` takes the row's place. */
void made_section_alter(LedgerSection *row, const LedgerSection *other);

/* The test fails unless no ledger was read, of a format that cannot be. words: the whole message. */
void made_ledger_check_refused(const Ledger *ledger, const GError *error, const char *words);

#endif
