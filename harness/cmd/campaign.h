/* What the commands that measure share: choosing scenarios, measuring them, and writing reports. */
#ifndef HEAPGATE_CMD_CAMPAIGN_H
#define HEAPGATE_CMD_CAMPAIGN_H

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
    gboolean json; /* print verdict.json's object instead of the console report */
    ReportOptions report;
} CampaignOptions;

void campaign_options_clear(CampaignOptions *self);
/* The entries of a GOption table for these, as many as it says; fills `entries` (room for CAMPAIGN_ENTRIES).
 */
enum { CAMPAIGN_ENTRIES = 6 };
void campaign_entries(CampaignOptions *self, GOptionEntry *entries);
/* The entry of those that write reports. */
GOptionEntry campaign_places_entry(CampaignOptions *self);

typedef struct {
    Project *project;
    GPtrArray *scenarios; /* Scenario */
    GPtrArray *runs;      /* Run: by scenario, instrument, repetition */
    GHashTable *expected; /* how long each took last time: "SCENARIO/INSTRUMENT" -> gint64 *, microseconds */
} Campaign;

/* Finds the project and the scenarios; patterns: names or globs, none: all. (transfer full).
 * Errors: HEAPGATE_ERROR_USAGE, HEAPGATE_ERROR_CONFIG. */
Campaign *campaign_new(const CampaignOptions *options, const char *const *patterns, GError **error);
void campaign_free(Campaign *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Campaign, campaign_free)

/* Checks what the scenarios name and measures each under each of its instruments `repeats` times (0: as often
 * as the instrument needs for a baseline), having removed the reports of an earlier run. FALSE with error
 * where it was interrupted or a scenario's file is missing. */
gboolean campaign_measure(Campaign *self, const CampaignOptions *options, guint repeats, GError **error);
/* Measures these runs (Run, (transfer none)) besides. Errors: as above. */
gboolean campaign_measure_runs(Campaign *self, const CampaignOptions *options, GPtrArray *runs,
                               GError **error);
/* What a scenario was measured in: this host, and the Python that its runs say. (transfer full). */
Environment *campaign_environment(const Campaign *self, const Scenario *scenario);
/* Is this instrument wanted (--instrument)? */
gboolean campaign_wants(const CampaignOptions *options, const char *instrument);

/* Removes what an earlier run reported: a run that dies must not leave a verdict behind. */
void campaign_forget_reports(const Campaign *self);
/* After a run that failed: removes what it or an earlier one reported, so that no pass is left behind,
 * wherever the project is found and even where its heapgate.yaml is damaged. keep_result: all but
 * result.json. */
void campaign_forget_failed(const CampaignOptions *options, gboolean keep_result);
/* Writes every report with a default path into `folder`. Errors: HEAPGATE_ERROR_BROKEN. */
gboolean campaign_write_reports(const Findings *findings, const CampaignOptions *options, const char *folder,
                                GError **error);
/* Prints the console report, or what options->json asks for, to standard output. */
gboolean campaign_print(const Findings *findings, const CampaignOptions *options, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CampaignOptions, campaign_options_clear)

#endif
