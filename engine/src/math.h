// The functions a model needs, written once over the types of simd/*.h: the same bits from every instruction set.
//
// Every rounding is written out (fma, or one operation), so compile with -ffp-contract=off. Coefficients are minimax
// (Remez) where no source is named. NaN goes in and comes out.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>

#include "simd/scalar.h"

namespace undertow::math {
namespace {

// 1.5 · 2^23: added to a float below 2^22 it leaves the nearest integer in the low bits.
constexpr float SHIFT32 = 0x1.8p23f;
constexpr double SHIFT64 = 0x1.8p52;

// e^x as power · 2^n; n also stands in the low bits of `shifted`.
template <class F>
struct Split {
  F power, n, shifted;
};

template <class F32>
inline Split<F32> split32(F32 x) {
  const F32 shifted = fma(x, F32::broadcast(0x1.715476p0f), F32::broadcast(SHIFT32));
  const F32 n = shifted - F32::broadcast(SHIFT32);
  F32 r = fma(n, F32::broadcast(-0x1.62e4p-1f), x);  // ln 2 in two parts, the first times n exact
  r = fma(n, F32::broadcast(-0x1.7f7d1cp-20f), r);
  F32 p = F32::broadcast(0x1.6a2436p-10f);
  p = fma(p, r, F32::broadcast(0x1.1239e2p-7f));
  p = fma(p, r, F32::broadcast(0x1.5558f2p-5f));
  p = fma(p, r, F32::broadcast(0x1.555492p-3f));
  p = fma(p, r, F32::broadcast(0x1.fffffcp-2f));
  p = fma(p, r, F32::broadcast(1.0f));
  return {fma(p, r, F32::broadcast(1.0f)), n, shifted};
}

template <class F64>
inline Split<F64> split64(F64 x) {
  const F64 shifted = fma(x, F64::broadcast(0x1.71547652b82fep0), F64::broadcast(SHIFT64));
  const F64 n = shifted - F64::broadcast(SHIFT64);
  F64 r = fma(n, F64::broadcast(-0x1.62e42fefa38p-1), x);
  r = fma(n, F64::broadcast(-0x1.ef35793c7673p-45), r);
  F64 p = F64::broadcast(0x1.ad7f6966eed54p-26);
  p = fma(p, r, F64::broadcast(0x1.28ad72c46d724p-22));
  p = fma(p, r, F64::broadcast(0x1.71df2555820b7p-19));
  p = fma(p, r, F64::broadcast(0x1.a0199a0c7067bp-16));
  p = fma(p, r, F64::broadcast(0x1.a01a012a56626p-13));
  p = fma(p, r, F64::broadcast(0x1.6c16c1842a0e4p-10));
  p = fma(p, r, F64::broadcast(0x1.1111111127be9p-7));
  p = fma(p, r, F64::broadcast(0x1.555555555087dp-5));
  p = fma(p, r, F64::broadcast(0x1.55555555554fap-3));
  p = fma(p, r, F64::broadcast(0x1.000000000000ap-1));
  p = fma(p, r, F64::broadcast(1.0));
  return {fma(p, r, F64::broadcast(1.0)), n, shifted};
}

// 2^n, -126 <= n <= 127 (-1022 … 1023 in double), of an integer that stands in the low bits of `shifted`.
template <class F32>
inline F32 power_of_two32(F32 shifted) {
  return from_bits((bits(shifted) << 23) + bits(F32::broadcast(1.0f)));
}

template <class F64>
inline F64 power_of_two64(F64 shifted) {
  return from_bits((bits(shifted) << 52) + bits(F64::broadcast(1.0)));
}

// e^x for |x| <= 87, where neither the result nor its power of two leaves the normal numbers.
template <class F32>
inline F32 exp32(F32 x) {
  const Split<F32> s = split32(x);
  return s.power * power_of_two32(s.shifted);
}

// e^x in double, denormal results and infinities included.
template <class F64>
inline F64 exp64(F64 x) {
  const Split<F64> s = split64(vmin(F64::broadcast(710.0), vmax(F64::broadcast(-746.0), x)));
  const F64 first = fma(s.n, F64::broadcast(0.5), F64::broadcast(SHIFT64));
  const F64 second = (s.n - (first - F64::broadcast(SHIFT64))) + F64::broadcast(SHIFT64);
  return s.power * power_of_two64(first) * power_of_two64(second);
}

// tanh(f) · σ(g) = ±(1 - a) / ((1 + a)(1 + b)), a = e^(-2|f|), b = e^(-g), bounded where more would change nothing.
template <class F32>
inline F32 gate(F32 f, F32 g) {
  const F32 one = F32::broadcast(1.0f), low = F32::broadcast(-80.0f);
  const F32 a = exp32(vmax(low, vmin(f * F32::broadcast(2.0f), f * F32::broadcast(-2.0f))));
  const F32 b = exp32(vmin(F32::broadcast(60.0f), vmax(low, g * F32::broadcast(-1.0f))));
  const F32 sum = one + a;
  return select_lt(f, F32::broadcast(0.0f), a - one, one - a) / fma(sum, b, sum);
}

// 1 / (1 + e^(-x))
template <class F32>
inline F32 sigmoid(F32 x) {
  const F32 one = F32::broadcast(1.0f);
  const F32 bounded = vmin(F32::broadcast(60.0f), vmax(F32::broadcast(-80.0f), x * F32::broadcast(-1.0f)));
  return one / (one + exp32(bounded));
}

// tanh(x): a polynomial near 0, 1 - 2 / (1 + e^(2|x|)) beyond, its sign put back.
template <class F32>
inline F32 tanh32(F32 x) {
  const F32 zero = F32::broadcast(0.0f), one = F32::broadcast(1.0f), two = F32::broadcast(2.0f);
  const F32 size = vmax(x * F32::broadcast(-1.0f), x), z = x * x;
  F32 p = F32::broadcast(0x1.163b6cp-9f);
  p = fma(p, z, F32::broadcast(-0x1.0b43cep-7f));
  p = fma(p, z, F32::broadcast(0x1.636962p-6f));
  p = fma(p, z, F32::broadcast(-0x1.b9eba8p-5f));
  p = fma(p, z, F32::broadcast(0x1.111058p-3f));
  p = fma(p, z, F32::broadcast(-0x1.555554p-2f));
  const F32 far = one - two / (one + exp32(vmin(F32::broadcast(80.0f), size * two)));
  return select_lt(size, F32::broadcast(0.625f), fma(x * z, p, x), select_lt(x, zero, zero - far, far));
}

// erf(x): a polynomial near 0, 1 - e^(-|x| p(|x|)) beyond, its sign put back; ±1 from 4 on.
template <class F32>
inline F32 erf32(F32 x) {
  const F32 zero = F32::broadcast(0.0f), one = F32::broadcast(1.0f);
  const F32 size = vmin(F32::broadcast(4.0f), vmax(x * F32::broadcast(-1.0f), x)), z = x * x;
  F32 p = F32::broadcast(0x1.5d47b4p-14f);
  p = fma(p, z, F32::broadcast(-0x1.aa6a2ap-11f));
  p = fma(p, z, F32::broadcast(0x1.54cde6p-8f));
  p = fma(p, z, F32::broadcast(-0x1.b80f50p-6f));
  p = fma(p, z, F32::broadcast(0x1.ce2e14p-4f));
  p = fma(p, z, F32::broadcast(-0x1.812744p-2f));
  p = fma(p, z, F32::broadcast(0x1.06eba8p-3f));
  F32 q = F32::broadcast(0x1.428ea0p-18f);
  q = fma(q, size, F32::broadcast(-0x1.711934p-15f));
  q = fma(q, size, F32::broadcast(-0x1.e27458p-15f));
  q = fma(q, size, F32::broadcast(0x1.82e1aap-9f));
  q = fma(q, size, F32::broadcast(-0x1.740d82p-6f));
  q = fma(q, size, F32::broadcast(0x1.af493ap-4f));
  q = fma(q, size, F32::broadcast(0x1.456e94p-1f));
  q = fma(q, size, F32::broadcast(0x1.20e8fep+0f));
  const F32 far = one - exp32(q * (zero - size));
  return select_lt(size, F32::broadcast(0.92f), fma(x, p, x), select_lt(x, zero, zero - far, far));
}

// x · Φ(x), with the error function.
template <class F32>
inline F32 gelu(F32 x) {
  return x * F32::broadcast(0.5f) * (F32::broadcast(1.0f) + erf32(x * F32::broadcast(0x1.6a09e6p-1f)));
}

// x · σ(g)
template <class F32>
inline F32 swish(F32 x, F32 g) {
  const F32 bounded = vmin(F32::broadcast(87.0f), vmax(F32::broadcast(-87.0f), g * F32::broadcast(-1.0f)));
  return x / (F32::broadcast(1.0f) + exp32(bounded));
}

// GPT-2's GELU, x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 = x · σ(2 √(2/π) (x + 0.044715 x³)).
template <class F32>
inline F32 gelu_tanh(F32 x) {
  const F32 inner = fma(x * x * F32::broadcast(0.044715f), x, x);
  return swish(x, inner * F32::broadcast(0x1.988454p+0f));
}

// x above 0, else e^x - 1.
template <class F32>
inline F32 elu(F32 x) {
  const F32 zero = F32::broadcast(0.0f), one = F32::broadcast(1.0f);
  return select_lt(x, zero, exp32(vmax(F32::broadcast(-80.0f), vmin(x, zero))) - one, x);
}

// σ(g1) · tanh(σ(g2) · x + σ(g3) · tanh(u))
template <class F32>
inline F32 multiplicative(F32 g1, F32 g2, F32 g3, F32 u, F32 x) {
  return gate(fma(sigmoid(g2), x, gate(u, g3)), g1);
}

// An LSTM's next cell from the last one and the gates i, f, g: σ(f) · c + σ(i) · tanh(g); its state is gate(cell, o).
template <class F32>
inline F32 lstm_cell(F32 i, F32 f, F32 g, F32 cell) {
  return fma(sigmoid(f), cell, gate(g, i));
}

// A GRU's next state from the last one, h, and the parts r, z, n of what it is given and of what its state makes:
// n + σ(z + z') · (h - n), n = tanh(n + σ(r + r') · n').
template <class F32>
inline F32 gru_state(F32 r, F32 z, F32 n, F32 of_r, F32 of_z, F32 of_n, F32 h) {
  const F32 fresh = tanh32(fma(sigmoid(r + of_r), of_n, n));
  return fma(sigmoid(z + of_z), h - fresh, fresh);
}

// log((1 + s) / (1 - s)) - 2s, over s, for z = s².
inline double log_tail(double z) {
  double p = 0x1.2f06355979b5fp-3;
  p = p * z + 0x1.39a1a6e05cda7p-3;
  p = p * z + 0x1.74663fa321262p-3;
  p = p * z + 0x1.c71c5206028d7p-3;
  p = p * z + 0x1.24924941f5034p-2;
  p = p * z + 0x1.999999997fd76p-2;
  return z * (p * z + 0x1.5555555555592p-1);
}

// The natural logarithm, denormals included; -inf at 0, NaN below.
//
// x = 2^n (1 + f), 1/√2 <= 1 + f < √2, and log(1 + f) = f - f²/2 + s (f²/2 + tail(s²)), s = f / (2 + f).
inline double log64(double x) {
  constexpr double INFINITE = __builtin_inf();
  constexpr int64_t ROOT_HALF = 0x3fe6a09e667f3bcd, ONE = 0x3ff0000000000000, FRACTION = 0xfffffffffffff;
  if (!(x > 0.0)) return x == 0.0 ? -INFINITE : x < 0.0 ? __builtin_nan("") : x;
  if (x == INFINITE) return x;
  const bool denormal = x < 0x1p-1022;
  const int64_t word = std::bit_cast<int64_t>(denormal ? x * 0x1p54 : x) + (ONE - ROOT_HALF);
  const double n = static_cast<double>((word >> 52) - (denormal ? 1077 : 1023));
  const double f = std::bit_cast<double>((word & FRACTION) + ROOT_HALF) - 1.0;
  const double s = f / (2.0 + f), half_square = 0.5 * f * f;
  const double correction = s * (half_square + log_tail(s * s)) + n * 0x1.ef35793c7673p-45;
  return n * 0x1.62e42fefa38p-1 - ((half_square - correction) - f);
}

struct SinCos {
  double sin, cos;
};

// Of |x| <= 2^40, less its quarter turns in three parts. Coefficients are fdlibm's (k_sin.c, k_cos.c).
inline SinCos sincos64(double x) {
  const double turns = __builtin_rint(x * 0x1.45f306dc9c883p-1);
  double r = __builtin_fma(turns, -0x1.921fb54442d18p0, x);
  r = __builtin_fma(turns, -0x1.1a62633145c07p-54, r);
  r = __builtin_fma(turns, 0x1.f1976b7ed8fbcp-110, r);
  const double z = r * r;
  double s = 1.58969099521155010221e-10, c = -1.13596475577881948265e-11;
  for (double one : {-2.50507602534068634195e-08, 2.75573137070700676789e-06, -1.98412698298579493134e-04,
                     8.33333333332248946124e-03, -1.66666666666666324348e-01})
    s = __builtin_fma(s, z, one);
  for (double one : {2.08757232129817482790e-09, -2.75573143513906633035e-07, 2.48015872894767294178e-05,
                     -1.38888888888741095749e-03, 4.16666666666666019037e-02})
    c = __builtin_fma(c, z, one);
  s = __builtin_fma(r * z, s, r);
  c = __builtin_fma(z * z, c, 1.0 - 0.5 * z);
  switch (static_cast<int64_t>(turns) & 3) {
    case 0: return {s, c};
    case 1: return {c, -s};
    case 2: return {-s, -c};
    default: return {-c, s};
  }
}

// c[0] + c[1] x + … + c[7] x^7
inline double polynomial(const double (&c)[8], double x) {
  double p = c[7];
  for (int i = 6; i >= 0; --i) p = p * x + c[i];
  return p;
}

// The quantile of the standard normal: infinite at 0 and 1, NaN outside.
//
// Wichura's AS 241 (PPND16), Applied Statistics 37, 1988: its coefficients and its three regions.
inline double ndtri64(double u) {
  constexpr double A[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                           1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                           3.3430575583588128105e+4, 2.5090809287301226727e+3};
  constexpr double B[8] = {1.0,                      4.2313330701600911252e+1, 6.8718700749205790830e+2,
                           5.3941960214247511077e+3, 2.1213794301586595867e+4, 3.9307895800092710610e+4,
                           2.8729085735721942674e+4, 5.2264952788528545610e+3};
  constexpr double C[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,  5.76949722146069140550e0,
                           3.64784832476320460504e0,  1.27045825245236838258e0,  2.41780725177450611770e-1,
                           2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr double D[8] = {1.0,                       2.05319162663775882187e0,  1.67638483018380384940e0,
                           6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
                           5.47593808499534494600e-4, 1.05075007164441684324e-9};
  constexpr double E[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                           2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                           2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr double F[8] = {1.0,                       5.99832206555887937690e-1, 1.36929880922735805310e-1,
                           1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
                           1.42151175831644588870e-7, 2.04426310338993978564e-15};
  const double q = u - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * (polynomial(A, r) / polynomial(B, r));
  }
  if (u == 0.0 || u == 1.0) return q * __builtin_inf();
  const double r = __builtin_sqrt(-log64(q < 0.0 ? u : 1.0 - u));
  const double z = r <= 5.0 ? polynomial(C, r - 1.6) / polynomial(D, r - 1.6)
                            : polynomial(E, r - 5.0) / polynomial(F, r - 5.0);
  return q < 0.0 ? -z : z;
}

// e^(-y²), y² in two parts: of the first, with four bits behind the point, the square is exact.
inline double exp_minus_square64(double y) {
  const double first = static_cast<double>(static_cast<int64_t>(y * 16.0)) / 16.0;
  const double rest = (y - first) * (y + first);
  return exp64(simd_scalar::F64{-first * first}).v * exp64(simd_scalar::F64{-rest}).v;
}

// The quotient of c[0] x^(n-1) + … + c[n-1] and x^(n-1) + d[0] x^(n-2) + … + d[n-2].
template <int n>
inline double rational(const double (&c)[n], const double (&d)[n - 1], double x) {
  double above = c[0] * x + c[1], below = x + d[0];
  for (int i = 2; i < n; ++i) above = above * x + c[i];
  for (int i = 1; i < n - 1; ++i) below = below * x + d[i];
  return above / below;
}

// tanh(x): Cody & Waite's rational approximation near 0 (coefficients of Cephes, tanh.c), 1 - 2 / (1 + e^(2|x|)) beyond.
inline double tanh64(double x) {
  constexpr double P[4] = {0.0, -9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3};
  constexpr double Q[3] = {1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3};
  const double size = x < 0.0 ? -x : x, z = x * x;
  if (size < 0.625) return x + x * (z * rational(P, Q, z));
  const double far = 1.0 - 2.0 / (1.0 + exp64(simd_scalar::F64{2.0 * size}).v);
  return x < 0.0 ? -far : far;
}

// log(1 / (1 + e^(-x))): within 2^-52 of itself or of 1, whichever is more.
inline double log_sigmoid64(double x) {
  const double lower = x < 0.0 ? x : 0.0, size = x < 0.0 ? -x : x;
  return lower - log64(1.0 + exp64(simd_scalar::F64{-size}).v);
}

// The complementary error function, 2/√π ∫ e^(-t²) dt from x on.
//
// Cody's rational approximations and three regions, Mathematics of Computation 23, 1969.
inline double erfc64(double x) {
  constexpr double A[5] = {1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
                           3.20937758913846947e3};
  constexpr double B[4] = {2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3};
  constexpr double C[9] = {2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0,
                           6.61191906371416295e1,  2.98635138197400131e2,  8.81952221241769090e2,
                           1.71204761263407058e3,  2.05107837782607147e3,  1.23033935479799725e3};
  constexpr double D[8] = {1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
                           3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3};
  constexpr double P[6] = {1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
                           1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4};
  constexpr double Q[5] = {2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1,
                           6.05183413124413191e-2, 2.33520497626869185e-3};
  constexpr double ONE_OVER_ROOT_PI = 5.6418958354775628695e-1;
  const double y = x < 0.0 ? -x : x;
  if (y <= 0.46875) return 1.0 - x * rational(A, B, x * x);
  if (!(y < 27.5)) return x > 0.0 ? 0.0 : x < 0.0 ? 2.0 : x;
  double tail;
  if (y <= 4.0) {
    tail = rational(C, D, y);
  } else {
    const double z = 1.0 / (y * y);
    tail = (ONE_OVER_ROOT_PI - z * rational(P, Q, z)) / y;
  }
  tail *= exp_minus_square64(y);
  return x < 0.0 ? 2.0 - tail : tail;
}

}  // namespace
}  // namespace undertow::math
