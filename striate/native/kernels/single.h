/* One image at a time: a pixel's channels are in the lanes, x[row][column][channel], padded to whole vecs; the image
   itself is not padded. Weights are stored to match, w[row][column][channel][filter]. Each function does the rows
   from `first` to `last`, so that threads share a map. */
#pragma once
#include "activation.h"
#include "adaptive.h"
#include "padding.h"
#include "pool.h"
#include "regrid.h"

struct plane {
  int channels, rows, columns, top, left, all_columns;
  int step; /* floats from one pixel to the next */
};

#define PIXEL(x, m, r, c) ((x) + (((r) + (m).top) * (m).all_columns + (c) + (m).left) * (long)(m).step)
#define VECS(m) (((m).channels + LANES - 1) / LANES)
#define EACH_PIXEL(m, r, c) for (int r = first; r < last; r++) for (int c = 0; c < (m).columns; c++)
#define EACH_VEC(m, r, c, b) EACH_PIXEL(m, r, c) for (int b = 0; b < VECS(m); b++)
#define VEC(x, m, r, c, b) ((vec *)PIXEL(x, m, r, c))[b]

/* From the image's planes to pixels. */
INLINE void one_take(const float *image, float *x, const struct plane m) {
  for (int k = 0; k < m.channels; k++)
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++) PIXEL(x, m, r, c)[k] = image[(k * m.rows + r) * m.columns + c];
}

INLINE void one_give(float *y, float *to, const struct plane m) {
  for (int k = 0; k < m.channels; k++)
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++) *to++ = PIXEL(y, m, r, c)[k];
}

INLINE void one_activate(float *x, float *y, const struct plane mx, const struct plane my, const enum activation kind,
                         const float low, const float high, const int first, const int last) {
  EACH_VEC(my, r, c, b) VEC(y, my, r, c, b) = activate(kind, low, high, VEC(x, mx, r, c, b));
}

INLINE void one_prelu(float *x, const vec *slope, float *y, const struct plane mx, const struct plane my,
                      const int first, const int last) {
  EACH_VEC(my, r, c, b) {
    const vec seen = VEC(x, mx, r, c, b);
    VEC(y, my, r, c, b) = choose(seen > 0, seen, slope[b] * seen);
  }
}

/* y = scale x + shift + z, and a ReLU; z may be NULL. */
INLINE void one_scale_shift(float *x, float *z, const vec *scale, const vec *shift, float *y, const struct plane mx,
                            const struct plane mz, const struct plane my, const int relu, const int first,
                            const int last) {
  EACH_VEC(my, r, c, b) {
    vec found = VEC(x, mx, r, c, b) * scale[b] + shift[b];
    if (z) found += VEC(z, mz, r, c, b);
    VEC(y, my, r, c, b) = relu ? larger(splat(0), found) : found;
  }
}

INLINE void one_add(float *p, float *q, float *y, const struct plane mp, const struct plane mq, const struct plane my,
                    const int relu, const int first, const int last) {
  EACH_VEC(my, r, c, b) {
    const vec found = VEC(p, mp, r, c, b) + VEC(q, mq, r, c, b);
    VEC(y, my, r, c, b) = relu ? larger(splat(0), found) : found;
  }
}

/* An axis of the gate may have a single number for all. */
INLINE void one_gate(float *x, float *gate, float *y, const struct plane mx, const struct plane mg,
                     const struct plane my, const int first, const int last) {
  EACH_PIXEL(my, r, c) {
    float *factors = PIXEL(gate, mg, mg.rows > 1 ? r : 0, mg.columns > 1 ? c : 0);
    for (int b = 0; b < VECS(my); b++)
      VEC(y, my, r, c, b) = VEC(x, mx, r, c, b) * (mg.channels > 1 ? ((vec *)factors)[b] : splat(*factors));
  }
}

INLINE void one_channel_mean(float *x, float *y, const struct plane mx, const struct plane my, const int first,
                             const int last) {
  EACH_PIXEL(my, r, c) {
    float total = 0;
    for (int k = 0; k < mx.channels; k++) total += PIXEL(x, mx, r, c)[k];
    for (int k = 0; k < my.step; k++) PIXEL(y, my, r, c)[k] = k ? 0 : total / mx.channels;
  }
}

/* x's channels to y's from `to` on; zeros after them up to `until`. */
INLINE void one_copy(float *x, float *y, const struct plane mx, const struct plane my, const int to, const int until,
                     const int first, const int last) {
  EACH_PIXEL(mx, r, c) {
    memcpy(PIXEL(y, my, r, c) + to, PIXEL(x, mx, r, c), mx.channels * sizeof(float));
    for (int k = to + mx.channels; k < until; k++) PIXEL(y, my, r, c)[k] = 0;
  }
}

