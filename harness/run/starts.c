#include "starts.h"

#include <string.h>
#include <sys/stat.h>

#include "instrument/heap.h"

/* One entry of one family. */
typedef struct {
    guint64 family;
    guint32 number;
} Key;

typedef struct {
    RollFile file, image; /* zeros: not known */
} Answer;

typedef struct {
    RollEntry entry;
    gboolean added;
    GArray *answers; /* Answer, or NULL */
    char *reason;    /* why it may not be seen, as of `looked_ns`; or NULL */
    guint64 looked_ns;
} Start;

struct Starts {
    GHashTable *starts; /* Key: Start */
    guint64 lost;
    GHashTable *killed; /* process ids */
    GHashTable *begun;  /* process id: guint64 *, when its latest ledger began */
    GPtrArray *missing; /* NULL until it is asked for */
};

static guint key_hash(gconstpointer data)
{
    const Key *key = data;
    return (guint)(key->family ^ key->family >> 32) ^ key->number * 2654435761u;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
    const Key *one = a, *two = b;
    return one->family == two->family && one->number == two->number;
}

static void start_free(gpointer data)
{
    Start *start = data;
    if (start->answers != NULL)
        g_array_unref(start->answers);
    g_free(start->reason);
    g_free(start);
}

Starts *starts_new(void)
{
    Starts *self = g_new0(Starts, 1);
    self->starts = g_hash_table_new_full(key_hash, key_equal, g_free, start_free);
    self->killed = g_hash_table_new(NULL, NULL);
    self->begun = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return self;
}

void starts_free(Starts *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->starts);
    g_hash_table_unref(self->killed);
    g_hash_table_unref(self->begun);
    if (self->missing != NULL)
        g_ptr_array_unref(self->missing);
    g_free(self);
}

static Start *starts_find(const Starts *self, guint64 family, guint32 number)
{
    const Key key = {family, number};
    return g_hash_table_lookup(self->starts, &key);
}

static Start *find_or_make(Starts *self, guint64 family, guint32 number)
{
    Start *start = starts_find(self, family, number);
    if (start != NULL)
        return start;
    Key *key = g_new0(Key, 1);
    key->family = family;
    key->number = number;
    start = g_new0(Start, 1);
    g_hash_table_insert(self->starts, key, start);
    return start;
}

void starts_answer(Starts *self, guint64 family, guint32 entry, const RollFile *file, const RollFile *image)
{
    Answer answer = {file != NULL ? *file : (RollFile){0}, image != NULL ? *image : (RollFile){0}};
    if (family == 0 || entry == 0)
        return;
    Start *start = find_or_make(self, family, entry);
    if (start->answers == NULL)
        start->answers = g_array_new(FALSE, FALSE, sizeof(Answer));
    g_array_append_val(start->answers, answer);
}

static gboolean is_known(RollFile file)
{
    return file.device != 0 || file.inode != 0;
}

static gboolean is_same_file(RollFile one, RollFile two)
{
    return one.device == two.device && one.inode == two.inode;
}

/* Did the program that was to be started answer, and not one that came after it in the same place? */
static gboolean is_answered(const Start *start, const RollEntry *entry)
{
    for (guint i = 0; start->answers != NULL && i < start->answers->len; i++) {
        const Answer *answer = &g_array_index(start->answers, Answer, i);
        if (!is_known(entry->file) || (!is_known(answer->file) && !is_known(answer->image)) ||
            is_same_file(entry->file, answer->file) || is_same_file(entry->file, answer->image))
            return TRUE;
    }
    return FALSE;
}

void starts_add(Starts *self, guint64 family, guint32 number, const RollEntry *entry)
{
    Start *start = find_or_make(self, family, number);
    start->entry = *entry;
    start->added = TRUE;
}

void starts_begun(Starts *self, guint32 pid, guint64 started_ns)
{
    guint64 *latest = g_hash_table_lookup(self->begun, GUINT_TO_POINTER(pid));
    if (latest == NULL || *latest < started_ns)
        g_hash_table_replace(self->begun, GUINT_TO_POINTER(pid), g_memdup2(&started_ns, sizeof started_ns));
}

void starts_add_killed(Starts *self, guint32 pid)
{
    g_hash_table_add(self->killed, GUINT_TO_POINTER(pid));
}

void starts_add_lost(Starts *self, guint64 count)
{
    self->lost += count;
}

