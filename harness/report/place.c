#include "place.h"

#include <string.h>

/* The most files, and the deepest folders, that are read of a project. */
enum { MOST_FILES = 100000, DEEPEST = 24 };

struct Places {
    char *root;        /* NULL: it does not exist here */
    char *elsewhere;   /* the root as it was given, where it does not exist here; or NULL */
    GHashTable *named; /* base name -> GPtrArray of paths relative to the root; NULL: not read yet */
    guint files;       /* how many files and folders were found */
};

Places *places_new(const char *root)
{
    Places *self = g_new0(Places, 1);
    gboolean here = root != NULL && g_path_is_absolute(root) && g_file_test(root, G_FILE_TEST_IS_DIR);
    self->root = here ? g_canonicalize_filename(root, "/") : NULL;
    self->elsewhere = here ? NULL : g_strdup(root);
    return self;
}

void places_free(Places *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->named, g_hash_table_unref);
    g_free(self->root);
    g_free(self->elsewhere);
    g_free(self);
}

static void add_file(Places *self, const char *name, const char *relative)
{
    GPtrArray *paths = g_hash_table_lookup(self->named, name);
    if (paths == NULL) {
        paths = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(self->named, g_strdup(name), paths);
    }
    g_ptr_array_add(paths, g_strdup(relative));
}

/* Adds all files below a folder. Links are not followed; names that begin with a dot are no sources. */
static void add_folder(Places *self, const char *relative, guint depth)
{
    g_autofree char *path = g_build_filename(self->root, relative, NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    for (const char *name = folder != NULL ? g_dir_read_name(folder) : NULL; name != NULL;
         name = g_dir_read_name(folder)) {
        g_autofree char *inside =
            relative[0] != '\0' ? g_build_filename(relative, name, NULL) : g_strdup(name);
        g_autofree char *whole = g_build_filename(self->root, inside, NULL);
        if (name[0] == '.' || g_file_test(whole, G_FILE_TEST_IS_SYMLINK) || self->files++ >= MOST_FILES)
            continue;
        if (g_file_test(whole, G_FILE_TEST_IS_DIR) && depth < DEEPEST)
            add_folder(self, inside, depth + 1);
        else if (g_file_test(whole, G_FILE_TEST_IS_REGULAR))
            add_file(self, name, inside);
    }
}

/* A relative name without "./" and "../" at its beginning. */
static const char *tail_of(const char *file)
{
    while (g_str_has_prefix(file, "./") || g_str_has_prefix(file, "../"))
        file = strchr(file, '/') + 1;
    return file;
}

static gboolean ends_with(const char *path, const char *tail)
{
    gsize length = strlen(path), wanted = strlen(tail);
    return length >= wanted && strcmp(path + length - wanted, tail) == 0 &&
           (length == wanted || path[length - wanted - 1] == G_DIR_SEPARATOR);
}

/* The only file of the project with this name; NULL: none, or several. */
static const char *look_up(Places *self, const char *file)
{
    const char *tail = tail_of(file), *found = NULL;
    g_autofree char *name = g_path_get_basename(tail);
    if (self->named == NULL) {
        self->named =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
        add_folder(self, "", 0);
    }
    if (self->files >= MOST_FILES) /* files that were not read may have the name, too */
        return NULL;
    const GPtrArray *paths = g_hash_table_lookup(self->named, name);
    for (guint i = 0; paths != NULL && i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        if (!ends_with(path, tail))
            continue;
        if (found != NULL)
            return NULL;
        found = path;
    }
    return found;
}

/* The path of an existing file relative to the root; (transfer full), or NULL where it does not lie below it.
 */
static char *inside_root(const Places *self, const char *file)
{
    g_autofree char *plain = g_canonicalize_filename(file, self->root);
    gsize length = strlen(self->root);
    if (strncmp(plain, self->root, length) != 0 || plain[length] != G_DIR_SEPARATOR ||
        !g_file_test(plain, G_FILE_TEST_IS_REGULAR) || g_file_test(plain, G_FILE_TEST_IS_SYMLINK))
        return NULL;
    return g_strdup(plain + length + 1);
}

/* The project's file with this name; (transfer full), or NULL. */
static char *resolve(Places *self, const char *file)
{
    /* A base name alone may be that of a file in any folder. */
    char *inside = strchr(file, G_DIR_SEPARATOR) != NULL ? inside_root(self, file) : NULL;
    if (inside != NULL || g_path_is_absolute(file))
        return inside;
    return g_strdup(look_up(self, file));
}

/* Does a source's name look like one of the project's ("src/app.c", "/project/build/../app.c")? Names of
 * libraries begin with a dot ("./string/strdup.c") or with the folder that they were built in. */
static gboolean is_named_inside(const char *file, const char *root)
{
    if (!g_path_is_absolute(file))
        return file[0] != '.';
    g_autofree char *plain = g_canonicalize_filename(file, "/");
    gsize length = root != NULL ? strlen(root) : 0;
    return length > 0 && strncmp(plain, root, length) == 0 && plain[length] == G_DIR_SEPARATOR;
}

/* For a project that does not exist here: the innermost frame whose source has a name like the project's or,
 * if none has, the innermost one with a source that is no allocator's; or NULL. */
static const Frame *frame_by_name(const Frame *frames, guint n_frames, const char *root)
{
    const Frame *first = NULL;
    for (guint i = 0; i < n_frames; i++) {
        const char *file = frames[i].file;
        if (file == NULL || *file == '\0' || frames[i].kind == FRAME_ALLOCATOR)
            continue;
        if (is_named_inside(file, root))
            return &frames[i];
        if (first == NULL)
            first = &frames[i];
    }
    return first;
}

char *places_find(Places *self, const Frame *frames, guint n_frames, guint *line)
{
    if (self->root == NULL) {
        const Frame *frame = frame_by_name(frames, n_frames, self->elsewhere);
        *line = frame != NULL ? frame->line : 0;
        return frame != NULL ? g_strdup(frame->file) : NULL;
    }
    for (guint i = 0; i < n_frames; i++) {
        const char *file = frames[i].file;
        char *found = file != NULL && *file != '\0' ? resolve(self, file) : NULL;
        *line = frames[i].line;
        if (found != NULL)
            return found;
    }
    return NULL;
}