/* y's channel k is x's channel from[k]. */
INLINE void one_maps(float *x, float *y, const struct plane mx, const struct plane my, const int *from,
                     const int first, const int last) {
  EACH_PIXEL(my, r, c)
  for (int k = 0; k < my.step; k++) PIXEL(y, my, r, c)[k] = k < my.channels ? PIXEL(x, mx, r, c)[from[k]] : 0;
}

INLINE void one_pad(float *x, float *y, const struct plane mx, const struct plane my, const enum padding mode,
                    const int top, const int left, const int first, const int last) {
  EACH_VEC(my, r, c, b) {
    const int row = repeated(mode, r - top, mx.rows), column = repeated(mode, c - left, mx.columns);
    VEC(y, my, r, c, b) = row < 0 || column < 0 ? splat(0) : VEC(x, mx, row, column, b);
  }
}

/* A pixel's channels, over their mean and deviation or their root mean square. */
INLINE void one_across(float *x, const float *w, const float *b, float *y, const struct plane mx,
                       const struct plane my, const int centred, const float eps, const int first, const int last) {
  EACH_PIXEL(my, r, c) {
    const float *seen = PIXEL(x, mx, r, c);
    float *to = PIXEL(y, my, r, c), mean = 0, squares = 0;
    for (int k = 0; centred && k < mx.channels; k++) mean += seen[k] / mx.channels;
    for (int k = 0; k < mx.channels; k++) squares += (seen[k] - mean) * (seen[k] - mean) / mx.channels;
    const float inverse = 1 / sqrtf(squares + eps);
    for (int k = 0; k < my.step; k++)
      to[k] = k < mx.channels ? (seen[k] - mean) * inverse * (w ? w[k] : 1) + (b ? b[k] : 0) : 0;
  }
}

/* Groups of channels, over the mean and deviation of all their entries. */
INLINE void one_group(float *x, const float *w, const float *b, float *y, const struct plane mx,
                      const struct plane my, const int groups, const float eps) {
  const int first = 0, last = my.rows, each = mx.channels / groups;
  const float share = 1.0f / (each * mx.rows * mx.columns);
  float mean[groups], inverse[groups];
  for (int g = 0; g < groups; g++) mean[g] = inverse[g] = 0;
  EACH_PIXEL(mx, r, c) for (int k = 0; k < mx.channels; k++) mean[k / each] += PIXEL(x, mx, r, c)[k] * share;
  EACH_PIXEL(mx, r, c)
  for (int k = 0; k < mx.channels; k++) {
    const float apart = PIXEL(x, mx, r, c)[k] - mean[k / each];
    inverse[k / each] += apart * apart * share;
  }
  for (int g = 0; g < groups; g++) inverse[g] = 1 / sqrtf(inverse[g] + eps);
  EACH_PIXEL(my, r, c)
  for (int k = 0; k < my.step; k++) {
    const float seen = k < mx.channels ? (PIXEL(x, mx, r, c)[k] - mean[k / each]) * inverse[k / each] : 0;
    PIXEL(y, my, r, c)[k] = k < mx.channels ? seen * (w ? w[k] : 1) + (b ? b[k] : 0) : 0;
  }
}

INLINE void one_softmax(float *x, float *y, const struct plane mx, const struct plane my, const int first,
                        const int last) {
  EACH_PIXEL(my, r, c) {
    const float *seen = PIXEL(x, mx, r, c);
    float *to = PIXEL(y, my, r, c), most = seen[0], total = 0;
    for (int k = 1; k < mx.channels; k++) most = most < seen[k] ? seen[k] : most;
    for (int k = 0; k < mx.channels; k++) total += to[k] = expf(seen[k] - most);
    for (int k = 0; k < my.step; k++) to[k] = k < mx.channels ? to[k] / total : 0;
  }
}

INLINE void one_factors(float *x, const float *w, float *y, const struct plane mx, const struct plane my,
                        const int first, const int last) {
  EACH_PIXEL(my, r, c)
  for (int k = 0; k < my.step; k++) PIXEL(y, my, r, c)[k] = k < mx.channels ? w[k] * PIXEL(x, mx, r, c)[k] : 0;
}

/* Pixel c is row x[c] of the table. */
INLINE void one_embed(const float *x, const float *w, float *y, const struct plane my, const int width) {
  for (int c = 0; c < my.columns; c++)
    memcpy(PIXEL(y, my, 0, c), w + (int)x[c] * (long)width, sizeof(float) * my.channels);
}

