/* What a capture would change in a baseline, told and weighed: is anything raised, does it grow? */
#ifndef HEAPGATE_CMD_UPDATE_WEIGH_H
#define HEAPGATE_CMD_UPDATE_WEIGH_H

#include "gate/baseline.h"

/* What is to become of one scenario's baseline. */
typedef struct {
    const Scenario *scenario;
    Baseline *old;   /* NULL: none for this platform */
    Baseline *fresh; /* to be written */
    gboolean changed;
    gboolean lowered;
    gboolean grows;  /* more than before */
    gboolean raised; /* some value is higher than before, or was not held before */
} Change;

void change_free(gpointer self); /* a GDestroyNotify */

/* Compares old and fresh, prints what changes, and sets what it comes to. ratchet: puts back of fresh what is
 * not lower. An instrument that was not measured now (--instrument) keeps what it had, if it is of the same
 * environment. Takes from `old` what it puts back. */
void change_weigh(Change *self, gboolean ratchet);

#endif
