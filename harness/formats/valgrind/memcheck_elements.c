#include "memcheck_elements.h"

#include <string.h>

#include "error.h"
#include "formats/allocator.h"
#include "model/frame_kind.h"

enum {
    LONGEST_COMMAND = 64 * 1024,
    MOST_FRAMES = 500,
};

static void walk_fail(MemcheckWalk *self, const char *expected)
{
    if (self->error != NULL)
        return;
    g_autofree char *found =
        g_utf8_substring(self->text->str, 0, MIN(g_utf8_strlen(self->text->str, -1), 60));
    g_set_error(&self->error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                "%s:%" G_GUINT64_FORMAT ": expected %s in <%s>, found \"%s\"", self->file->name,
                self->pull.line, expected, self->path[self->depth - 1], found);
}

static gint64 number(MemcheckWalk *self)
{
    gint64 value = 0;
    if (!leak_check_parse_number(self->text->str, &value))
        walk_fail(self, "a number");
    return value;
}

static guint64 hexadecimal(MemcheckWalk *self)
{
    char *end = NULL;
    const char *text = self->text->str;
    guint64 value = g_ascii_isxdigit(*text) ? g_ascii_strtoull(text, &end, 16) : 0;
    if (end == NULL || *end != '\0')
        walk_fail(self, "a hexadecimal number");
    return value;
}

/* What is done where an element begins and where it ends; at its end its text is known. */
static void read_protocol(MemcheckWalk *self)
{
    gint64 protocol = number(self);
    if (self->error == NULL && (protocol < 4 || protocol > 6))
        walk_fail(self, "protocol 4, 5 or 6");
    self->document->protocol = (int)CLAMP(protocol, 0, 6);
}

static void read_tool(MemcheckWalk *self)
{
    if (strcmp(self->text->str, "memcheck") != 0)
        walk_fail(self, "memcheck");
}

static void read_pid(MemcheckWalk *self)
{
    self->document->pid = number(self);
}

static void read_parent_pid(MemcheckWalk *self)
{
    self->document->parent_pid = number(self);
}

static void read_option(MemcheckWalk *self)
{
    leak_checks_option(&self->checks, self->text->str);
}

static void read_argument(MemcheckWalk *self)
{
    if (self->command->len + self->text->len > LONGEST_COMMAND)
        return;
    if (self->command->len > 0)
        g_string_append_c(self->command, ' ');
    g_string_append_len(self->command, self->text->str, (gssize)self->text->len);
}

static void begin_leak_check(MemcheckWalk *self)
{
    g_hash_table_remove_all(self->document->leaks);
    self->file->leak_check++;
}

static void read_state(MemcheckWalk *self)
{
    if (strcmp(self->text->str, "RUNNING") == 0)
        self->document->running = TRUE;
    if (strcmp(self->text->str, "FINISHED") != 0)
        return;
    self->document->finished = TRUE;
    if (leak_checks_finished(&self->checks))
        begin_leak_check(self);
}

static void read_signal(MemcheckWalk *self)
{
    if (self->document->fatal_signal == NULL)
        self->document->fatal_signal = g_strdup(self->text->str);
}

static void read_message(MemcheckWalk *self)
{
    leak_checks_message(&self->checks);
    if (self->file->handler != NULL && self->file->handler->client_message != NULL)
        self->file->handler->client_message(self->text->str, self->file->user_data);
}

void memcheck_walk_clear_error(MemcheckWalk *self)
{
    g_free(self->current.kind);
    g_free(self->current.what);
    self->current = (MemcheckCurrentError){0};
    g_array_set_size(self->frames, 0);
    g_string_chunk_clear(self->strings);
}

static void begin_stack(MemcheckWalk *self)
{
    self->current.stacks++;
    g_array_set_size(self->further, 0);
}

static void end_stack(MemcheckWalk *self)
{
    MemcheckCurrentError *current = &self->current;
    guint own = 0;
    while (own < self->further->len &&
           frame_kind_of(&g_array_index(self->further, Frame, own)) == FRAME_ALLOCATOR)
        own++;
    if (current->origin != NULL && self->further->len > own && current->n_origins < MEMCHECK_ORIGINS)
        current->origins[current->n_origins++] =
            (MemcheckOrigin){current->origin, g_array_index(self->further, Frame, own)};
    current->origin = NULL;
}

