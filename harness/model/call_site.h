/* Call sites: where memory was allocated, named so that unrelated edits do not change the name.
 *
 * A call site is a whole stack, innermost frame first. Its key is made of function names and file base names
 * (of what has no source: modules, module_name.h) only: no address, no line number, no directory, no
 * compiler suffix (".constprop.0", ".isra.0", ".part.0",
 * ".cold"); frames repeated by recursion (periods of one to three frames) count once. The lines are kept for
 * showing.
 *
 * A table has each frame once, and of a site the numbers of its frames: a stack of sixty frames is 240 bytes,
 * and five thousand as texts. */
#ifndef HEAPGATE_MODEL_CALL_SITE_H
#define HEAPGATE_MODEL_CALL_SITE_H

#include <glib.h>

/* A frame's function in keys where no symbol is known. */
#define FRAME_UNKNOWN "???"
/* The object of frames that are Python's. */
#define FRAME_PYTHON_OBJECT "<python>"

/* Whose code a frame is of (frame_kind.h). */
typedef enum {
    FRAME_OTHER,       /* a library's or the system's, or without a source */
    FRAME_OWN,         /* the program's own, with a source */
    FRAME_ALLOCATOR,   /* Valgrind's replacements of malloc, free and their kin: stacks begin with one, and it
                          says nothing */
    FRAME_INTERPRETER, /* native code of Python's interpreter */
    FRAME_PYTHON,      /* in Python, of the interpreter's library or of an installed package */
    FRAME_OWN_PYTHON,  /* the program's own, in Python */
} FrameKind;

typedef struct {
    const char *function; /* NULL where no symbol is known */
    const char *file;     /* source file, with or without its directory; NULL where unknown */
    const char *object;   /* the module, where file is unknown; NULL where that is unknown too */
    guint line;           /* 0 where unknown */
    FrameKind kind;       /* of frames that a table gave; whoever adds one need not say it */
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

/* The same for the stack of a site of another table. */
void call_sites_add_site(CallSites *self, const CallSite *like, gint64 bytes, gint64 blocks);

/* The same for a site of which only the key is known (a baseline keeps no more); its frames are read from the
 * key for showing. */
void call_sites_add_key(CallSites *self, const char *key, gint64 bytes, gint64 blocks);

/* Adds every site of `other`. */
void call_sites_add_all(CallSites *self, const CallSites *other);

guint call_sites_count(const CallSites *self);
/* In order of first adding until call_sites_sort is called; (transfer none), good until the table is freed or
 * forgets the site. Its texts are made when first asked for, and then kept: who goes through large tables
 * asks for less. */
CallSite *call_sites_get(const CallSites *self, guint index);
/* Of a site's key: the same in every run and on every machine, so that it can be written down. */
guint64 call_sites_hash(const CallSites *self, guint index);
guint64 call_site_key_hash(const char *key);
/* (transfer none) or NULL. */
CallSite *call_sites_find(const CallSites *self, const char *key);
/* The same without texts: of a site its bytes and blocks; the place of a key, or -1; and the frames, elements
 * const Frame * of the table's, which `frames` gets in place of what it had. */
gint64 call_sites_bytes(const CallSites *self, guint index);
gint64 call_sites_blocks(const CallSites *self, guint index);
int call_sites_index(const CallSites *self, const char *key);
void call_sites_frames(const CallSites *self, guint index, GPtrArray *frames);
/* A copy of a site, for a moment; (transfer full), free with call_site_clear. */
CallSite call_sites_copy(const CallSites *self, guint index);
void call_site_clear(CallSite *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CallSite, call_site_clear)
/* Most bytes first; equal bytes by key. */
void call_sites_sort(CallSites *self);
/* What a site that was left out of the table had at the most, in bytes; 0: none was. */
void call_sites_set_cutoff(CallSites *self, gint64 bytes);
gint64 call_sites_cutoff(const CallSites *self);
/* Sum of bytes over all sites. */
gint64 call_sites_total_bytes(const CallSites *self);

/* The key of a stack; (transfer full). */
char *call_site_key(const Frame *frames, guint n_frames);
/* A frame's part of a key, "function (place)"; (transfer full). */
char *frame_key(const Frame *frame);
/* What calls main is no part of a key. */
gboolean frame_is_untold(const Frame *frame);
/* Frames of one identity repeat each other: recursion. (transfer full). */
char *frame_identity(const Frame *frame);
/* same: a number for each identity, innermost first. How many of the last ones to drop, for they repeat those
 * before them; asked after each frame that is added. */
guint call_site_repeats(const guint32 *same, guint length);
/* One frame as a person reads it, "copy_attribute   roundtrip.c:112" split in two columns: appends the
 * function name to `function` and the place ("file.c:12", "file.c", "libfoo.so" or "") to `place`. */
void frame_describe(const Frame *frame, GString *function, GString *place);

#endif
