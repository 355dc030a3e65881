#include "ledger_reader.h"

struct LedgerReader {
    GPtrArray *ledgers;   /* Ledger, by slot */
    char *problem;        /* the first one */
    GThreadPool *reading; /* of one thread */
    GThreadPool *taking;  /* of one thread; NULL: ledgers are kept */
    LedgerReaderTake take;
    gpointer take_data;
};

/* The thread has come so far. */
typedef struct {
    GMutex lock;
    GCond change;
    gboolean passed;
} Barrier;

/* What the thread does next: reads a ledger or, without a member, lets go of the family. */
typedef struct {
    Family *family;
    Member *member;
    Ledger *ledger; /* a ready one, with neither */
    guint slot;
    Barrier *barrier; /* only this */
} Job;

static void job_push(LedgerReader *self, Job job)
{
    g_thread_pool_push(self->reading, g_memdup2(&job, sizeof job), NULL);
}

static void deliver(LedgerReader *self, Ledger *ledger, guint slot)
{
    if (self->taking != NULL) {
        const Job job = {.ledger = ledger, .slot = slot};
        g_thread_pool_push(self->taking, g_memdup2(&job, sizeof job), NULL);
        return;
    }
    if (self->ledgers->len <= slot)
        g_ptr_array_set_size(self->ledgers, (gint)slot + 1);
    g_ptr_array_index(self->ledgers, slot) = ledger;
}

static void read_member(LedgerReader *self, Family *family, const Member *member)
{
    gint64 pid = member->pid > 0 ? member->pid : member->own_pid;
    g_autofree char *name = g_strdup_printf("the ledger of process %" G_GINT64_FORMAT, pid);
    g_autoptr(GError) error = NULL;
    Ledger *ledger = ledger_read(family_file(family, member->number), name, &error);
    if (ledger == NULL) {
        if (self->problem == NULL)
            self->problem = g_strdup(error->message);
    } else {
        ledger->header.pid = (guint32)pid; /* its own word is that of its own namespace */
        g_array_append_vals(ledger->samples, member->samples->data, member->samples->len);
        deliver(self, ledger, member->slot);
    }
    family_give_back(family, member->number);
}

static void barrier_pass(Barrier *barrier)
{
    g_mutex_lock(&barrier->lock);
    barrier->passed = TRUE;
    g_cond_signal(&barrier->change);
    g_mutex_unlock(&barrier->lock);
}

static void job_do(gpointer data, gpointer user_data)
{
    LedgerReader *self = user_data;
    g_autofree Job *job = data;
    if (job->ledger != NULL)
        deliver(self, job->ledger, job->slot);
    if (job->member != NULL) {
        read_member(self, job->family, job->member);
        member_free(job->member);
    }
    if (job->family != NULL)
        family_unref(job->family);
    if (job->barrier != NULL)
        barrier_pass(job->barrier);
}

void ledger_reader_read(LedgerReader *self, Family *family, Member *member)
{
    job_push(self, (Job){.family = family_ref(family), .member = member});
}

void ledger_reader_put(LedgerReader *self, Ledger *ledger, guint slot)
{
    job_push(self, (Job){.ledger = ledger, .slot = slot});
}

void ledger_reader_release(LedgerReader *self, Family *family)
{
    job_push(self, (Job){.family = family});
}

void ledger_reader_wait(LedgerReader *self)
{
    Barrier barrier = {.passed = FALSE};
    g_mutex_init(&barrier.lock);
    g_cond_init(&barrier.change);
    job_push(self, (Job){.barrier = &barrier});
    g_mutex_lock(&barrier.lock);
    while (!barrier.passed)
        g_cond_wait(&barrier.change, &barrier.lock);
    g_mutex_unlock(&barrier.lock);
    g_cond_clear(&barrier.change);
    g_mutex_clear(&barrier.lock);
}

static void ledger_free_any(gpointer data)
{
    ledger_free(data);
}

LedgerReader *ledger_reader_new(void)
{
    LedgerReader *self = g_new0(LedgerReader, 1);
    self->ledgers = g_ptr_array_new_with_free_func(ledger_free_any);
    self->reading = g_thread_pool_new(job_do, self, 1, TRUE, NULL);
    return self;
}

static void take_one(gpointer data, gpointer user_data)
{
    LedgerReader *self = user_data;
    g_autofree Job *job = data;
    self->take(job->ledger, job->slot, self->take_data);
}

void ledger_reader_set_take(LedgerReader *self, LedgerReaderTake take, gpointer user_data)
{
    self->take = take;
    self->take_data = user_data;
    self->taking = g_thread_pool_new(take_one, self, 1, TRUE, NULL);
}

void ledger_reader_stop(LedgerReader *self)
{
    if (self->reading != NULL)
        g_thread_pool_free(g_steal_pointer(&self->reading), FALSE, TRUE);
    if (self->taking != NULL)
        g_thread_pool_free(g_steal_pointer(&self->taking), FALSE, TRUE);
}

GPtrArray *ledger_reader_ledgers(const LedgerReader *self)
{
    return self->ledgers;
}

const char *ledger_reader_problem(const LedgerReader *self)
{
    return self->problem;
}

void ledger_reader_free(LedgerReader *self)
{
    if (self == NULL)
        return;
    ledger_reader_stop(self);
    g_ptr_array_unref(self->ledgers);
    g_free(self->problem);
    g_free(self);
}
