/* What chance does to sampled figures. */
#include "model/sampling.h"

#include <math.h>

#include "runner.h"

START_TEST(test_exact_figures_have_no_error)
{
    ck_assert_int_eq(sampling_error(0, 1 << 20), 0);
    ck_assert_int_eq(sampling_noise(0, 1 << 20), 0);
    ck_assert_int_eq(sampling_error(1024, 0), 0);
}
END_TEST

START_TEST(test_the_error_of_n_samples_is_that_of_a_count)
{
    const gint64 sample = 512 * 1024;
    for (gint64 samples = 1; samples <= 10000; samples *= 10) {
        double relative = (double)sampling_error(sample, samples * sample) / (double)(samples * sample);
        ck_assert_double_eq_tol(relative, 1 / sqrt((double)samples), 1e-6);
    }
}
END_TEST

START_TEST(test_noise_is_four_errors_of_the_difference)
{
    const gint64 bases[] = {0, 1, 1 << 20, (gint64)1 << 40}, samples[] = {1024, 512 * 1024, 1 << 30};
    for (gsize b = 0; b < G_N_ELEMENTS(bases); b++)
        for (gsize s = 0; s < G_N_ELEMENTS(samples); s++) {
            double noise = (double)sampling_noise(samples[s], bases[b]);
            double error = sqrt((double)samples[s] * (2 * (double)bases[b] + noise));
            ck_assert_double_eq_tol(noise / (4 * error), 1, 1e-3);
        }
    ck_assert_int_eq(sampling_noise(1024, 0), 16 * 1024);
    ck_assert_int_gt(sampling_noise(G_MAXINT64, G_MAXINT64), 0);
}
END_TEST

SUITE(sampling, 10)
{
    tcase_add_test(tcase, test_exact_figures_have_no_error);
    tcase_add_test(tcase, test_the_error_of_n_samples_is_that_of_a_count);
    tcase_add_test(tcase, test_noise_is_four_errors_of_the_difference);
}