/* What memcheck says of a block, in its own words (mc_errors.c, m_addrinfo.c of Valgrind). */
static void read_auxiliary(MemcheckWalk *self)
{
    static const struct {
        const char *words, *origin;
        MemcheckRelation relation;
    } rows[] = {
        {"free'd", "freed by", MEMCHECK_AFTER_FREE},
        {"bytes after a block", "allocated by", MEMCHECK_BEHIND},
        {"bytes before a block", "allocated by", MEMCHECK_BEFORE},
        {"alloc'd", "allocated by", MEMCHECK_RELATION_NONE},
        {"was created by", "created by", MEMCHECK_RELATION_NONE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strstr(self->text->str, rows[i].words) == NULL)
            continue;
        self->current.origin = rows[i].origin;
        if (self->current.relation == MEMCHECK_RELATION_NONE)
            self->current.relation = rows[i].relation;
        return;
    }
}

static void begin_frame(MemcheckWalk *self)
{
    self->frame = (Frame){0};
}

/* The frames that the one belongs to that is read; NULL: it is not kept. */
static GArray *stack_here(const MemcheckWalk *self)
{
    GArray *frames = self->current.stacks == 1      ? self->frames
                     : self->current.origin != NULL ? self->further
                                                    : NULL;
    gboolean here = frames != NULL && self->depth >= 4 && strcmp(self->path[1], "error") == 0 &&
                    strcmp(self->path[2], "stack") == 0 && frames->len < MOST_FRAMES;
    return here ? frames : NULL;
}

static const char *value_keep(MemcheckWalk *self)
{
    return stack_here(self) != NULL && self->text->len > 0
               ? g_string_chunk_insert_const(self->strings, self->text->str)
               : NULL;
}

static void read_function(MemcheckWalk *self)
{
    self->frame.function = value_keep(self);
}

static void read_file(MemcheckWalk *self)
{
    self->frame.file = value_keep(self);
}

static void read_object(MemcheckWalk *self)
{
    self->frame.object = value_keep(self);
}

static void read_line(MemcheckWalk *self)
{
    self->frame.line = (guint)MIN(number(self), G_MAXINT32);
}

static void end_frame(MemcheckWalk *self)
{
    GArray *frames = stack_here(self);
    if (frames != NULL)
        g_array_append_val(frames, self->frame);
}

static void read_unique(MemcheckWalk *self)
{
    self->current.unique = hexadecimal(self);
    self->current.has_unique = TRUE;
}

static void read_kind(MemcheckWalk *self)
{
    if (self->current.kind == NULL && self->text->len > 0)
        self->current.kind = g_strdup(self->text->str);
}

static void read_what(MemcheckWalk *self)
{
    if (self->current.what == NULL && self->text->len > 0)
        self->current.what = g_strdup(self->text->str);
}

static void read_leaked_bytes(MemcheckWalk *self)
{
    self->current.bytes = number(self);
}

static void read_leaked_blocks(MemcheckWalk *self)
{
    self->current.blocks = number(self);
}

static void read_pair_count(MemcheckWalk *self)
{
    self->pair_count = number(self);
}

static void read_pair_unique(MemcheckWalk *self)
{
    self->pair_unique = hexadecimal(self);
}

static void begin_pair(MemcheckWalk *self)
{
    self->pair_count = 0;
    self->pair_unique = 0;
}

static void end_pair(MemcheckWalk *self)
{
    /* Later counts replace earlier ones: they may be written more than once. */
    if (self->counting)
        g_hash_table_insert(self->counts, g_memdup2(&self->pair_unique, sizeof self->pair_unique),
                            g_memdup2(&self->pair_count, sizeof self->pair_count));
}

static gint64 count_of(const MemcheckWalk *self)
{
    const gint64 *count =
        self->current.has_unique ? g_hash_table_lookup(self->counts, &self->current.unique) : NULL;
    return count != NULL && *count > 0 ? *count : 1;
}

