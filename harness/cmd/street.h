/* What the commands that measure share: choosing scenarios, measuring them, and writing reports. */
#ifndef HEAPGATE_CMD_STREET_H
#define HEAPGATE_CMD_STREET_H

#include <gio/gio.h>

#include "gate/baseline.h"
#include "report/report.h"
#include "run/session.h"

/* What the user asked for; the options every measuring command has. */
typedef struct {
    char *folder;      /* -C: where to look for the project; NULL: here */
    GStrv instruments; /* --instrument: only these */
    GStrv tags;        /* --tag: only scenarios that carry one of these */
    int jobs;          /* 0: one for each core */
    gboolean quiet, verbose;
    ReportOptions report;
} StreetOptions;

void street_options_clear(StreetOptions *self);
/* The entries of a GOption table for these, as many as it says; fills `entries` (room for STREET_ENTRIES). */
enum { STREET_ENTRIES = 6 };
void street_entries(StreetOptions *self, GOptionEntry *entries);
/* The entry of those that write reports. */
GOptionEntry street_places_entry(StreetOptions *self);

typedef struct {
    Project *project;
    GPtrArray *scenarios; /* Scenario */
    GPtrArray *runs;      /* Run: by scenario, instrument, repetition */
    GHashTable *expected; /* how long each took last time: "SCENARIO/INSTRUMENT" -> gint64 *, microseconds */
} Street;

/* Finds the project and the scenarios; patterns: names or globs, none: all. (transfer full).
 * Errors: HEAPGATE_ERROR_USAGE, HEAPGATE_ERROR_CONFIG. */
Street *street_new(const StreetOptions *options, const char *const *patterns, GError **error);
void street_free(Street *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Street, street_free)

/* Checks what the scenarios name and measures each under each of its instruments `repeats` times (0: as often
 * as the instrument needs for a baseline), having removed the reports of an earlier run. FALSE with error
 * where it was interrupted or a scenario's file is missing. */
gboolean street_measure(Street *self, const StreetOptions *options, guint repeats, GError **error);
/* Measures these runs (Run, (transfer none)) besides. Errors: as above. */
gboolean street_measure_runs(Street *self, const StreetOptions *options, GPtrArray *runs, GError **error);
/* What a scenario was measured in: this host, and the Python that its runs say. (transfer full). */
Environment *street_environment(const Street *self, const Scenario *scenario);
/* Is this instrument wanted (--instrument)? */
gboolean street_wants(const StreetOptions *options, const char *instrument);

/* Removes what an earlier run reported: a run that dies must not leave a verdict behind. */
void street_forget_reports(const Street *self);
/* After a run that failed: removes what it or an earlier one reported, so that no pass is left behind,
 * wherever the project is found and even where its heapgate.yaml is damaged. keep_result: all but
 * result.json. */
void street_forget_failed(const StreetOptions *options, gboolean keep_result);
/* Writes every report with a default path into `folder`. Errors: HEAPGATE_ERROR_BROKEN. */
gboolean street_write_reports(const Findings *findings, const StreetOptions *options, const char *folder,
                              GError **error);
/* Prints the console report to standard output. */
gboolean street_print(const Findings *findings, const StreetOptions *options, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StreetOptions, street_options_clear)

#endif
