/* What a traced program does for a collector, played by a test. */
#ifndef HEAPGATE_TESTS_RUN_TRACED_H
#define HEAPGATE_TESTS_RUN_TRACED_H

#include "formats/made_ledger.h"
#include "run/collector.h"

#define TRACED_KEY "0123456789abcdef"

/* A collector that listens in the folder; (transfer full). path: its address, (transfer full). */
Collector *traced_listen(const char *folder, char **path);
/* A connection to this address. */
int traced_connect(const char *address);
/* Sends a family's file as the tracer does; the file stays the caller's. */
void traced_send(const char *address, int file);
/* The same with another key than the collector's. */
void traced_send_with(const char *address, int file, const char *key);
/* Somebody who writes into a family: it is not over before that ends (munmap, or the end of the process). */
void *traced_hold(const MadeLedger *made);

#endif
