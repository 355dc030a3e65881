/* Call sites: where memory was allocated, named so that unrelated edits do not change the name.
 *
 * A call site is a whole stack, innermost frame first. Its key consists of function names and of the base
 * names of source files, or of modules (module_name.h) where the source is not known. Not in it: addresses,
 * line numbers, folders, suffixes that compilers append to functions (".constprop.0", ".isra.0", ".part.0",
 * ".cold"), and frames repeated by recursion (periods of one to three frames). Lines are kept for showing.
 *
 * A table stores each frame once, and each site as the numbers of its frames: a stack of sixty frames takes
 * 240 bytes instead of some 5,000 as text. */
#ifndef HEAPGATE_MODEL_CALL_SITE_H
#define HEAPGATE_MODEL_CALL_SITE_H

#include <glib.h>

/* A frame's function in keys where no symbol is known. */
#define FRAME_UNKNOWN "???"
/* Frame.object of frames of Python code. */
#define FRAME_PYTHON_OBJECT "<python>"

/* Whose code a frame is of (frame_kind.h). */
typedef enum {
    FRAME_OTHER,     /* native code of a library or of the system, or of an unknown source */
    FRAME_OWN,       /* native code of the program itself */
    FRAME_ALLOCATOR, /* Valgrind's replacement of malloc, free and their like, the innermost frame of each of
                        its stacks */
    FRAME_INTERPRETER, /* native code of Python's interpreter */
    FRAME_PYTHON,      /* Python code of the interpreter's library or of an installed package */
    FRAME_OWN_PYTHON,  /* Python code of the program itself */
} FrameKind;

typedef struct {
    const char *function; /* NULL where no symbol is known */
    const char *file;     /* source file, with or without its directory; NULL where unknown */
    const char *object;   /* the module, where file is unknown; NULL where that is unknown too */
    guint line;           /* 0 where unknown */
    FrameKind kind;       /* set in frames that come from a table; not read in frames that are added */
} Frame;

typedef struct {
    const char *key;     /* "inner (file.c) < outer (file.c)" */
    const Frame *frames; /* innermost first; recursion folded as in the key */
    guint n_frames;
    gint64 bytes;
    gint64 blocks; /* 0 where the instrument does not count blocks */
} CallSite;

typedef struct CallSites CallSites;

/* An empty table of call sites; (transfer full), free with call_sites_free. */
CallSites *call_sites_new(void);
void call_sites_free(CallSites *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CallSites, call_sites_free)

/* Adds bytes and blocks (both may be negative) to the site of this stack, making it where it is new.
 * frames: (transfer none), copied; innermost first; may be empty ("(unknown)"). */
void call_sites_add(CallSites *self, const Frame *frames, guint n_frames, gint64 bytes, gint64 blocks);

/* Adds to the site with the stack and key of `like`, a site of another table. */
void call_sites_add_site(CallSites *self, const CallSite *like, gint64 bytes, gint64 blocks);

/* Adds to the site with this key. Frames are made from the key for showing: baselines keep no others. */
void call_sites_add_key(CallSites *self, const char *key, gint64 bytes, gint64 blocks);

/* Adds every site of `other`, which stays as it is. */
void call_sites_add_all(CallSites *self, const CallSites *other);

guint call_sites_count(const CallSites *self);
/* The site at this index, in the order in which sites were added until call_sites_sort is called; (transfer
 * none), valid as long as the table. Its key and frames are made at the first call and kept, which large
 * tables pay for: prefer the functions below that make no text. */
CallSite *call_sites_get(const CallSites *self, guint index);
/* The hash of a site's key. It is the same in every run and on every machine: baselines store it. */
guint64 call_sites_hash(const CallSites *self, guint index);
guint64 call_site_key_hash(const char *key);
/* The site with this key, (transfer none), or NULL. */
CallSite *call_sites_find(const CallSites *self, const char *key);
/* These make no text. */
gint64 call_sites_bytes(const CallSites *self, guint index);
gint64 call_sites_blocks(const CallSites *self, guint index);
/* The index of the site with this key, or -1. */
int call_sites_index(const CallSites *self, const char *key);
/* Replaces the elements of `frames` by the site's, innermost first: const Frame *, owned by the table. */
void call_sites_frames(const CallSites *self, guint index, GPtrArray *frames);
/* A site whose key and array of frames the caller owns; (transfer full), free with call_site_clear. The texts
 * of the frames stay the table's. */
CallSite call_sites_copy(const CallSites *self, guint index);
void call_site_clear(CallSite *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CallSite, call_site_clear)
/* Sorts by bytes, most first, then by key. Changes indices. */
void call_sites_sort(CallSites *self);
/* The cutoff: no site that was left out of this table had more bytes. 0: none was left out. */
void call_sites_set_cutoff(CallSites *self, gint64 bytes);
gint64 call_sites_cutoff(const CallSites *self);
/* The sum of bytes over all sites. */
gint64 call_sites_total_bytes(const CallSites *self);

/* The key of a stack; (transfer full). */
char *call_site_key(const Frame *frames, guint n_frames);
/* A frame's part of a key, "function (place)"; (transfer full). */
char *frame_key(const Frame *frame);
/* Is it what calls main ("(below main)")? Such a frame is no part of a key. */
gboolean frame_is_untold(const Frame *frame);
/* A text that two frames have in common exactly if one counts as a repetition (recursion) of the other;
 * (transfer full). */
char *frame_identity(const Frame *frame);
/* Hash and equality of frames by their texts and line; for GHashTable. */
guint frame_hash(gconstpointer frame);
gboolean frame_equal(gconstpointer a, gconstpointer b);
/* Are the frames' lines and the addresses of their texts the same? Quicker than frame_equal, and FALSE for
 * copies of texts; for GHashTable. */
gboolean frame_same(gconstpointer a, gconstpointer b);
/* Folds recursion: how many of the last frames repeat the ones before them and are to be dropped. To be asked
 * after each frame that is added. identities: a number for each frame's identity, innermost first; length:
 * how many. */
guint call_site_repeats(const guint32 *identities, guint length);
/* One frame as a person reads it, in two columns: appends the function's name ("copy_attribute") to
 * `function` and the place ("file.c:12", "file.c", "libfoo.so" or "") to `place`. */
void frame_describe(const Frame *frame, GString *function, GString *place);

#endif
