/* One job on GitHub's runner, as run_steps.py plays it: our composite action in a workspace, and what came of
 * it. */
#ifndef HEAPGATE_TESTS_GITHUB_JOB_H
#define HEAPGATE_TESTS_GITHUB_JOB_H

#include <json-glib/json-glib.h>

typedef struct {
    char *folder;    /* holds all the others */
    char *workspace; /* the checkout under test */
    char
        *source; /* heapgate's sources as the runner has them: the action, and a Makefile of the test's own */
    char *cache; /* what the cache restores; empty: a miss */
    GPtrArray *inputs;  /* "name=value" */
    JsonParser *report; /* after job_run */
} Job;

Job *job_new(void); /* (transfer full) */
void job_free(Job *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)

/* Writes a file below the job's folder ("workspace/...", "source/..."), executable if it starts with "#!". */
void job_write(Job *self, const char *relative, const char *text);
/* Makes the cache restore this program as heapgate, and the tracer with it. */
void job_cache_binary(Job *self, const char *file);
void job_input(Job *self, const char *name, const char *value);
/* Executes the action's steps; fails the test if they cannot even be played. */
void job_run(Job *self);

/* All (transfer none). */
const char *job_conclusion(Job *self);               /* "success" or "failure" */
const char *job_text(Job *self, const char *member); /* "summary", "log", "path" */
const char *job_output(Job *self, const char *name);
/* "success", "failure" or "skipped". */
const char *job_step(Job *self, const char *name);
gboolean job_uploaded(Job *self, const char *artifact, const char *file);

#endif
