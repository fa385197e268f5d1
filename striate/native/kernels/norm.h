/* Batch normalisation and local response normalisation. */
#pragma once
#include "maps.h"
#include "moments.h"

/* The moments of each channel over the lanes in use. */
ONCE void bn_measure(const vec *restrict x, struct moments *restrict found, const int count, const struct map m) {
  for (int k = 0; k < m.channels; k++) {
    const float near = x[AT(m, k, 0, 0)][0];
    vec total = splat(0), squares = splat(0);
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++) {
        const vec apart = x[AT(m, k, r, c)] - near;
        total += apart;
        squares += apart * apart;
      }
    found[k] = moments_of(total, squares, near, count, (float)m.rows * m.columns * count);
  }
}

/* The whole batch's mean and variance of channel k from its groups' (Chan et al. 1979): `parts` lanes in all, `most` a
   group, each with `plane` entries. */
ONCE void bn_combine(const struct moments *groups, const int channels, const int k, const int parts, const int most,
                     const int plane, float *mean, float *variance) {
  double total = 0, squares = 0;
  for (int first = 0, g = 0; first < parts; first += most, g++)
    total += (double)groups[g * channels + k].mean * (parts - first < most ? parts - first : most);
  total /= parts;
  for (int first = 0, g = 0; first < parts; first += most, g++) {
    const double apart = groups[g * channels + k].mean - total;
    squares += groups[g * channels + k].squares;
    squares += apart * apart * plane * (parts - first < most ? parts - first : most);
  }
  *mean = total, *variance = squares / ((double)parts * plane);
}

/* What every step below means by y, before a shortcut and a ReLU. */
INLINE vec bn_value(const vec x, const float scale, const float shift) { return x * scale + shift; }

/* y = scale x + shift + z, with one scale and one shift per channel and z a shortcut or NULL;
   with `relu` what is below 0 becomes 0. */
ONCE void bn_apply(const vec *restrict x, const vec *z, const float *scale, const float *shift, vec *restrict y,
                     const struct map mx, const struct map mz, const struct map my, const int relu) {
  EACH(my, k, r, c) {
    vec found = bn_value(x[AT(mx, k, r, c)], scale[k], shift[k]);
    if (z) found += z[AT(mz, k, r, c)];
    y[AT(my, k, r, c)] = relu ? larger(splat(0), found) : found;
  }
}

/* What a ReLU after it lets through of dy: where y > 0, which without a shortcut follows from x. */
#define THROUGH(dy, x, scale, shift, relu) \
  ((relu) ? choose(bn_value(x, scale, shift) > 0, dy, splat(0)) : (dy))

/* Each channel's sums of dy and of dy times the normalised x. Lanes without an image have dy = 0. With a ReLU after a
   shortcut, y is given, and dy becomes 0 where the ReLU let nothing through. */
ONCE void bn_sums(const vec *restrict x, vec *restrict dy, const vec *restrict y, const float *scale,
                    const float *shift, const float *mean, const float *inverse, float *restrict sums,
                    const struct map m, const struct map my, const int relu) {
  int i = 0;
  for (int k = 0; k < m.channels; k++) {
    vec total = splat(0), along = splat(0);
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++, i++) {
        const vec seen = x[AT(m, k, r, c)];
        if (y) dy[i] = choose(y[AT(my, k, r, c)] > 0, dy[i], splat(0));
        const vec d = THROUGH(dy[i], seen, scale[k], shift[k], relu && !y);
        total += d;
        along += d * (seen - mean[k]);
      }
    sums[2 * k] = sum(total), sums[2 * k + 1] = sum(along) * inverse[k];
  }
}

/* dx (+)= scale (dy - a - b (x - mean)), where a and b come from the batch's sums; dx and dy may be the same. */
ONCE void bn_backward(const vec *x, const vec *dy, vec *dx, const int accumulate, const float *scale,
                        const float *shift, const float *mean, const float *a, const float *b, const int count,
                        const struct map m, const int relu) {
  vec used;
  for (int n = 0; n < LANES; n++) used[n] = n < count;
  int i = 0;
  for (int k = 0; k < m.channels; k++)
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++, i++) {
        const vec seen = x[AT(m, k, r, c)], through = THROUGH(dy[i], seen, scale[k], shift[k], relu);
        const vec d = scale[k] * (through - (a[k] + b[k] * (seen - mean[k])) * used);
        dx[i] = accumulate ? dx[i] + d : d;
      }
}

INLINE vec power(vec x, const float beta) {
  vec y;
  if (beta == 0.75f) {
    for (int n = 0; n < LANES; n++) y[n] = sqrtf(x[n]);
    vec z = y;
    for (int n = 0; n < LANES; n++) z[n] = sqrtf(y[n]);
    return y * z;
  }
  for (int n = 0; n < LANES; n++) y[n] = powf(x[n], beta);
  return y;
}

/* The `size` channels around k that its divisor sums; an even number has one more before k than after it. Going back,
   k itself is in the windows around the channels from k - AFTER(size) to k + BEFORE(size). */
#define BEFORE(size) ((size) / 2)
#define AFTER(size) (((size) - 1) / 2)

/* What entry k of a pixel is divided by before the power: base + alpha times the squares of its window. */
INLINE vec lrn_divisor(const vec *x, const struct map m, const int size, const float alpha, const float base,
                       const int k, const int r, const int c) {
  vec total = splat(0);
  for (int i = k - BEFORE(size); i <= k + AFTER(size); i++)
    if (i >= 0 && i < m.channels) total += x[AT(m, i, r, c)] * x[AT(m, i, r, c)];
  return base + alpha * total;
}

/* y[k] = x[k] / (base + alpha sum of x[i]^2 over the `size` channels around k)^beta. */
INLINE void lrn_forward(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my,
                        const int size, const float alpha, const float beta, const float base) {
  EACH(my, k, r, c)
  y[AT(my, k, r, c)] = x[AT(mx, k, r, c)] / power(lrn_divisor(x, mx, size, alpha, base, k, r, c), beta);
}

INLINE void lrn_backward(const vec *restrict x, const vec *restrict y, const vec *restrict dy, vec *restrict dx,
                         const int accumulate, const struct map mx, const struct map my, const int size,
                         const float alpha, const float beta, const float base) {
  const int plane = mx.rows * mx.columns;
  EACH(mx, k, r, c) {
    vec back = splat(0);
    for (int i = k - AFTER(size); i <= k + BEFORE(size); i++)
      if (i >= 0 && i < mx.channels)
        back += dy[i * plane + r * mx.columns + c] * y[AT(my, i, r, c)] /
                lrn_divisor(x, mx, size, alpha, base, i, r, c);
    const int at = k * plane + r * mx.columns + c;
    const vec d = dy[at] / power(lrn_divisor(x, mx, size, alpha, base, k, r, c), beta) -
                  2 * alpha * beta * x[AT(mx, k, r, c)] * back;
    dx[at] = accumulate ? dx[at] + d : d;
  }
}
