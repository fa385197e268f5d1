/* Normalisation of each image by itself: over the channels of a position, or over groups of channels and all positions;
   the softmax of a position's channels; a factor per channel. w and b are NULL where there are none. */
#pragma once
#include "maps.h"

INLINE vec inverse_root(const vec x) {
  vec y;
  for (int n = 0; n < LANES; n++) y[n] = 1 / sqrtf(x[n]);
  return y;
}

/* Mean and 1/sqrt(variance + eps) of the channels at each position of row r; without `centred` the mean is 0. */
INLINE void across_statistics(const vec *x, const struct map m, const int r, const int centred, const float eps,
                              vec *restrict mean, vec *restrict inverse) {
  for (int c = 0; c < m.columns; c++) mean[c] = inverse[c] = splat(0);
  for (int k = 0; centred && k < m.channels; k++)
    for (int c = 0; c < m.columns; c++) mean[c] += x[AT(m, k, r, c)] * (1.0f / m.channels);
  for (int k = 0; k < m.channels; k++)
    for (int c = 0; c < m.columns; c++) {
      const vec apart = x[AT(m, k, r, c)] - mean[c];
      inverse[c] += apart * apart * (1.0f / m.channels);
    }
  for (int c = 0; c < m.columns; c++) inverse[c] = inverse_root(inverse[c] + eps);
}

INLINE void across_forward(const vec *restrict x, const float *w, const float *b, vec *restrict y,
                           const struct map mx, const struct map my, const int centred, const float eps) {
  vec mean[mx.columns], inverse[mx.columns];
  for (int r = 0; r < mx.rows; r++) {
    across_statistics(x, mx, r, centred, eps, mean, inverse);
    for (int k = 0; k < mx.channels; k++)
      for (int c = 0; c < mx.columns; c++)
        y[AT(my, k, r, c)] = (x[AT(mx, k, r, c)] - mean[c]) * inverse[c] * (w ? w[k] : 1) + (b ? b[k] : 0);
  }
}

/* dx may be NULL: then only w and b learn. */
INLINE void across_backward(const vec *restrict x, const float *w, const vec *restrict dy, vec *restrict dx,
                            const int accumulate, float *dw, float *db, const struct map m, const int centred,
                            const float eps) {
  vec mean[m.columns], inverse[m.columns], all[m.columns], along[m.columns];
  const int plane = m.rows * m.columns;
  for (int r = 0; r < m.rows; r++) {
    across_statistics(x, m, r, centred, eps, mean, inverse);
    for (int c = 0; c < m.columns; c++) all[c] = along[c] = splat(0);
    for (int k = 0; k < m.channels; k++) {
      vec slope = splat(0), total = splat(0);
      for (int c = 0; c < m.columns; c++) {
        const vec d = dy[k * plane + r * m.columns + c], seen = (x[AT(m, k, r, c)] - mean[c]) * inverse[c];
        const vec g = d * (w ? w[k] : 1) * (1.0f / m.channels);
        slope += d * seen, total += d, along[c] += g * seen;
        if (centred) all[c] += g;
      }
      if (dw) dw[k] += sum(slope);
      if (db) db[k] += sum(total);
    }
    for (int k = 0; dx && k < m.channels; k++)
      for (int c = 0; c < m.columns; c++) {
        const int i = k * plane + r * m.columns + c;
        const vec seen = (x[AT(m, k, r, c)] - mean[c]) * inverse[c];
        const vec d = inverse[c] * (dy[i] * (w ? w[k] : 1) - all[c] - seen * along[c]);
        dx[i] = accumulate ? dx[i] + d : d;
      }
  }
}

/* Mean and 1/sqrt(variance + eps) of the channels from `first` to `last` at all positions. */
INLINE void group_statistics(const vec *x, const struct map m, const int first, const int last, const float eps,
                             vec *mean, vec *inverse) {
  const float share = 1.0f / ((last - first) * m.rows * m.columns);
  vec total = splat(0), squares = splat(0);
  for (int k = first; k < last; k++)
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++) total += x[AT(m, k, r, c)];
  *mean = total * share;
  for (int k = first; k < last; k++)
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++) {
        const vec apart = x[AT(m, k, r, c)] - *mean;
        squares += apart * apart;
      }
  *inverse = inverse_root(squares * share + eps);
}

INLINE void group_forward(const vec *restrict x, const float *w, const float *b, vec *restrict y, const struct map mx,
                          const struct map my, const int groups, const float eps) {
  const int each = mx.channels / groups;
  for (int g = 0; g < groups; g++) {
    vec mean, inverse;
    group_statistics(x, mx, g * each, (g + 1) * each, eps, &mean, &inverse);
    for (int k = g * each; k < (g + 1) * each; k++)
      for (int r = 0; r < mx.rows; r++)
        for (int c = 0; c < mx.columns; c++)
          y[AT(my, k, r, c)] = (x[AT(mx, k, r, c)] - mean) * inverse * (w ? w[k] : 1) + (b ? b[k] : 0);
  }
}

