/* Symbols: addresses of other programs' code as functions, files and lines, by elfutils' libdw.
 *
 * Debug information is looked for where gdb and Valgrind look: in the object itself, by build id and debug
 * link below /usr/lib/debug and beside the object, compressed symbol tables (.gnu_debugdata) too, and on
 * debuginfod servers only where the user has set DEBUGINFOD_URLS. C++ and Rust names are demangled as
 * Valgrind does, by libiberty.
 *
 * What an address becomes, best first:
 *   1. function, file and line, and each function that was inlined there as a frame of its own;
 *   2. the name of the symbol that covers it (a stripped library still exports its interface), and the
 * object;
 *   3. "???~1a2b3c" and the object: a fingerprint of the function's unwinding rules and length. No address is
 * in it: it survives address randomisation, and every rebuild that leaves the machine code of this one
 * function as it was, however much code was added before it. Two functions of one object with the same length
 * and the same prologue have the same fingerprint: their frames are told apart by their callers alone;
 *   4. "???" and the object; "???" alone outside every object (code made at run time). */
#ifndef HEAPGATE_SYMBOLS_SYMBOLS_H
#define HEAPGATE_SYMBOLS_SYMBOLS_H

#include "formats/ledger/ledger.h"
#include "model/call_site.h"

typedef struct Symbols Symbols;

typedef enum {
    SYMBOLS_ALL,
    /* For someone who waits: what takes long to unpack (compressed debug information above 512 KiB, as
     * Debian's of the C library) is left out, so that functions there have their names from symbol tables,
     * and neither lines nor inlined frames; debug files are looked for by build id alone, and servers are not
     * asked. */
    SYMBOLS_QUICK,
} SymbolsReach;

/* Once, before there are threads: where the user has set up servers (DEBUGINFOD_URLS) and does not say how
 * long one may take (DEBUGINFOD_TIMEOUT), 10 seconds and one try, in place of libdebuginfod's 90 and three. A
 * server that does not answer is waited for once. Changes the environment, which is not to reach the programs
 * that are watched. */
void symbols_bound_servers(void);

/* Keeps what it opened and found until it is freed. For one thread at a time. (transfer full). */
Symbols *symbols_new(SymbolsReach reach);
void symbols_free(Symbols *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Symbols, symbols_free)

/* Appends what the address is to frames (Frame; texts are the table's), innermost first; at least one.
 * path: of the object; opened only if it is a regular file whose build id is the one given (build_id_size 0:
 * none is known). address: in the object's own address space (where it ran, less its bias); of the
 * instruction, not the one behind a call. */
void symbols_resolve(Symbols *self, const char *path, const guint8 *build_id, guint build_id_size,
                     guint64 address, GArray *frames);

/* Names every address of a ledger that has no names yet. */
void symbols_name_ledger(Symbols *self, Ledger *ledger);

/* A name as its source wrote it: C++, Rust (both schemes); others as they are; (transfer full). */
char *symbols_demangle(const char *name);

#endif
