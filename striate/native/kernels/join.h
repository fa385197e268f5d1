/* Where branches meet: copying, adding, scaling. Gradients have no border. */
#pragma once
#include "maps.h"

ONCE void copy(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my) {
  EACH(mx, k, r, c) y[AT(my, k, r, c)] = x[AT(mx, k, r, c)];
}

/* y = a + b; with `relu` what is below 0 becomes 0. */
ONCE void add(const vec *a, const vec *b, vec *y, const struct map ma, const struct map mb, const struct map my,
                const int relu) {
  EACH(my, k, r, c) {
    const vec found = a[AT(ma, k, r, c)] + b[AT(mb, k, r, c)];
    y[AT(my, k, r, c)] = relu ? larger(splat(0), found) : found;
  }
}

/* dy becomes 0 where the ReLU let nothing through. */
ONCE void relu_back(const vec *restrict y, vec *restrict dy, const struct map my) {
  int i = 0;
  EACH(my, k, r, c) {
    dy[i] = choose(y[AT(my, k, r, c)] > 0, dy[i], splat(0));
    i++;
  }
}

/* dx (+)= dy, `count` vecs. */
ONCE void pass_back(const vec *dy, vec *dx, const int accumulate, const int count) {
  for (int i = 0; i < count; i++) dx[i] = accumulate ? dx[i] + dy[i] : dy[i];
}

/* Where a gate has the number of an entry: one of its axes may have a single number for all. */
#define GATE_AT(m, k, r, c) AT(m, (m).channels > 1 ? k : 0, (m).rows > 1 ? r : 0, (m).columns > 1 ? c : 0)

/* y = x times its gate: a number per channel, per position or per entry. */
INLINE void scale_forward(const vec *restrict x, const vec *restrict gate, vec *restrict y, const struct map mx,
                          const struct map mg, const struct map my) {
  EACH(my, k, r, c) y[AT(my, k, r, c)] = x[AT(mx, k, r, c)] * gate[GATE_AT(mg, k, r, c)];
}

/* dx may be NULL: then only the gate learns. `bare` is the gate's map without a border. */
INLINE void scale_backward(const vec *restrict x, const vec *restrict gate, const vec *restrict dy, vec *restrict dx,
                           vec *restrict dgate, const int accumulate, const int gate_adds, const struct map mx,
                           const struct map mg, const struct map bare) {
  if (!gate_adds) memset(dgate, 0, sizeof(vec) * bare.channels * bare.rows * bare.columns);
  int i = 0;
  EACH(mx, k, r, c) {
    const vec d = dy[i] * gate[GATE_AT(mg, k, r, c)];
    dgate[GATE_AT(bare, k, r, c)] += dy[i] * x[AT(mx, k, r, c)];
    if (dx) dx[i] = accumulate ? dx[i] + d : d;
    i++;
  }
}

/* y's map k is x's map from[k]; what a filter of a partly connected layer sees. */
INLINE void choose_maps(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my,
                        const int *from) {
  EACH(my, k, r, c) y[AT(my, k, r, c)] = x[AT(mx, from[k], r, c)];
}

INLINE void choose_maps_back(const vec *restrict dy, vec *restrict dx, const int accumulate, const struct map mx,
                             const int chosen, const int *from) {
  const int plane = mx.rows * mx.columns;
  if (!accumulate) memset(dx, 0, sizeof(vec) * mx.channels * plane);
  for (int k = 0; k < chosen; k++)
    for (int i = 0; i < plane; i++) dx[from[k] * plane + i] += dy[k * plane + i];
}

/* Zeros in the maps from `first` on. */
INLINE void zero_maps(vec *y, const struct map m, const int first) {
  EACH(m, k, r, c) if (k >= first) y[AT(m, k, r, c)] = splat(0);
}
