/* A convolution of one row, of whose output each filter's largest entry alone goes on (Kim 2014). Going back, one window of
   each filter and image has a gradient, not all of them; so the gradients are sums over single windows, each image by
   itself with its channels side by side. */
#pragma once
#include "maps.h"

#define WIDE(channels) (((channels) + LANES - 1) / LANES * LANES)

/* The largest of each row of the map, and where it first is. */
INLINE void peaks_forward(const vec *restrict map, vec *restrict y, ints *restrict winners, const int filters,
                          const int columns) {
  for (int f = 0; f < filters; f++, map += columns) {
    vec best = map[0];
    ints at = {0};
    for (int c = 1; c < columns; c++) {
      at = (ints)choose(map[c] > best, (vec)((ints){0} + c), (vec)at);
      best = larger(map[c], best);
    }
    y[f] = best, winners[f] = at;
  }
}

/* w[filter][channel][tap] to turned[filter][tap][channel], channels filled up with zeros. */
static void peaks_turn(const float *w, float *turned, int channels, int taps, int first, int last) {
  const int wide = WIDE(channels);
  for (int f = first; f < last; f++)
    for (int t = 0; t < taps; t++)
      for (int k = 0; k < wide; k++)
        turned[(f * taps + t) * wide + k] = k < channels ? w[(f * channels + k) * taps + t] : 0;
}

/* Images with channels side by side, images[image][position][channel], of maps of `columns` entries; and back. */
INLINE void to_images(const vec *restrict x, vec *restrict images, const int channels, const int columns) {
  const int wide = WIDE(channels) / LANES;
  for (int c = 0; c < columns; c++)
    for (int k = 0; k < channels; k += LANES) {
      vec rows[LANES];
      for (int i = 0; i < LANES; i++) rows[i] = k + i < channels ? x[(k + i) * columns + c] : splat(0);
      transpose(rows);
      for (int n = 0; n < LANES; n++) images[(n * columns + c) * wide + k / LANES] = rows[n];
    }
}

INLINE void from_images(const vec *restrict images, vec *restrict dx, const int accumulate, const int channels,
                        const int columns, const int all_columns, const int left) {
  const int wide = WIDE(channels) / LANES;
  for (int c = 0; c < columns; c++)
    for (int k = 0; k < channels; k += LANES) {
      vec rows[LANES];
      for (int n = 0; n < LANES; n++) rows[n] = images[(n * all_columns + c + left) * wide + k / LANES];
      transpose(rows);
      for (int i = 0; i < LANES && k + i < channels; i++) {
        vec *to = dx + (k + i) * columns + c;
        *to = accumulate ? *to + rows[i] : rows[i];
      }
    }
}

/* A window's gradient d: to the weights, and where `back` is not NULL to the entries that it saw. */
INLINE void peak(const float d, const vec *restrict seen, const vec *restrict w, vec *restrict dw, vec *restrict back,
                 const int taps, const int apart, const int wide) {
  for (int t = 0; t < taps; t++)
    for (int j = 0; j < wide; j++) {
      dw[t * wide + j] += d * seen[t * apart + j];
      if (back) back[t * apart + j] += d * w[t * wide + j];
    }
}

/* The window of column c begins at entry c * stride + start of x's row of mx.all_columns. `room`: x by images, dx by
   images, and a filter's weights. */
INLINE void peaks_backward(const vec *restrict x, const float *restrict turned, const vec *restrict dy,
                           const ints *restrict winners, vec *restrict dx, const int accumulate, float *restrict dw,
                           float *restrict db, vec *restrict room, const int count, const struct map mx,
                           const int filters, const int taps, const int stride, const int dilation, const int start) {
  const int channels = mx.channels, wide = WIDE(channels) / LANES, image = mx.all_columns * wide;
  vec *images = room, *back = images + LANES * image, *sums = back + LANES * image;
  to_images(x, images, channels, mx.all_columns);
  if (dx) memset(back, 0, sizeof(vec) * LANES * image);
  for (int f = 0; f < filters; f++) {
    memset(sums, 0, sizeof(vec) * taps * wide);
    for (int n = 0; n < count; n++) {
      if (dy[f][n] == 0) continue;
      const int at = n * image + (winners[f][n] * stride + start) * wide;
      peak(dy[f][n], images + at, (const vec *)turned + f * taps * wide, sums, dx ? back + at : NULL, taps,
           dilation * wide, wide);
    }
    for (int k = 0; k < channels; k++)
      for (int t = 0; t < taps; t++) dw[(f * channels + k) * taps + t] += ((const float *)sums)[t * wide * LANES + k];
    if (db) db[f] += sum(dy[f]);
  }
  if (dx) from_images(back, dx, accumulate, channels, mx.columns, mx.all_columns, mx.left);
}