/* Is the file that lies there the one that was started? */
static gboolean is_there(const RollEntry *entry)
{
    struct stat info;
    return entry->path[0] == '/' && is_known(entry->file) && stat(entry->path, &info) == 0 &&
           is_same_file(entry->file, (RollFile){info.st_dev, info.st_ino});
}

void starts_peek(Starts *self, guint64 family, guint32 number, const RollEntry *entry)
{
    Start *start = starts_find(self, family, number);
    if (entry->kind == ROLL_NO_BOOKS || (start != NULL && is_answered(start, entry)) || !is_there(entry))
        return;
    start = find_or_make(self, family, number);
    g_free(start->reason);
    start->reason = heap_blind_reason(entry->path);
    start->looked_ns = entry->time_ns;
}

gboolean starts_is_exec(const Starts *self, guint64 family, guint32 entry, guint32 *ledger, guint32 *pid)
{
    const Start *start = starts_find(self, family, entry);
    if (start == NULL || !start->added || start->entry.kind != ROLL_EXEC ||
        !is_answered(start, &start->entry))
        return FALSE;
    *ledger = start->entry.ledger;
    *pid = start->entry.pid;
    return TRUE;
}

gboolean starts_became_another(const Starts *self, guint64 family, guint32 ledger, guint32 pid)
{
    GHashTableIter iterator;
    gpointer key, value;
    g_hash_table_iter_init(&iterator, self->starts);
    while (g_hash_table_iter_next(&iterator, &key, &value)) {
        const Start *start = value;
        if (((const Key *)key)->family == family && start->added && start->entry.kind == ROLL_EXEC &&
            start->entry.ledger == ledger && start->entry.pid == pid)
            return TRUE;
    }
    return FALSE;
}

static void unseen_program_free(gpointer data)
{
    UnseenProgram *program = data;
    g_free(program->path);
    g_free(program->reason);
    g_free(program);
}

/* What was seen of the file when it was started says more than what lies there now. (transfer full). */
static char *reason_of(const Start *start)
{
    const RollEntry *entry = &start->entry;
    if (entry->kind == ROLL_NO_BOOKS || entry->off_reason != LEDGER_OFF_NOT)
        return heap_off_reason(entry->off_reason);
    if (start->reason != NULL && start->looked_ns == entry->time_ns)
        return g_strdup(start->reason);
    return heap_blind_reason(is_there(entry) ? entry->path : NULL);
}

static void add_missing(Starts *self, const char *path, char *reason)
{
    UnseenProgram *program = g_new0(UnseenProgram, 1);
    program->path = g_strdup(*path != '\0' ? path : "a program");
    program->reason = reason;
    g_ptr_array_add(self->missing, program);
}

static int by_path(gconstpointer a, gconstpointer b)
{
    const UnseenProgram *one = *(const UnseenProgram *const *)a, *two = *(const UnseenProgram *const *)b;
    int order = strcmp(one->path, two->path);
    return order != 0 ? order : strcmp(one->reason, two->reason);
}

/* Was its process killed before it became this program? */
static gboolean never_ran(const Starts *self, const RollEntry *entry)
{
    const guint64 *begun = g_hash_table_lookup(self->begun, GUINT_TO_POINTER(entry->pid));
    return g_hash_table_contains(self->killed, GUINT_TO_POINTER(entry->pid)) &&
           (begun == NULL || *begun < entry->time_ns);
}

static gboolean is_missing(const Starts *self, const Start *start)
{
    const RollEntry *entry = &start->entry;
    return entry->kind == ROLL_NO_BOOKS || (!is_answered(start, entry) && !never_ran(self, entry));
}

const GPtrArray *starts_missing(Starts *self)
{
    GHashTableIter iterator;
    gpointer value;
    if (self->missing != NULL)
        return self->missing;
    self->missing = g_ptr_array_new_with_free_func(unseen_program_free);
    g_hash_table_iter_init(&iterator, self->starts);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const Start *start = value;
        if (start->added && is_missing(self, start))
            add_missing(self, start->entry.path, reason_of(start));
    }
    for (guint64 i = 0; i < MIN(self->lost, 1); i++)
        add_missing(self, "a program",
                    g_strdup_printf("one process and its forks started %" G_GUINT64_FORMAT
                                    " more than can be noted",
                                    self->lost));
    g_ptr_array_sort(self->missing, by_path);
    return self->missing;
}
