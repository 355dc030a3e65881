/* Reads one object (a program or a library): symbol table, debug information, fingerprints; for symbols.c.
 * Addresses are those of the Dwfl_Module. */
#ifndef HEAPGATE_SYMBOLS_OBJECT_H
#define HEAPGATE_SYMBOLS_OBJECT_H

#include <elfutils/libdwfl.h>
#include <glib.h>

/* A range of addresses with a value. */
typedef struct {
    guint64 start, end; /* end is the first address behind it */
    guint64 value;      /* the offset of a DIE, an index, or a fingerprint, as the array says */
} Stretch;

/* Sorts an array of Stretch by start. */
void stretches_sort(GArray *stretches);
/* The stretch that contains the address, of several the one that starts last; (transfer none), or NULL.
 * stretches: sorted. */
const Stretch *stretches_find(const GArray *stretches, guint64 address);

/* The object's function symbols. */
typedef struct {
    GArray *stretches; /* Stretch; value: index in names */
    GPtrArray *names;  /* const char *, the module's */
} SymbolTable;
SymbolTable *symbol_table_new(Dwfl_Module *module); /* (transfer full) */
void symbol_table_free(SymbolTable *self);          /* NULL is fine */
/* The mangled name of the function at the address; (transfer none), or NULL. */
const char *symbol_table_find(const SymbolTable *self, guint64 address);

/* The object's debug information. */
typedef struct DebugInfo DebugInfo;
DebugInfo *debug_info_new(Dwfl_Module *module); /* (transfer full), or NULL where there is none */
void debug_info_free(DebugInfo *self);          /* NULL is fine */
/* Called for each frame, innermost first. function: the linkage name if there is one, so C++ and Rust are
 * mangled; NULL where it is not known. file: may be NULL. line: 0: not known. inlined: the function was
 * inlined here, so the symbol table has another one for the address. Texts are libdw's. */
typedef void (*DebugFrameFunc)(const char *function, const char *file, guint line, gboolean inlined,
                               gpointer user_data);
/* Calls func for each frame at the address. FALSE where nothing is known of it: func was not called. */
gboolean debug_info_frames(DebugInfo *self, guint64 address, DebugFrameFunc func, gpointer user_data);

/* The fingerprints of all functions; (transfer full), of Stretch, sorted; value: 24 bits. */
GArray *fingerprints_new(Dwfl_Module *module);

/* How debug files are looked for; shared by the objects of one Symbols. */
typedef struct {
    gboolean quick;  /* SYMBOLS_QUICK */
    gboolean silent; /* a server did not answer in time, so that no server is asked again */
} DebugSearch;

/* One object, opened. */
typedef struct {
    DebugSearch *search;
    char *path;
    GBytes *build_id; /* empty: not known */
    Dwfl *dwfl;
    Dwfl_Module *module; /* NULL where the object cannot be used; then all below are NULL, too */
    SymbolTable *table;
    DebugInfo *info;      /* NULL: there is none */
    GArray *fingerprints; /* NULL until first needed */
    gboolean takes_long;  /* search->quick: its debug file takes long to unpack */
} Object;
/* Opens the object at this path, if it has this build id, or its debug file. path, build_id: copied,
 * referenced. search: must outlive the object. Returns (transfer full). */
Object *object_new(const char *path, GBytes *build_id, DebugSearch *search);
void object_free(Object *object);
/* The fingerprint of the function at the address; (transfer none), or NULL. The object must have a module. */
const Stretch *object_fingerprint(Object *object, guint64 address);

#endif
