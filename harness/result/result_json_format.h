/* What the writer and the reader of result.json agree on. */
#ifndef HEAPGATE_RESULT_RESULT_JSON_FORMAT_H
#define HEAPGATE_RESULT_RESULT_JSON_FORMAT_H

#define RESULT_JSON_FORMAT "heapgate-result"

/* The largest number, either sign: what every reader of JSON holds exactly. */
#define RESULT_JSON_LARGEST (G_GINT64_CONSTANT(1) << 53)
/* The longest duration, in microseconds (50 days): sums of them cannot overflow. */
#define RESULT_JSON_LONGEST_US (G_GINT64_CONSTANT(1) << 42)
/* Times above this are whole numbers. */
#define RESULT_JSON_FRACTION_LIMIT ((double)(G_GINT64_CONSTANT(1) << 40))

#endif
