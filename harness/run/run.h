/* One run: one scenario under one instrument, in a fresh process and a fresh folder. */
#ifndef HEAPGATE_RUN_RUN_H
#define HEAPGATE_RUN_RUN_H

#include <gio/gio.h>

#include "instrument/instrument.h"
#include "scenario/scenario.h"

typedef enum { RUN_WAITING, RUN_RUNNING, RUN_DONE } RunState;

typedef struct {
    const Project *project;
    const Scenario *scenario;
    const Instrument *instrument;
    guint repetition; /* from 0; of the runs of this scenario under this instrument */

    /* Written by the run, under lock while it runs. */
    GMutex lock;
    RunState state;
    gint64 started_us;        /* monotonic */
    char *marks_folder;       /* while it runs: where marks appear, for showing progress; else NULL */
    Measurement *measurement; /* once done; never NULL then */
} Run;

Run *run_new(const Project *project, const Scenario *scenario, const Instrument *instrument,
             guint repetition);
void run_free(Run *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Run, run_free)

/* Measures, in the calling thread. Whatever goes wrong becomes the measurement's problem. The instrument's
 * raw files are kept in REPORTS/raw/NAME.INSTRUMENT, of later repetitions in NAME.INSTRUMENT.2 and so on. */
void run_measure(Run *self, GCancellable *cancellable);

/* How many iterations were marked so far, as far as the instrument shows it; 0 where it does not. */
guint run_iterations_so_far(Run *self);

#endif