static void count_error(MemcheckWalk *self, MemcheckError *error)
{
    MemcheckFile *file = self->file;
    if (__builtin_add_overflow(file->bytes, error->bytes, &file->bytes) ||
        __builtin_add_overflow(file->blocks, error->blocks, &file->blocks) ||
        __builtin_add_overflow(file->count, error->count, &file->count)) {
        walk_fail(self, "sums below 2^63");
        return;
    }
    self->document->errors++;
    gboolean leak = g_str_has_prefix(error->kind, "Leak_");
    if (leak &&
        leak_checks_is_new(&self->checks, error->what, self->current.has_unique, self->current.unique))
        begin_leak_check(self);
    error->leak_check = leak ? self->file->leak_check : 0;
    error->superseded = leak && error->leak_check < self->last_check;
    memcheck_kinds_add(leak ? self->document->leaks : self->document->kinds, error->kind, 1, error->bytes,
                       error->blocks);
}

static void end_error(MemcheckWalk *self)
{
    guint own = allocator_count_frames((const Frame *)self->frames->data, self->frames->len);
    MemcheckError error = {
        .kind = self->current.kind != NULL ? self->current.kind : "(none)",
        .what = self->current.what,
        .bytes = self->current.bytes,
        .blocks = self->current.blocks,
        .count = count_of(self),
        .frames = (const Frame *)self->frames->data + own,
        .n_frames = self->frames->len - own,
        .relation = self->current.relation,
        .n_origins = self->current.n_origins,
    };
    memcpy(error.origins, self->current.origins, sizeof error.origins);
    count_error(self, &error);
    if (self->error == NULL && self->file->handler != NULL && self->file->handler->error != NULL)
        self->file->handler->error(&error, self->file->user_data);
}

static const MemcheckElement elements[] = {
    {"frame", "fn", NULL, read_function},
    {"frame", "obj", NULL, read_object},
    {"frame", "file", NULL, read_file},
    {"frame", "line", NULL, read_line},
    {"stack", "frame", begin_frame, end_frame},
    {"error", "stack", begin_stack, end_stack},
    {"error", "auxwhat", NULL, read_auxiliary},
    {"xauxwhat", "text", NULL, read_auxiliary},
    {"error", "unique", NULL, read_unique},
    {"error", "kind", NULL, read_kind},
    {"error", "what", NULL, read_what},
    {"xwhat", "text", NULL, read_what},
    {"xwhat", "leakedbytes", NULL, read_leaked_bytes},
    {"xwhat", "leakedblocks", NULL, read_leaked_blocks},
    {"valgrindoutput", "error", memcheck_walk_clear_error, end_error},
    {"clientmsg", "text", NULL, read_message},
    {"status", "state", NULL, read_state},
    {"fatal_signal", "signame", NULL, read_signal},
    {"argv", "exe", NULL, read_argument},
    {"argv", "arg", NULL, read_argument},
    {"vargv", "arg", NULL, read_option},
    {"valgrindoutput", "protocolversion", NULL, read_protocol},
    {"valgrindoutput", "protocoltool", NULL, read_tool},
    {"valgrindoutput", "pid", NULL, read_pid},
    {"valgrindoutput", "ppid", NULL, read_parent_pid},
};

static const MemcheckElement count_elements[] = {
    {"errorcounts", "pair", begin_pair, end_pair},
    {"pair", "count", NULL, read_pair_count},
    {"pair", "unique", NULL, read_pair_unique},
};

const MemcheckElement *memcheck_element_here(const MemcheckWalk *self)
{
    if (self->depth < 2 || self->depth > MEMCHECK_DEEPEST)
        return NULL;
    const char *parent = self->path[self->depth - 2], *name = self->path[self->depth - 1];
    const MemcheckElement *rows = self->counting ? count_elements : elements;
    gsize n = self->counting ? G_N_ELEMENTS(count_elements) : G_N_ELEMENTS(elements);
    for (gsize i = 0; i < n; i++)
        if (strcmp(rows[i].name, name) == 0 && strcmp(rows[i].parent, parent) == 0)
            return &rows[i];
    return NULL;
}
