/* Constants that the writer and the reader of result.json share. */
#ifndef HEAPGATE_RESULT_RESULT_JSON_FORMAT_H
#define HEAPGATE_RESULT_RESULT_JSON_FORMAT_H

#define RESULT_JSON_FORMAT "heapgate-result"

/* The largest number, of either sign: doubles, in which many readers of JSON keep numbers, hold it exactly.
 */
#define RESULT_JSON_LARGEST (G_GINT64_CONSTANT(1) << 53)
/* The longest duration, in microseconds (50 days): sums of them cannot overflow. */
#define RESULT_JSON_LONGEST_US (G_GINT64_CONSTANT(1) << 42)
/* Times from this on are written without a fraction. */
#define RESULT_JSON_FRACTION_LIMIT ((double)(G_GINT64_CONSTANT(1) << 40))

#endif
