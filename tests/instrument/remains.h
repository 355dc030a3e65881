/* What a run left for an instrument: a folder of files, with the project and the scenario that ran. */
#ifndef HEAPGATE_TESTS_INSTRUMENT_REMAINS_H
#define HEAPGATE_TESTS_INSTRUMENT_REMAINS_H

#include "instrument/instrument.h"
#include "instrument/ledger_evidence.h"

typedef struct {
    char *folder, *stderr_path; /* there is no file at stderr_path until the test writes one */
    Project *project;
    Scenario *scenario; /* runs sqlite3 "a b" "%p" under massif */
} Remains;

/* That of the test that runs. (transfer none). */
extern Remains remains;

/* A fixture: makes the folder, the project and the scenario, and takes them away. */
void remains_setup(void);
void remains_teardown(void);

/* Writes a file into the folder. length: in bytes, -1 for a text up to its NUL. */
void remains_write(const char *name, const char *text, gssize length);

/* Replaces the scenario by one with these lines more. */
void remains_load_scenario(const char *more);

/* What the instrument collects of a process that has ended. evidence: NULL for an instrument of Valgrind's.
 * (transfer full). */
Measurement *remains_collect(const Instrument *instrument, gint64 pid, const LedgerEvidence *evidence);

#endif
