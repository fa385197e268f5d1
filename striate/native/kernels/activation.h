/* Entry by entry: each activation y = f(x), and its slope from x and y. */
#pragma once
#include "maps.h"

enum activation {
  RELU, LEAKY, ELU, TANH, SCALED_TANH, SIGMOID, SWISH, GELU, GELU_BY_TANH,
  RELU6, HARD_SIGMOID, HARD_SWISH, MISH, SELU, SOFTPLUS, CLIP
};

/* tanh(x) = x P(x^2)/Q(x^2), fitted to the smallest maximal relative error (2e-8, and 4e-7 in float32) up to 9.02,
   above which tanh(x) is 1 in float32. */
INLINE vec hyperbolic(vec x) {
  x = smaller(splat(9.02f), larger(splat(-9.02f), x));
  const vec s = x * x;
  const vec p = (((s * 1.334947441e-8f + 2.060553379e-5f) * s + 3.495380981e-3f) * s + 0.1338085383f) * s + 1.0f;
  const vec q = (((s * 7.774493156e-7f + 3.285290150e-4f) * s + 2.587620169e-2f) * s + 0.4671416879f) * s + 1.0f;
  return x * p / q;
}

/* 1 / (1 + exp(-x)), as exact (relatively) far below zero, where x multiplies it in swish and mish. */
INLINE vec logistic(vec x) {
  const vec e = exponential(x);
  return e / (1.0f + e);
}

/* The normal distribution's share below x, by Abramowitz & Stegun 7.1.26 (absolute error below 1.5e-7). */
INLINE vec normal_share(vec x) {
  const vec z = larger(x, -x) * 0.70710678f, t = 1.0f / (1.0f + 0.3275911f * z);
  const vec p = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t;
  const vec tail = 0.5f * p * exponential(-z * z);
  return choose(x > 0, 1.0f - tail, tail);
}

/* The constants of the approximation by tanh (Hendrycks & Gimpel 2016), whose (1 + tanh(u))/2 is logistic(2 u), and of
   SELU (Klambauer et al. 2017). */
#define GELU_SCALE 0.7978845608f
#define GELU_CUBE 0.044715f
#define SELU_SCALE 1.0507009874f
#define SELU_ALPHA 1.6732632423f

INLINE vec between(const float low, const float high, vec x) { return smaller(splat(high), larger(splat(low), x)); }

/* tanh(log(1 + exp(x))) = (w - 1)/(w + 1) with w = (1 + exp(x))^2, without the difference of near numbers. */
INLINE vec tanh_of_softplus(vec x) {
  const vec e = exponential(smaller(splat(20), x)), n = e * (e + 2.0f);
  return n / (n + 2.0f);
}

/* log(1 + exp(x)): the larger part is max(0, x); the rest, log(1 + e) with e = exp(-|x|), is twice the series of
   artanh(z) with z = e/(2 + e), which is 1/3 at most. */
INLINE vec softplus(vec x) {
  const vec e = exponential(-larger(x, -x)), z = e / (2.0f + e), s = z * z;
  const vec p = ((((s * (1.0f / 13) + 1.0f / 11) * s + 1.0f / 9) * s + 1.0f / 7) * s + 1.0f / 5) * s + 1.0f / 3;
  return larger(splat(0), x) + 2.0f * z * (s * p + 1.0f);
}

/* a and b are the numbers of those kinds that have some. */
INLINE vec activate(const enum activation kind, const float a, const float b, vec x) {
  switch (kind) {
    case RELU: return larger(splat(0), x);
    case LEAKY: return choose(x > 0, x, a * x);
    case ELU: return choose(x > 0, x, a * (exponential(x) - 1.0f));
    case TANH: return hyperbolic(x);
    case SCALED_TANH: return 1.7159f * hyperbolic(x * (2.0f / 3));
    case SIGMOID: return logistic(x);
    case SWISH: return x * logistic(x);
    case GELU: return x * normal_share(x);
    case GELU_BY_TANH: return x * logistic(2 * GELU_SCALE * (x + GELU_CUBE * x * x * x));
    case RELU6: return between(0, 6, x);
    case HARD_SIGMOID: return between(0, 6, x + 3.0f) * (1.0f / 6);
    case HARD_SWISH: return x * between(0, 6, x + 3.0f) * (1.0f / 6);
    case MISH: return x * tanh_of_softplus(x);
    case SELU: return SELU_SCALE * choose(x > 0, x, SELU_ALPHA * (exponential(x) - 1.0f));
    case SOFTPLUS: return softplus(x);
    case CLIP: return between(a, b, x);
  }
  __builtin_unreachable(); /* a kind without a case is an error of the compiler: -Werror=switch */
}

