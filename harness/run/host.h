/* The host: the environment that numbers measured here hold for. */
#ifndef HEAPGATE_RUN_HOST_H
#define HEAPGATE_RUN_HOST_H

#include "instrument/instrument.h"
#include "model/environment.h"
#include "scenario/scenario.h"

/* This machine's environment, without Python; found once. (transfer none). Thread-safe. */
const Environment *host_environment(void);
/* The same for one scenario: with the processors that its program may use. Which Python it runs its
 * measurements say. (transfer full). */
Environment *host_environment_for(const Scenario *scenario);
/* "3.19.0", or NULL where Valgrind is not there; found once. (transfer none). Thread-safe. */
const char *host_valgrind(void);
/* What this instrument measures with here: its version where it is not our own, and its settings; (transfer
 * full). */
char *host_tool(const Instrument *instrument);
/* The commit checked out at `root`, or NULL; (transfer full). */
char *host_commit(const char *root);

#endif
