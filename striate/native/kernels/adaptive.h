/* Pools that give maps of one size, whatever comes in: the largest or the mean of each window, from its `first` entry of
   an axis to before its `end`. `columns` is NULL where each column stays by itself. */
#pragma once
#include "maps.h"

struct span {
  int first, end;
};

#define SPAN_OF(axis, i) ((axis) ? (axis)[i] : (struct span){i, (i) + 1})
#define EACH_IN(down, right, r, c)               \
  for (int r = (down).first; r < (down).end; r++) \
    for (int c = (right).first; c < (right).end; c++)

INLINE float span_share(const struct span down, const struct span right) {
  return 1.0f / ((down.end - down.first) * (right.end - right.first));
}

INLINE void adaptive_forward(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my,
                             const struct span *rows, const struct span *columns, const int largest) {
  EACH(my, k, r, c) {
    const struct span down = rows[r], right = SPAN_OF(columns, c);
    vec best = splat(-INFINITY), total = splat(0);
    EACH_IN(down, right, u, v) {
      const vec seen = x[AT(mx, k, u, v)];
      best = larger(seen, best), total += seen;
    }
    y[AT(my, k, r, c)] = largest ? best : total * span_share(down, right);
  }
}

/* To the first entry that is the largest, or to all in equal shares. */
INLINE void adaptive_backward(const vec *restrict x, const vec *restrict y, const vec *restrict dy, vec *restrict dx,
                              const int accumulate, const struct map mx, const struct map my, const struct span *rows,
                              const struct span *columns, const int largest) {
  if (!accumulate) memset(dx, 0, sizeof(vec) * mx.channels * mx.rows * mx.columns);
  int i = 0;
  EACH(my, k, r, c) {
    const struct span down = rows[r], right = SPAN_OF(columns, c);
    vec left = dy[i++];
    const vec each = left * span_share(down, right);
    EACH_IN(down, right, u, v) {
      vec *to = dx + (k * mx.rows + u) * mx.columns + v;
      if (!largest) {
        *to += each;
        continue;
      }
      const ints here = x[AT(mx, k, u, v)] == y[AT(my, k, r, c)];
      *to += choose(here, left, splat(0));
      left = choose(here, splat(0), left);
    }
  }
}
