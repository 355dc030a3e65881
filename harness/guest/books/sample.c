#include "sample.h"

__thread int64_t sample_countdown;

static __thread uint64_t random_state __attribute__((tls_model("initial-exec")));
static uint64_t threads;

void sample_open(const char *text)
{
    uint64_t mean = 0;
    for (; *text >= '0' && *text <= '9' && mean < UINT64_C(1) << 40; text++)
        mean = mean * 10 + (uint64_t)(*text - '0');
    sample_mean = *text == '\0' ? mean : 0;
}

/* SplitMix64 (Steele, Lea, Flood). Each thread begins at a place of its own, the same in every run. */
static uint64_t random_next(void)
{
    if (random_state == 0)
        random_state = (__atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED) << 32) + 1;
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Nothing is linked but libc, so not libm either. Of m in [1, 2): 2 atanh((m - 1) / (m + 1)). */
static double logarithm(double value)
{
    union {
        double value;
        uint64_t bits;
    } parts = {.value = value};
    int exponent = (int)(parts.bits >> 52 & 2047) - 1023;
    parts.bits = (parts.bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
    double s = (parts.value - 1) / (parts.value + 1), power = s, sum = 0;
    for (int i = 1; i < 32; i += 2, power *= s * s)
        sum += power / i;
    return 2 * sum + exponent * 0.69314718055994530942;
}

static int64_t distance(void)
{
    double uniform = (double)((random_next() >> 11) + 1) * 0x1p-53; /* above 0, up to 1 */
    return (int64_t)(-logarithm(uniform) * (double)sample_mean) + 1;
}

/* The first distance of a thread is drawn here, too. */
bool sample_draw(uint64_t size)
{
    int64_t bytes = size < INT64_MAX ? (int64_t)size : INT64_MAX;
    if (random_state == 0) {
        sample_countdown = distance();
        if (sample_countdown > bytes) {
            sample_countdown -= bytes;
            return false;
        }
    }
    sample_countdown = distance();
    return size > 0;
}