/* dy/dx; swish and gelu read x, the others only y, which says where x > 0 unless a slope falls (a < 0). */
INLINE vec slope(const enum activation kind, const float a, const float b, vec x, vec y) {
  switch (kind) {
    case RELU: return choose(y > 0, splat(1), splat(0));
    case LEAKY: return choose((a < 0 ? x : y) > 0, splat(1), splat(a));
    case ELU: return choose((a < 0 ? x : y) > 0, splat(1), y + a);
    case TANH: return 1.0f - y * y;
    case SCALED_TANH: return (2.0f / 3) * 1.7159f - y * y * (2.0f / 3 / 1.7159f);
    case SIGMOID: return y * (1.0f - y);
    case SWISH: {
      const vec s = logistic(x);
      return s + x * s * (1.0f - s);
    }
    case GELU: return normal_share(x) + x * 0.39894228f * exponential(-0.5f * x * x);
    case GELU_BY_TANH: {
      const vec s = logistic(2 * GELU_SCALE * (x + GELU_CUBE * x * x * x));
      return s + x * s * (1.0f - s) * (2 * GELU_SCALE) * (1.0f + 3 * GELU_CUBE * x * x);
    }
    case RELU6: return choose(y > 0, choose(y < 6, splat(1), splat(0)), splat(0));
    case HARD_SIGMOID: return choose(y > 0, choose(y < 1, splat(1.0f / 6), splat(0)), splat(0));
    case HARD_SWISH: return choose(x > -3, choose(x < 3, x * (1.0f / 3) + 0.5f, splat(1)), splat(0));
    case MISH: {
      const vec t = tanh_of_softplus(x);
      return t + x * (1.0f - t * t) * logistic(x);
    }
    case SELU: return choose(y > 0, splat(SELU_SCALE), y + SELU_SCALE * SELU_ALPHA);
    case SOFTPLUS: return logistic(x);
    case CLIP: return choose(y > a, choose(y < b, splat(1), splat(0)), splat(0));
  }
  __builtin_unreachable();
}

INLINE void activation_forward(const vec *x, vec *y, const struct map mx, const struct map my,
                               const enum activation kind, const float a, const float b) {
  EACH(my, k, r, c) y[AT(my, k, r, c)] = activate(kind, a, b, x[AT(mx, k, r, c)]);
}

/* dx (+)= dy * slope; dx and dy may be the same. */
INLINE void activation_backward(const vec *x, const vec *y, const vec *dy, vec *dx, const int accumulate,
                                const struct map mx, const struct map my, const enum activation kind, const float a,
                                const float b) {
  int i = 0;
  EACH(my, k, r, c) {
    const vec d = dy[i] * slope(kind, a, b, x[AT(mx, k, r, c)], y[AT(my, k, r, c)]);
    dx[i] = accumulate ? dx[i] + d : d;
    i++;
  }
}

/* Leaky ReLU with a learned slope, one per channel (`each` is 1) or one for all (0). */
INLINE void prelu_forward(const vec *x, const float *w, const int each, vec *y, const struct map mx,
                          const struct map my) {
  EACH(my, k, r, c) y[AT(my, k, r, c)] = activate(LEAKY, w[each * k], 0, x[AT(mx, k, r, c)]);
}

/* dx may be NULL: then only the slopes learn. */
INLINE void prelu_backward(const vec *x, const float *w, const int each, const vec *dy, vec *dx, float *dw,
                           const int accumulate, const struct map mx) {
  int i = 0;
  for (int k = 0; k < mx.channels; k++) {
    vec total = splat(0);
    for (int r = 0; r < mx.rows; r++)
      for (int c = 0; c < mx.columns; c++, i++) {
        const vec seen = x[AT(mx, k, r, c)], d = dy[i];
        total += choose(seen > 0, splat(0), d * seen);
        const vec back = choose(seen > 0, d, w[each * k] * d);
        if (dx) dx[i] = accumulate ? dx[i] + back : back;
      }
    dw[each * k] += sum(total);
  }
}

/* y's channel k is the largest of x's `pieces` channels from k * pieces on. */
INLINE void maxout_forward(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my,
                           const int pieces) {
  EACH(my, k, r, c) {
    vec best = x[AT(mx, k * pieces, r, c)];
    for (int i = 1; i < pieces; i++) best = larger(x[AT(mx, k * pieces + i, r, c)], best);
    y[AT(my, k, r, c)] = best;
  }
}

/* All that are the largest get equal shares. */
INLINE void maxout_backward(const vec *restrict x, const vec *restrict y, const vec *restrict dy, vec *restrict dx,
                            const int accumulate, const struct map mx, const struct map my, const int pieces) {
  const int plane = mx.rows * mx.columns;
  EACH(my, k, r, c) {
    const int at = r * mx.columns + c;
    const vec best = y[AT(my, k, r, c)];
    vec winners = splat(0);
    for (int i = 0; i < pieces; i++)
      winners += choose(x[AT(mx, k * pieces + i, r, c)] == best, splat(1), splat(0));
    const vec each = dy[k * plane + at] / winners;
    for (int i = 0; i < pieces; i++) {
      vec *to = dx + (k * pieces + i) * plane + at;
      const vec d = choose(x[AT(mx, k * pieces + i, r, c)] == best, each, splat(0));
      *to = accumulate ? *to + d : d;
    }
  }
}
