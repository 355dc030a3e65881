/* Symbols: resolves addresses of other programs' code to functions, files and lines, by elfutils' libdw.
 *
 * Debug information is looked for where gdb and Valgrind look: in the object itself; below /usr/lib/debug and
 * beside the object, by build id and by debug link; in compressed symbol tables (.gnu_debugdata); and on
 * debuginfod servers, if the user has set DEBUGINFOD_URLS. C++ and Rust names are demangled by libiberty, as
 * Valgrind does it.
 *
 * An address becomes the first of these that is known:
 *
 *   function, file, line   one frame, and one more for each function that was inlined there
 *   symbol, object         the symbol that covers it; stripped libraries still have those they export
 *   "???~1a2b3c", object   a fingerprint of the function: a hash of its length and its unwinding rules
 *   "???", object          or "???" alone outside of every object (code made at run time)
 *
 * A fingerprint contains no address. It stays the same under address randomisation and in rebuilds that do
 * not change this function's machine code, whatever code was added before it. Two functions of an object that
 * have the same length and prologue have the same fingerprint; only their callers distinguish them. */
#ifndef HEAPGATE_SYMBOLS_SYMBOLS_H
#define HEAPGATE_SYMBOLS_SYMBOLS_H

#include "formats/ledger/ledger.h"
#include "model/call_site.h"

typedef struct Symbols Symbols;

typedef enum {
    SYMBOLS_ALL,
    /* For interactive commands. Compressed debug information above 512 KiB (Debian's of the C library) is not
     * unpacked, so functions there have names from symbol tables, without lines and inlined frames. Debug
     * files are looked for by build id alone, and servers are not asked. */
    SYMBOLS_QUICK,
} SymbolsReach;

/* Sets a time limit for debuginfod servers: 10 seconds and one try instead of libdebuginfod's 90 and three,
 * unless the user has set one (DEBUGINFOD_TIMEOUT). To be called once, before threads are started, because it
 * changes the environment; measured programs must not get these variables. */
void symbols_bound_servers(void);

/* A resolver, which keeps the objects it opened. One thread at a time may use it. (transfer full). */
Symbols *symbols_new(SymbolsReach reach);
void symbols_free(Symbols *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Symbols, symbols_free)

/* Appends the frames of an address, innermost first, at least one. path: the object's; it is used only if it
 * is a regular file with this build id. build_id_size: 0: none is known, and any file is used. address: as in
 * the object's file (the address in memory less the bias), of the call instruction, not of the return
 * address. frames: of Frame, whose texts are owned by self. */
void symbols_resolve(Symbols *self, const char *path, const guint8 *build_id, guint build_id_size,
                     guint64 address, GArray *frames);

/* Resolves all addresses of a ledger that have no names yet, and adds the names to it. */
void symbols_name_ledger(Symbols *self, Ledger *ledger);

/* Demangles a name of C++ or Rust (both schemes); others are copied. (transfer full). */
char *symbols_demangle(const char *name);

#endif
