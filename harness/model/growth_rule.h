/* The numbers of the rule of growth (growth_rule.def) as constants GROWTH_*. */
#ifndef HEAPGATE_MODEL_GROWTH_RULE_H
#define HEAPGATE_MODEL_GROWTH_RULE_H

enum {
#define COUNT(name, value) GROWTH_##name = value,
#define SHARE(name, value)
#include "growth_rule.def"
};
#define COUNT(name, value)
#define SHARE(name, value) static const double GROWTH_##name = value;
#include "growth_rule.def"

typedef enum { GROWTH_NONE, GROWTH_DOUBTFUL, GROWTH_SURE } GrowthEvidence;

#endif
