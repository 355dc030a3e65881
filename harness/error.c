#include "error.h"

G_DEFINE_QUARK(heapgate - error - quark, heapgate_error)
