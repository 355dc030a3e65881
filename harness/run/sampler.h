/* Heap and resident memory of the processes over time: each one's own, and all together. */
#ifndef HEAPGATE_RUN_SAMPLER_H
#define HEAPGATE_RUN_SAMPLER_H

#include "family.h"

typedef struct Sampler Sampler;

Sampler *sampler_new(void);       /* (transfer full); time begins now */
void sampler_free(Sampler *self); /* NULL is fine */

/* One sample more of every member of these families (Family), and one of all of them; none where there is no
 * family. */
void sampler_sample(Sampler *self, const GPtrArray *families);
/* All together, (transfer none), of LedgerSample. */
const GArray *sampler_samples(const Sampler *self);

#endif
