/* One object (program or library) and what its parts say of an address; for symbols.c. */
#ifndef HEAPGATE_SYMBOLS_OBJECT_H
#define HEAPGATE_SYMBOLS_OBJECT_H

#include <elfutils/libdwfl.h>
#include <glib.h>

/* A stretch of addresses and what it belongs to. */
typedef struct {
    guint64 start, end;
    guint64 value; /* offset of a DIE, index of a text, a hash: as the table says */
} Stretch;

/* Sorts by start. */
void stretches_sort(GArray *stretches);
/* The last stretch that starts at or before the address, where it ends behind it; (transfer none) or NULL. */
const Stretch *stretches_find(const GArray *stretches, guint64 address);

/* The object's function symbols. */
typedef struct {
    GArray *stretches; /* value: index in names */
    GPtrArray *names;  /* (transfer none), the module's */
} SymbolTable;
SymbolTable *symbol_table_new(Dwfl_Module *module);
void symbol_table_free(SymbolTable *self);
/* The name of the symbol that covers the address, mangled; (transfer none) or NULL. start: of the function.
 */
const char *symbol_table_find(const SymbolTable *self, guint64 address);

/* The object's debug information. */
typedef struct DebugInfo DebugInfo;
DebugInfo *debug_info_new(Dwfl_Module *module); /* NULL where there is none */
void debug_info_free(DebugInfo *self);
/* Called for each frame, innermost first. function: mangled where it has a linkage name; NULL where unknown.
 * inlined: not the function that the symbol table knows. Texts are libdw's. */
typedef void (*DebugFrameFunc)(const char *function, const char *file, guint line, gboolean inlined,
                               gpointer user_data);
/* FALSE where it knows nothing of this address: func was not called. */
gboolean debug_info_frames(DebugInfo *self, guint64 address, DebugFrameFunc func, gpointer user_data);

/* The fingerprints of functions, value: 24 bits; (transfer full), sorted, maybe empty. */
GArray *fingerprints_new(Dwfl_Module *module);

/* Where debug files are looked for; shared by the objects of one Symbols. */
typedef struct {
    gboolean quick;  /* what takes long to unpack is left out, and servers are not asked */
    gboolean silent; /* a server let us wait for nothing: none is asked again */
} DebugSearch;

/* One object, opened. */
typedef struct {
    DebugSearch *search;
    char *path;
    GBytes *build_id; /* empty: none is known */
    Dwfl *dwfl;
    Dwfl_Module *module; /* NULL where the object cannot be used; then the rest is, too */
    SymbolTable *table;
    DebugInfo *info;      /* NULL: there is none */
    GArray *fingerprints; /* NULL until first needed */
    gboolean takes_long;  /* its debug information to unpack, where that was asked */
} Object;
/* search: must outlive the object. (transfer full). */
Object *object_new(const char *path, GBytes *build_id, DebugSearch *search);
void object_free(Object *object);
/* The fingerprint of the function there; (transfer none) or NULL. The object must have a module. */
const Stretch *object_fingerprint(Object *object, guint64 address);

#endif
