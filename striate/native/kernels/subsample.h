/* LeNet-5's pooling: the sum of each window times a coefficient, plus a bias, one of each per channel. No window
   leaves the map. */
#pragma once
#include "pool.h"

INLINE vec window_sum(const vec *x, const struct map m, const struct window w, const int k, const int r, const int c) {
  vec total = splat(0);
  EACH_TAP(w, u, v) total += x[AT(m, k, r * w.down + u, c * w.right + v)];
  return total;
}

INLINE void subsample_forward(const vec *restrict x, const float *weight, const float *bias, vec *restrict y,
                              const struct map mx, const struct map my, const struct window w) {
  EACH(my, k, r, c) y[AT(my, k, r, c)] = weight[k] * window_sum(x, mx, w, k, r, c) + bias[k];
}

/* dx may be NULL. */
INLINE void subsample_backward(const vec *restrict x, const float *weight, const vec *restrict dy, vec *restrict dx,
                               float *dweight, float *dbias, const int accumulate, const struct map mx,
                               const struct map my, const struct window w) {
  const int plane = mx.rows * mx.columns;
  if (dx && !accumulate) memset(dx, 0, sizeof(vec) * mx.channels * plane);
  int i = 0;
  for (int k = 0; k < my.channels; k++) {
    vec along = splat(0), all = splat(0);
    for (int r = 0; r < my.rows; r++)
      for (int c = 0; c < my.columns; c++) {
        const vec d = dy[i++];
        along += d * window_sum(x, mx, w, k, r, c);
        all += d;
        if (dx) EACH_TAP(w, u, v) dx[k * plane + (r * w.down + u) * mx.columns + c * w.right + v] += weight[k] * d;
      }
    dweight[k] += sum(along), dbias[k] += sum(all);
  }
}