INLINE void group_backward(const vec *restrict x, const float *w, const vec *restrict dy, vec *restrict dx,
                           const int accumulate, float *dw, float *db, const struct map m, const int groups,
                           const float eps) {
  const int each = m.channels / groups, plane = m.rows * m.columns;
  for (int g = 0; g < groups; g++) {
    vec mean, inverse, all = splat(0), along = splat(0);
    group_statistics(x, m, g * each, (g + 1) * each, eps, &mean, &inverse);
    for (int k = g * each; k < (g + 1) * each; k++) {
      vec slope = splat(0), total = splat(0);
      int i = k * plane;
      for (int r = 0; r < m.rows; r++)
        for (int c = 0; c < m.columns; c++, i++) slope += dy[i] * (x[AT(m, k, r, c)] - mean) * inverse, total += dy[i];
      if (dw) dw[k] += sum(slope), db[k] += sum(total);
      along += slope * (w ? w[k] : 1), all += total * (w ? w[k] : 1);
    }
    along *= 1.0f / (each * plane), all *= 1.0f / (each * plane);
    for (int k = g * each; dx && k < (g + 1) * each; k++) {
      int i = k * plane;
      for (int r = 0; r < m.rows; r++)
        for (int c = 0; c < m.columns; c++, i++) {
          const vec seen = (x[AT(m, k, r, c)] - mean) * inverse;
          const vec d = inverse * (dy[i] * (w ? w[k] : 1) - all - seen * along);
          dx[i] = accumulate ? dx[i] + d : d;
        }
    }
  }
}

/* exp(x) over its sum across the channels. */
INLINE void softmax_forward(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my) {
  for (int r = 0; r < mx.rows; r++)
    for (int c = 0; c < mx.columns; c++) {
      vec most = x[AT(mx, 0, r, c)], total = splat(0);
      for (int k = 1; k < mx.channels; k++) most = larger(x[AT(mx, k, r, c)], most);
      for (int k = 0; k < mx.channels; k++) total += y[AT(my, k, r, c)] = exponential(x[AT(mx, k, r, c)] - most);
      for (int k = 0; k < mx.channels; k++) y[AT(my, k, r, c)] /= total;
    }
}

INLINE void softmax_backward(const vec *restrict y, const vec *dy, vec *dx, const int accumulate,
                             const struct map my) {
  const int plane = my.rows * my.columns;
  for (int r = 0; r < my.rows; r++)
    for (int c = 0; c < my.columns; c++) {
      const int i = r * my.columns + c;
      vec along = splat(0);
      for (int k = 0; k < my.channels; k++) along += dy[k * plane + i] * y[AT(my, k, r, c)];
      for (int k = 0; k < my.channels; k++) {
        const vec d = y[AT(my, k, r, c)] * (dy[k * plane + i] - along);
        dx[k * plane + i] = accumulate ? dx[k * plane + i] + d : d;
      }
    }
}

/* The mean of the channels at each position. */
INLINE void channel_mean_forward(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my) {
  EACH(my, k, r, c) y[AT(my, 0, r, c)] = splat(0);
  EACH(mx, k, r, c) y[AT(my, 0, r, c)] += x[AT(mx, k, r, c)] * (1.0f / mx.channels);
}

INLINE void channel_mean_backward(const vec *restrict dy, vec *restrict dx, const int accumulate, const int channels,
                                  const int plane) {
  for (int k = 0; k < channels; k++)
    for (int i = 0; i < plane; i++) {
      const vec d = dy[i] * (1.0f / channels);
      dx[k * plane + i] = accumulate ? dx[k * plane + i] + d : d;
    }
}

/* One factor per channel. */
INLINE void factors_forward(const vec *restrict x, const float *w, vec *restrict y, const struct map mx,
                            const struct map my) {
  EACH(my, k, r, c) y[AT(my, k, r, c)] = w[k] * x[AT(mx, k, r, c)];
}

/* dx may be NULL. */
INLINE void factors_backward(const vec *restrict x, const float *w, const vec *restrict dy, vec *restrict dx,
                             const int accumulate, float *dw, const struct map m) {
  int i = 0;
  for (int k = 0; k < m.channels; k++) {
    vec total = splat(0);
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++, i++) {
        total += dy[i] * x[AT(m, k, r, c)];
        if (dx) dx[i] = accumulate ? dx[i] + w[k] * dy[i] : w[k] * dy[i];
      }
    dw[k] += sum(total);
  }
}