/* y's channel k is the largest of x's `pieces` channels from k * pieces on. */
INLINE void one_maxout(float *x, float *y, const struct plane mx, const struct plane my, const int pieces,
                       const int first, const int last) {
  EACH_PIXEL(my, r, c)
  for (int k = 0; k < my.step; k++) {
    const float *seen = PIXEL(x, mx, r, c) + k * pieces;
    float best = k < my.channels ? seen[0] : 0;
    for (int i = 1; k < my.channels && i < pieces; i++) best = best > seen[i] ? best : seen[i];
    PIXEL(y, my, r, c)[k] = best;
  }
}

/* Channels become places in blocks of down x right, and back. */
INLINE void one_to_blocks(float *x, float *y, const struct plane mx, const struct plane my, const int down,
                          const int right, const int first, const int last) {
  EACH_PIXEL(my, r, c) {
    const float *seen = PIXEL(x, mx, r / down, c / right) + r % down * right + c % right;
    for (int k = 0; k < my.step; k++) PIXEL(y, my, r, c)[k] = k < my.channels ? seen[k * down * right] : 0;
  }
}

INLINE void one_from_blocks(float *x, float *y, const struct plane mx, const struct plane my, const int down,
                            const int right, const int first, const int last) {
  EACH_PIXEL(my, r, c)
  for (int k = 0; k < my.step; k++) {
    const int place = k % (down * right), row = r * down + place / right, column = c * right + place % right;
    PIXEL(y, my, r, c)[k] = k < my.channels ? PIXEL(x, mx, row, column)[k / (down * right)] : 0;
  }
}

INLINE void one_resample(float *x, float *y, const struct plane mx, const struct plane my, const struct taken *rows,
                         const struct taken *columns, const int first, const int last) {
  EACH_VEC(my, r, c, b) {
    const struct taken down = rows[r], right = columns ? columns[c] : (struct taken){c, c, 0};
    const vec low = mixture(VEC(x, mx, down.low, right.low, b), VEC(x, mx, down.low, right.high, b), right.way);
    const vec high = mixture(VEC(x, mx, down.high, right.low, b), VEC(x, mx, down.high, right.high, b), right.way);
    VEC(y, my, r, c, b) = mixture(low, high, down.way);
  }
}

/* Entry r of an axis of y comes from entry *from of x by the tap; whether there is one. */
INLINE int reached(const int r, const int before, const int tap, const int step, const int stride, const int n,
                   int *from) {
  const int at = r + before - tap * step;
  *from = at / stride;
  return at >= 0 && at % stride == 0 && *from < n;
}

INLINE void one_upconv_pixel(float *x, const vec *w, const vec *bias, vec *y, const struct plane mx,
                             const struct window k, const int across, const int r, const int c, const int b,
                             const int vecs) {
  vec acc[TILE];
  UNROLL for (int i = 0; i < vecs; i++) acc[i] = bias ? bias[b + i] : splat(0);
  for (int u = 0; u < k.rows; u++)
    for (int v = 0; v < k.columns; v++) {
      int row, column;
      if (!reached(r, k.top, u, k.row_step, k.down, mx.rows, &row)) continue;
      if (!reached(c, k.left, v, k.column_step, k.right, mx.columns, &column)) continue;
      const float *seen = PIXEL(x, mx, row, column);
      const vec *taps = w + (u * k.columns + v) * mx.channels * across + b;
      for (int i = 0; i < mx.channels; i++)
        UNROLL for (int j = 0; j < vecs; j++) acc[j] += seen[i] * taps[i * across + j];
    }
  UNROLL for (int i = 0; i < vecs; i++) y[b + i] = acc[i];
}

/* Transposed convolution; its window's padding is what is cropped. */
INLINE void one_upconv(float *x, const vec *w, const vec *bias, float *y, const struct plane mx,
                       const struct plane my, const struct window k, const int first, const int last) {
  const int across = VECS(my);
  EACH_PIXEL(my, r, c) {
    vec *to = (vec *)PIXEL(y, my, r, c);
    for (int b = 0; b < across / 8 * 8; b += 8) one_upconv_pixel(x, w, bias, to, mx, k, across, r, c, b, 8);
    if (across % 8) one_upconv_pixel(x, w, bias, to, mx, k, across, r, c, across / 8 * 8, across % 8);
  }
}

INLINE void one_subsample(float *x, const vec *weight, const vec *bias, float *y, const struct plane mx,
                          const struct plane my, const struct window w, const int first, const int last) {
  EACH_VEC(my, r, c, b) {
    vec total = splat(0);
    EACH_TAP(w, u, v) total += VEC(x, mx, r * w.down + u, c * w.right + v, b);
    VEC(y, my, r, c, b) = weight[b] * total + bias[b];
  }
}

