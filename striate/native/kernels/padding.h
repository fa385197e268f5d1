/* Padding: y is x inside a frame of zeros or of x's own entries. Less than none before x crops it. */
#pragma once
#include "maps.h"

enum padding { ZEROS, REFLECT, REPLICATE, CIRCULAR };

/* Which of an axis' n entries stands at i, where i may be below 0 or above n - 1; -1 for a zero. */
INLINE int repeated(const enum padding mode, const int i, const int n) {
  switch (mode) {
    case ZEROS: return i < 0 || i >= n ? -1 : i;
    case REFLECT: return i < 0 ? -i : i < n ? i : 2 * (n - 1) - i;
    case REPLICATE: return i < 0 ? 0 : i < n ? i : n - 1;
    case CIRCULAR: return i < 0 ? i + n : i < n ? i : i - n;
  }
  __builtin_unreachable();
}

/* x begins `top` rows and `left` columns after y. */
INLINE void pad_forward(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my,
                        const enum padding mode, const int top, const int left) {
  EACH(my, k, r, c) {
    const int row = repeated(mode, r - top, mx.rows), column = repeated(mode, c - left, mx.columns);
    y[AT(my, k, r, c)] = row < 0 || column < 0 ? splat(0) : x[AT(mx, k, row, column)];
  }
}

/* Each entry's gradient goes to where it was taken from. */
INLINE void pad_backward(const vec *restrict dy, vec *restrict dx, const int accumulate, const struct map mx,
                         const struct map my, const enum padding mode, const int top, const int left) {
  if (!accumulate) memset(dx, 0, sizeof(vec) * mx.channels * mx.rows * mx.columns);
  int i = 0;
  EACH(my, k, r, c) {
    const int row = repeated(mode, r - top, mx.rows), column = repeated(mode, c - left, mx.columns);
    const vec d = dy[i++];
    if (row >= 0 && column >= 0) dx[(k * mx.rows + row) * mx.columns + column] += d;
  }
}
