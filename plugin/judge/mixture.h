/* The normal-mixture confidence sequence (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics 2021), self-normalised: for differences whose
 * signs are as good as coins given their sizes, exp(l S - l^2 V / 2) with V the sum of their squares is a supermartingale for every l, and so is its mean over
 * normal l. A second road to an interval for the effect, which hangs on sizes where the e-process hangs on clipped signs. The e-process decides. */
#ifndef LODE_JUDGE_MIXTURE_H
#define LODE_JUDGE_MIXTURE_H

#include <stdbool.h>
#include <stddef.h>

/* The mixture that is tightest when the sum of squares is v. One-sided: pass 2 * alpha. */
double lode_mixture_rho(double v, double alpha);
double lode_mixture_log(double s, double v, double rho); /* log of the martingale, two-sided: reject at log(1 / alpha) */
double lode_mixture_bound(double v, double rho, double alpha); /* |S| stays below it for ever with 1 - alpha */
double lode_mixture_log_above(double s, double v, double rho); /* one-sided */
double lode_mixture_bound_above(double v, double rho, double alpha);
/* All effects near the mean of d that are not rejected, two-sided at alpha; scale: what differences are like without an effect, fixed beforehand. False if
 * there are too few for finite ends. */
bool lode_mixture_interval(const double *d, size_t n, double scale, double alpha, double *lo, double *hi);

#endif
