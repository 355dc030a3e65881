/* Instruments: each a row of a const table, each a file in this folder.
 *
 * An instrument says what to launch and reads what was left behind. It never forks and never waits: run/
 * does. */
#ifndef HEAPGATE_INSTRUMENT_INSTRUMENT_H
#define HEAPGATE_INSTRUMENT_INSTRUMENT_H

#include <glib.h>

#include "model/measurement.h"
#include "scenario/scenario.h"

/* What to run, and what run/ is to gather beside it; filled by launch. */
typedef struct {
    GPtrArray *argv; /* char *, owned; the program's own argv comes last */
    GStrv env;       /* "NAME=value"; more than the scenario's own */
    /* How the names of pipes begin that the instrument leaves in `output` when it is killed; (transfer none).
     * NULL: it has no pipes there. */
    const char *own_pipes;
    /* Asked for, as evidence. A launch asks for one kind. */
    char *ledger_socket; /* the ledgers that will be sent to this address, owned; NULL: none */
} Launch;

/* How the run ended. */
typedef struct {
    gint64 pid;              /* of the scenario's program */
    const char *work;        /* the folder it ran in, where the scenario's files were linked */
    const char *output;      /* the folder the instrument's files were to go to */
    const char *stderr_path; /* what the program wrote to standard error */
    /* What was gathered while it ran, of the kind that launch asked for: for a ledger_socket LedgerEvidence
     * (ledger_evidence.h). NULL: launch asked for nothing. */
    gconstpointer evidence;
} Outcome;

typedef struct {
    const char *name;    /* "massif" */
    const char *summary; /* one sentence */
    guint capture_runs;  /* how many agreeing runs make a baseline */
    gboolean by_valgrind;
    const char *settings; /* what of its own making its numbers depend on: "24 frames" */
    /* Can it run here? Errors: HEAPGATE_ERROR_BROKEN, saying how to get it. */
    gboolean (*probe)(GError **error);
    /* program: the scenario's, as found. output: the folder for its files, without blanks in its path. */
    void (*launch)(const Scenario *scenario, const char *program, const char *output, Launch *launch);
    /* Marks this instant from outside, for `heapgate mark` in a script that is watched. folder: as of launch;
     * NULL: the script does not know it. name: a plain one (mark.h). Where nothing is watched it does
     * nothing. Errors: HEAPGATE_ERROR_BROKEN. */
    gboolean (*mark)(const char *folder, const char *name, GError **error);
    /* Fills the measurement from the files; what is missing or damaged becomes its problem, never a 0. */
    void (*collect)(const Scenario *scenario, const Outcome *outcome, Measurement *measurement);
} Instrument;

/* The table, NULL at its end; (transfer none). */
const Instrument *const *instruments_all(void);
/* (transfer none) or NULL. */
const Instrument *instrument_find(const char *name);
/* "massif, memcheck"; (transfer full). */
char *instruments_names(void);

extern const Instrument instrument_heap, instrument_massif, instrument_memcheck;

/* For instruments: a process marked so many iterations. The measurement's counts are those of the process
 * that marked most. Returns how many of them, the warm-up and at least one, come before those that count; 0:
 * too few count to tell growth. */
guint instrument_count_iterations(const Scenario *scenario, guint marked, Measurement *measurement);
/* For instruments: the files of `folder` whose names begin with prefix and end with suffix, full paths,
 * sorted by name; (transfer full), elements char *. */
GPtrArray *instrument_files(const char *folder, const char *prefix, const char *suffix);
/* For instruments: the number after `prefix` in the base name of path, or 0. */
gint64 instrument_file_pid(const char *path, const char *prefix);

#endif
