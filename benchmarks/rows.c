/* The limit for writing a history: draw as the model draws, write rows as the model writes them, and nothing else.

   A patient has so many visits, each with two blocks of Philox 4x64-10, seven normal quantiles and seven exponentials;
   the readings are spread over the visits, and every other row takes one block and a logarithm. */

#include <math.h>
#include <stdint.h>

typedef struct {
    int32_t patient;
    int16_t kind, code;
    int32_t number, aside;
    double time, value, other, more;
} row;

typedef struct { uint64_t v[4]; } block;

static inline block philox(uint64_t k0, uint64_t k1, uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3)
{
    for (int i = 0; i < 10; i++) {
        unsigned __int128 a = (unsigned __int128)0xD2E7470EE14C6C93u * c0;
        unsigned __int128 b = (unsigned __int128)0xCA5A826395121157u * c2;
        c0 = (uint64_t)(b >> 64) ^ c1 ^ k0;
        c1 = (uint64_t)b;
        c2 = (uint64_t)(a >> 64) ^ c3 ^ k1;
        c3 = (uint64_t)a;
        k0 += 0x9E3779B97F4A7C15u;
        k1 += 0xBB67AE8584CAA73Bu;
    }
    return (block){{c0, c1, c2, c3}};
}

static inline double unit(uint64_t word) { return ((double)(word >> 11) + 0.5) * 0x1p-53; }

/* Standard normal quantile, algorithm AS 241; beyond 6e-8 from an end it takes the near tail, which costs the same. */
static inline double normal(double p)
{
    double q = p - 0.5, r, top, low;
    if (fabs(q) <= 0.425) {
        r = 0.180625 - q * q;
        top = ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
              + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
              + 133.14166789178437745) * r + 3.3871328727963666080;
        low = ((((((5226.4952788528545610 * r + 28729.085735721942674) * r + 39307.895800092710610) * r
              + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.18700749205790830) * r
              + 42.313330701600911252) * r + 1.0;
        return q * top / low;
    }
    r = sqrt(-log(q < 0 ? p : 1.0 - p)) - 1.6;
    top = ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
          + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.76949722146069140550) * r
          + 4.63033784615654529590) * r + 1.42343711074968357734;
    low = ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
          + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940) * r
          + 2.05319162663775882187) * r + 1.0;
    return q < 0 ? -top / low : top / low;
}

/* Write the rows of some patients; return how many. */
int64_t write_rows(row *log, int64_t first, int64_t patients, int64_t visits, int64_t readings, int64_t others)
{
    static const double sd[7] = {0.18, 0.5, 0.4, 0.035, 0.06, 0.07, 0.01};
    int64_t n = 0;
    for (int64_t p = first; p < first + patients; p++) {
        for (int64_t v = 0; v < visits; v++) {
            block a = philox(1, 0, 2 * v, 24, p, 0), b = philox(1, 0, 2 * v + 1, 24, p, 0);
            double level[7], time = 28.0 * v;
            for (int k = 0; k < 7; k++)
                level[k] = exp(sd[k] * normal(unit(k < 4 ? a.v[k] : b.v[k - 4])));
            log[n++] = (row){p, 0, 0, v, 0, time, time, 0.0, 0.0};
            int64_t taken = (v + 1) * readings / visits - v * readings / visits;
            for (int64_t k = 0; k < taken; k++)
                log[n++] = (row){p, 1, k % 7, v, 0, time, level[k % 7], 1.0, 0.0};
        }
        for (int64_t k = 0; k < others; k++) {
            block a = philox(1, 0, k, 21, p, 0);
            log[n++] = (row){p, 5, 0, k, 0, -log1p(-unit(a.v[0])), 0.0, 0.0, 0.0};
        }
    }
    return n;
}
