#include "math/distribution.h"

#include <math.h>

/* The polynomial of 8 coefficients, that of the highest power first. */
static double distribution_polynomial(const double coefficients[8], double r)
{
    double sum = coefficients[0];
    for (int i = 1; i < 8; i++) sum = sum * r + coefficients[i];
    return sum;
}

/* Quotients of polynomials for the middle, and for tails that are near and far (Wichura 1988, algorithm AS 241). */
static const double middle[2][8] = {
    {2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4, 4.5921953931549871457e+4,
     1.3731693765509461125e+4, 1.9715909503065514427e+3, 1.3314166789178437745e+2, 3.3871328727963666080e+0},
    {5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
     5.3941960214247511077e+3, 6.8718700749205790830e+2, 4.2313330701600911252e+1, 1.0}};
static const double near[2][8] = {
    {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e+0,
     3.64784832476320460504e+0, 5.76949722146069140550e+0, 4.63033784615654529590e+0, 1.42343711074968357734e+0},
    {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e+0, 2.05319162663775882187e+0, 1.0}};
static const double far[2][8] = {
    {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e+0, 5.46378491116411436990e+0, 6.65790464350110377720e+0},
    {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0}};

double lebm__normal_quantile(double p)
{
    const double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * distribution_polynomial(middle[0], r) / distribution_polynomial(middle[1], r);
    }
    const double r = sqrt(-log(q < 0.0 ? p : 1.0 - p));
    const double(*tail)[8] = r <= 5.0 ? near : far;
    const double s = r - (r <= 5.0 ? 1.6 : 5.0);
    const double x = distribution_polynomial(tail[0], s) / distribution_polynomial(tail[1], s);
    return q < 0.0 ? -x : x;
}

/* What log Gamma(x) has beyond Stirling's (x - 1/2) log x - x + log(2 pi)/2. */
static double distribution_stirling_rest(double x)
{
    double rest = 0.0;
    while (x < 16.0) {
        rest += (x + 0.5) * log1p(1.0 / x) - 1.0;
        x += 1.0;
    }
    const double y = 1.0 / (x * x);
    return rest + (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0)))) / x;
}

/* x^a (1 - x)^b / B(a, b), with large numbers cancelled before they are taken: x = a / (a + b) is where it is largest. */
static double distribution_beta_power(double x, double a, double b)
{
    const double n = a + b;
    const double rest = distribution_stirling_rest(n) - distribution_stirling_rest(a) - distribution_stirling_rest(b);
    const double excess = x * n - a;
    return sqrt(a * b / (2.0 * M_PI * n)) * exp(a * log1p(excess / a) + b * log1p(-excess / b) + rest);
}

/* I_x(a, b) for x of up to (a + 1) / (a + b + 2), by its continued fraction (NIST DLMF 8.17.22), which Lentz's way takes
 * from the front: there no denominator is 0. */
static double distribution_beta_fraction(double x, double a, double b)
{
    double c = 1.0, d = 1.0 / (1.0 - (a + b) * x / (a + 1.0)), fraction = d, change = 0.0;
    for (double m = 1.0; fabs(change - 1.0) > 1e-15; m += 1.0) {
        const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / (1.0 + even * d);
        c = 1.0 + even / c;
        fraction *= c * d;
        d = 1.0 / (1.0 + odd * d);
        c = 1.0 + odd / c;
        change = c * d;
        fraction *= change;
    }
    return distribution_beta_power(x, a, b) * fraction / a;
}

static double distribution_beta(double x, double a, double b)
{
    if (x <= 0.0 || x >= 1.0) return x <= 0.0 ? 0.0 : 1.0;
    if (x <= (a + 1.0) / (a + b + 2.0)) return distribution_beta_fraction(x, a, b);
    return 1.0 - distribution_beta_fraction(1.0 - x, b, a);
}

double lebm__beta_quantile(double p, double a, double b)
{
    double low = 0.0, high = 1.0;
    for (int i = 0; i < 64; i++) { /* halves, to beyond the last bit */
        const double x = 0.5 * (low + high);
        if (distribution_beta(x, a, b) < p)
            low = x;
        else
            high = x;
    }
    return 0.5 * (low + high);
}
