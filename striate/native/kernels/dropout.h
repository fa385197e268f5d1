/* Dropout. Whether an entry stays is a hash of (seed, step, layer, image, entry), not the next number of a sequence:
   every thread and every engine gets the same answer, and the backward pass need not remember it. */
#pragma once
#include "maps.h"

typedef uint32_t counts __attribute__((vector_size(LANES * 4)));

/* A well-mixing 32-bit hash (Wellons 2018, "prospecting for hash functions"). */
#define MIX(x)        \
  x ^= x >> 16;       \
  x *= 0x7feb352du;   \
  x ^= x >> 15;       \
  x *= 0x846ca68bu;   \
  x ^= x >> 16;

INLINE uint32_t mixed(uint32_t x) {
  MIX(x)
  return x;
}

/* Entry i of image n stays where hash((n * entries + i) xor key) is at least p of the way to 2^32. Where an image is in
   strips of `plane` entries a channel, a lane's entry i of channel k is further on in the image. */
INLINE vec dropout_mask(const uint32_t key, const double p, const int first_image, const int entries, const int i,
                        const int plane, const int strips) {
  const int before = i / plane * (strips - 1);
  counts x;
  for (int n = 0; n < LANES; n++)
    x[n] = (uint32_t)(first_image + n / strips) * (uint32_t)(entries * strips) +
           (uint32_t)(i + (before + n % strips) * plane);
  x ^= key;
  MIX(x)
  const counts least = (counts){} + (uint32_t)(p * 4294967296.0);
  return choose((ints)(x >= least), splat((float)(1 / (1 - p))), splat(0));
}

INLINE void dropout_forward(const vec *x, vec *y, const struct map mx, const struct map my, const double p,
                            const uint32_t key, const int first_image, const int strips) {
  const int plane = my.rows * my.columns;
  int i = 0;
  EACH(my, k, r, c) {
    y[AT(my, k, r, c)] = x[AT(mx, k, r, c)] * dropout_mask(key, p, first_image, my.channels * plane, i, plane, strips);
    i++;
  }
}

INLINE void dropout_backward(const vec *dy, vec *dx, const int accumulate, const int entries, const int plane,
                             const double p, const uint32_t key, const int first_image, const int strips) {
  for (int i = 0; i < entries; i++) {
    const vec d = dy[i] * dropout_mask(key, p, first_image, entries, i, plane, strips);
    dx[i] = accumulate ? dx[i] + d : d;
  }
}
