/* A group's statistics of a channel before batch norm, from sums over all its entries. */
#pragma once
#include "vectors.h"

/* Mean and summed squared distance from it. */
struct moments {
  float mean, squares;
};

/* From the sums of x - near and of its square over `entries` entries, of which the first `count` lanes have some; `near`
   is some entry: sums of differences from it lose no digits. */
INLINE struct moments moments_of(const vec total, const vec squares, const float near, const int count,
                                 const float entries) {
  vec used;
  for (int n = 0; n < LANES; n++) used[n] = n < count;
  const float off = sum(total * used) / entries, around = sum(squares * used) - off * off * entries;
  return (struct moments){near + off, around < 0 ? 0 : around};
}
