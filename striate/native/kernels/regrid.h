/* Maps read on another grid: pixel shuffle (Shi et al. 2016) and its inverse, the nearest entry, values between. */
#pragma once
#include "maps.h"

/* Channel (k * down + u) * right + v of x, fine row r * down + u, fine column c * right + v: the same entry. */
INLINE void to_blocks(const vec *restrict x, vec *restrict y, const int accumulate, const struct map mx,
                      const struct map my, const int down, const int right) {
  for (int k = 0; k < my.channels; k++)
    for (int r = 0; r < my.rows; r++)
      for (int v = 0; v < right; v++) {
        const vec *from = x + AT(mx, (k * down + r % down) * right + v, r / down, 0);
        vec *to = y + AT(my, k, r, v);
        for (int c = 0; c < mx.columns; c++) to[c * right] = accumulate ? to[c * right] + from[c] : from[c];
      }
}

/* Its inverse: places in blocks of x become channels of y. */
INLINE void from_blocks(const vec *restrict x, vec *restrict y, const int accumulate, const struct map mx,
                        const struct map my, const int down, const int right) {
  for (int k = 0; k < mx.channels; k++)
    for (int r = 0; r < mx.rows; r++)
      for (int v = 0; v < right; v++) {
        const vec *from = x + AT(mx, k, r, v);
        vec *to = y + AT(my, (k * down + r % down) * right + v, r / down, 0);
        for (int c = 0; c < my.columns; c++) to[c] = accumulate ? to[c] + from[c * right] : from[c * right];
      }
}

/* The two entries that one lies between, and its way from the one to the other. `columns` is NULL below where only rows
   are read. */
struct taken {
  int low, high;
  float way;
};

INLINE vec mixture(const vec low, const vec high, const float way) { return low + way * (high - low); }

INLINE void resample_forward(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my,
                             const struct taken *rows, const struct taken *columns, const int between) {
  for (int k = 0; k < my.channels; k++)
    for (int r = 0; r < my.rows; r++) {
      const vec *low = x + AT(mx, k, rows[r].low, 0), *high = x + AT(mx, k, rows[r].high, 0);
      vec *to = y + AT(my, k, r, 0);
      for (int c = 0; c < my.columns; c++) {
        const struct taken t = columns ? columns[c] : (struct taken){c, c, 0};
        to[c] = between ? mixture(mixture(low[t.low], low[t.high], t.way), mixture(high[t.low], high[t.high], t.way),
                                  rows[r].way)
                        : low[t.low];
      }
    }
}

/* The maps are those of the gradients. */
INLINE void resample_backward(const vec *restrict dy, vec *restrict dx, const int accumulate, const struct map mx,
                              const struct map my, const struct taken *rows, const struct taken *columns,
                              const int between) {
  if (!accumulate) memset(dx, 0, sizeof(vec) * mx.channels * mx.rows * mx.columns);
  for (int k = 0; k < my.channels; k++)
    for (int r = 0; r < my.rows; r++) {
      vec *low = dx + AT(mx, k, rows[r].low, 0), *high = dx + AT(mx, k, rows[r].high, 0);
      const vec *from = dy + AT(my, k, r, 0);
      for (int c = 0; c < my.columns; c++) {
        const struct taken t = columns ? columns[c] : (struct taken){c, c, 0};
        if (!between) {
          low[t.low] += from[c];
          continue;
        }
        const vec below = from[c] * rows[r].way, above = from[c] - below;
        low[t.low] += above * (1 - t.way), low[t.high] += above * t.way;
        high[t.low] += below * (1 - t.way), high[t.high] += below * t.way;
      }
    }
}