INLINE void one_maxpool(float *x, float *y, const struct plane mx, const struct plane my, const struct window w,
                        const int first, const int last) {
  EACH_VEC(my, r, c, b) {
    vec best = splat(-INFINITY);
    EACH_TAP(w, u, v) {
      const int row = r * w.down - w.top + u * w.row_step, column = c * w.right - w.left + v * w.column_step;
      if (INSIDE(row, mx.rows) && INSIDE(column, mx.columns)) best = larger(VEC(x, mx, row, column, b), best);
    }
    VEC(y, my, r, c, b) = best;
  }
}

INLINE void one_avgpool(float *x, float *y, const struct plane mx, const struct plane my, const struct window w,
                        const enum share by, const int first, const int last) {
  const struct map m = {.rows = mx.rows, .columns = mx.columns};
  EACH_VEC(my, r, c, b) {
    vec total = splat(0);
    EACH_TAP(w, u, v) {
      const int row = r * w.down - w.top + u * w.row_step, column = c * w.right - w.left + v * w.column_step;
      if (INSIDE(row, mx.rows) && INSIDE(column, mx.columns)) total += VEC(x, mx, row, column, b);
    }
    VEC(y, my, r, c, b) = total * share(m, w, by, r, c);
  }
}

INLINE void one_adaptive(float *x, float *y, const struct plane mx, const struct plane my, const struct span *rows,
                         const struct span *columns, const int largest, const int first, const int last) {
  EACH_VEC(my, r, c, b) {
    const struct span down = rows[r], right = SPAN_OF(columns, c);
    vec best = splat(-INFINITY), total = splat(0);
    EACH_IN(down, right, u, v) {
      const vec seen = VEC(x, mx, u, v, b);
      best = larger(seen, best), total += seen;
    }
    VEC(y, my, r, c, b) = largest ? best : total * span_share(down, right);
  }
}

INLINE void one_gap(float *x, float *y, const struct plane m) {
  for (int b = 0; b < VECS(m); b++) {
    vec total = splat(0);
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++) total += VEC(x, m, r, c, b);
    ((vec *)y)[b] = total * (1.0f / (m.rows * m.columns));
  }
}

INLINE void one_dense_tile(float *x, const vec *w, const vec *bias, float *y, const struct plane m, const int units,
                           const int b, const int vecs) {
  const int across = (units + LANES - 1) / LANES;
  vec acc[TILE];
  UNROLL for (int i = 0; i < vecs; i++) acc[i] = bias ? bias[b + i] : splat(0);
  const vec *taps = w + b;
  for (int r = 0; r < m.rows; r++)
    for (int c = 0; c < m.columns; c++)
      for (int k = 0; k < m.channels; k++, taps += across) {
        const float seen = PIXEL(x, m, r, c)[k];
        UNROLL for (int i = 0; i < vecs; i++) acc[i] += seen * taps[i];
      }
  UNROLL for (int i = 0; i < vecs; i++) ((vec *)y)[b + i] = acc[i];
}

/* Fully connected; the weights are stored as its pixels are, w[row][column][channel][unit]. */
INLINE void one_dense(float *x, const vec *w, const vec *bias, float *y, const struct plane m, const int units) {
  const int across = (units + LANES - 1) / LANES;
  for (int b = 0; b < across / 8 * 8; b += 8) one_dense_tile(x, w, bias, y, m, units, b, 8);
  if (across % 8) one_dense_tile(x, w, bias, y, m, units, across / 8 * 8, across % 8);
}

/* Minus the squared distance to each unit's prototype; prototypes are stored as the weights of `one_dense` are. */
INLINE void one_rbf(float *x, const vec *p, float *y, const struct plane m, const int units) {
  const int across = (units + LANES - 1) / LANES;
  for (int b = 0; b < across; b++) {
    vec total = splat(0);
    const vec *at = p + b;
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++)
        for (int k = 0; k < m.channels; k++, at += across) {
          const vec apart = PIXEL(x, m, r, c)[k] - *at;
          total -= apart * apart;
        }
    ((vec *)y)[b] = total;
  }
}

/* w[filter][channel][tap] (`width` floats from a filter to the next, `deep` from a channel to the next) to
   packed[tap][channel][filter], filters filled up with zeros; with `flip` the last tap comes first. */
static void one_pack_weights(const float *w, vec *packed, int filters, int channels, int taps, int width, int deep,
                             int flip) {
  const int across = (filters + LANES - 1) / LANES * LANES;
  float *to = (float *)packed;
  for (int t = 0; t < taps; t++)
    for (int k = 0; k < channels; k++) {
      const float *tap = w + k * (long)deep + (flip ? taps - 1 - t : t);
      for (int f = 0; f < across; f++) *to++ = f < filters ? tap[(long)f * width] : 0;
    }
}
