/* Fully connected: y = w x + b, w row by row with WIDTH entries per row, a multiple of LANES (zeros after the last). */
#pragma once
#include "vectors.h"

#define WIDTH(inputs) (((inputs) + LANES - 1) / LANES * LANES)

INLINE void dense_forward_tile(const vec *restrict x, const float *restrict w, const float *restrict b,
                               vec *restrict y, const int inputs, const int u, const int units) {
  vec acc[TILE];
  UNROLL for (int i = 0; i < units; i++) acc[i] = splat(b ? b[u + i] : 0.0f);
  for (int k = 0; k < inputs; k++) {
    const vec seen = x[k];
    UNROLL for (int i = 0; i < units; i++) acc[i] += w[(u + i) * WIDTH(inputs) + k] * seen;
  }
  UNROLL for (int i = 0; i < units; i++) y[u + i] = acc[i];
}

/* y[u] = b[u] + sum over k of w[u][k] * x[k]. */
INLINE void dense_forward(const vec *restrict x, const float *restrict w, const float *restrict b, vec *restrict y,
                          const int inputs, const int units) {
  for (int u = 0; u < units / 12 * 12; u += 12) dense_forward_tile(x, w, b, y, inputs, u, 12);
  if (units % 12) dense_forward_tile(x, w, b, y, inputs, units / 12 * 12, units % 12);
}

INLINE void dense_input_tile(const vec *restrict dy, const float *restrict w, vec *restrict dx, const int accumulate,
                             const int inputs, const int units, const int k, const int count) {
  vec acc[TILE];
  UNROLL for (int i = 0; i < count; i++) acc[i] = accumulate ? dx[k + i] : splat(0);
  for (int u = 0; u < units; u++) {
    const vec d = dy[u];
    UNROLL for (int i = 0; i < count; i++) acc[i] += w[u * WIDTH(inputs) + k + i] * d;
  }
  UNROLL for (int i = 0; i < count; i++) dx[k + i] = acc[i];
}

/* dx[k] (+)= sum over u of w[u][k] * dy[u]. */
INLINE void dense_input(const vec *restrict dy, const float *restrict w, vec *restrict dx, const int accumulate,
                        const int inputs, const int units) {
  for (int k = 0; k < inputs / 12 * 12; k += 12) dense_input_tile(dy, w, dx, accumulate, inputs, units, k, 12);
  if (inputs % 12) dense_input_tile(dy, w, dx, accumulate, inputs, units, inputs / 12 * 12, inputs % 12);
}

INLINE void dense_weights_tile(const float *restrict turned, const float *restrict dy, float *restrict dw,
                               const int inputs, const int u, const int k, const int units, const int vecs) {
  vec acc[TILE][TILE];
  UNROLL for (int i = 0; i < units; i++)
    UNROLL for (int j = 0; j < vecs; j++) acc[i][j] = ((vec *)(dw + (u + i) * WIDTH(inputs) + k))[j];
  for (int n = 0; n < LANES; n++)
    UNROLL for (int j = 0; j < vecs; j++) {
      const vec seen = ((const vec *)(turned + n * WIDTH(inputs) + k))[j];
      UNROLL for (int i = 0; i < units; i++) acc[i][j] += dy[(u + i) * LANES + n] * seen;
    }
  UNROLL for (int i = 0; i < units; i++)
    UNROLL for (int j = 0; j < vecs; j++) ((vec *)(dw + (u + i) * WIDTH(inputs) + k))[j] = acc[i][j];
}

INLINE void dense_weights_columns(const float *turned, const float *dy, float *dw, const int inputs, const int units,
                                  const int k, const int vecs) {
  for (int u = 0; u < units / 6 * 6; u += 6) dense_weights_tile(turned, dy, dw, inputs, u, k, 6, vecs);
  if (units % 6) dense_weights_tile(turned, dy, dw, inputs, units / 6 * 6, k, units % 6, vecs);
}

/* dw[u][k] += sum over images of dy[u] * x[k]: one outer product per image, once x is stored image by image. `turned`
   holds LANES rows of WIDTH(inputs). */
INLINE void dense_weights(const vec *restrict x, const vec *restrict dy, float *restrict dw, float *restrict db,
                          float *restrict turned, const int inputs, const int units) {
  for (int k = 0; k < WIDTH(inputs); k += LANES) {
    vec rows[LANES];
    UNROLL for (int i = 0; i < LANES; i++) rows[i] = k + i < inputs ? x[k + i] : splat(0);
    transpose(rows);
    UNROLL for (int i = 0; i < LANES; i++) *(vec *)(turned + i * WIDTH(inputs) + k) = rows[i];
  }
  const int vecs = WIDTH(inputs) / LANES;
  for (int j = 0; j < vecs / 4 * 4; j += 4)
    dense_weights_columns(turned, (const float *)dy, dw, inputs, units, j * LANES, 4);
  if (vecs % 4) dense_weights_columns(turned, (const float *)dy, dw, inputs, units, vecs / 4 * 4 * LANES, vecs % 4);
  if (db)
    for (int u = 0; u < units; u++) db[u] += sum(dy[u]);
}
