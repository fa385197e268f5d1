/* Pooling: the largest or the mean of each window. */
#pragma once
#include "maps.h"

struct window {
  int rows, columns;             /* of the kernel */
  int down, right;               /* stride */
  int row_step, column_step;     /* dilation */
  int top, left, bottom, end;    /* padding */
};

#define INSIDE(i, n) ((i) >= 0 && (i) < (n))
#define A_FEW _Pragma("GCC unroll 4") /* unrolls small windows whole, large ones only so far, or compiling takes minutes */
#define EACH_TAP(w, u, v) A_FEW for (int u = 0; u < (w).rows; u++) A_FEW for (int v = 0; v < (w).columns; v++)

/* The largest entry of each window; what is outside the map counts as minus infinity. */
INLINE void maxpool_forward(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my,
                            const struct window w) {
  EACH(my, k, r, c) {
    vec best = splat(-INFINITY);
    EACH_TAP(w, u, v) {
      const int row = r * w.down - w.top + u * w.row_step, column = c * w.right - w.left + v * w.column_step;
      if (INSIDE(row, mx.rows) && INSIDE(column, mx.columns)) best = larger(x[AT(mx, k, row, column)], best);
    }
    y[AT(my, k, r, c)] = best;
  }
}

/* Each gradient goes to the first entry of its window that is the largest. */
INLINE void maxpool_backward(const vec *restrict x, const vec *restrict y, const vec *restrict dy, vec *restrict dx,
                             const int accumulate, const struct map mx, const struct map my, const struct window w) {
  const int plane = mx.rows * mx.columns;
  if (!accumulate) memset(dx, 0, sizeof(vec) * mx.channels * plane);
  int i = 0;
  EACH(my, k, r, c) {
    const vec best = y[AT(my, k, r, c)];
    vec left = dy[i++];
    EACH_TAP(w, u, v) {
      const int row = r * w.down - w.top + u * w.row_step, column = c * w.right - w.left + v * w.column_step;
      if (INSIDE(row, mx.rows) && INSIDE(column, mx.columns)) {
        const ints here = x[AT(mx, k, row, column)] == best;
        dx[k * plane + row * mx.columns + column] += choose(here, left, splat(0));
        left = choose(here, splat(0), left);
      }
    }
  }
}

/* Entries of a window along an axis that are in the map or in the padding that counts. */
INLINE int counted(const int start, const int taps, const int step, const int n, const int before, const int after) {
  int count = 0;
  for (int u = 0; u < taps; u++) count += start + u * step >= -before && start + u * step < n + after;
  return count;
}

/* How the entries of each window are divided: `WHOLE` where all of them count, `PADDED` where the map and its padding
   do, `BARE` where the map alone does, `SUM` where they are not. */
enum share { WHOLE, PADDED, BARE, SUM };

INLINE float share(const struct map m, const struct window w, const enum share by, const int r, const int c) {
  if (by == SUM) return 1;
  if (by == WHOLE) return 1.0f / (w.rows * w.columns);
  const int p = by == PADDED;
  const int rows = counted(r * w.down - w.top, w.rows, w.row_step, m.rows, p * w.top, p * w.bottom);
  const int columns = counted(c * w.right - w.left, w.columns, w.column_step, m.columns, p * w.left, p * w.end);
  return 1.0f / (rows * columns);
}

/* The mean of each window. */
INLINE void avgpool_forward(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my,
                            const struct window w, const enum share by) {
  EACH(my, k, r, c) {
    vec total = splat(0);
    EACH_TAP(w, u, v) {
      const int row = r * w.down - w.top + u * w.row_step, column = c * w.right - w.left + v * w.column_step;
      if (INSIDE(row, mx.rows) && INSIDE(column, mx.columns)) total += x[AT(mx, k, row, column)];
    }
    y[AT(my, k, r, c)] = total * share(mx, w, by, r, c);
  }
}

INLINE void avgpool_backward(const vec *restrict dy, vec *restrict dx, const int accumulate, const struct map mx,
                             const struct map my, const struct window w, const enum share by) {
  const int plane = mx.rows * mx.columns;
  if (!accumulate) memset(dx, 0, sizeof(vec) * mx.channels * plane);
  int i = 0;
  EACH(my, k, r, c) {
    const vec d = dy[i++] * share(mx, w, by, r, c);
    EACH_TAP(w, u, v) {
      const int row = r * w.down - w.top + u * w.row_step, column = c * w.right - w.left + v * w.column_step;
      if (INSIDE(row, mx.rows) && INSIDE(column, mx.columns)) dx[k * plane + row * mx.columns + column] += d;
    }
  }
}

/* The mean of each whole map. */
INLINE void gap_forward(const vec *restrict x, vec *restrict y, const struct map mx) {
  for (int k = 0; k < mx.channels; k++) {
    vec total = splat(0);
    for (int r = 0; r < mx.rows; r++)
      for (int c = 0; c < mx.columns; c++) total += x[AT(mx, k, r, c)];
    y[k] = total * (1.0f / (mx.rows * mx.columns));
  }
}

INLINE void gap_backward(const vec *restrict dy, vec *restrict dx, const int accumulate, const struct map mx) {
  const int plane = mx.rows * mx.columns;
  for (int k = 0; k < mx.channels; k++) {
    const vec d = dy[k] * (1.0f / plane);
    for (int i = 0; i < plane; i++) dx[k * plane + i] = accumulate ? dx[k * plane + i] + d : d;
  }
}
