/* A map's memory layout: `channels` planes of `rows` x `columns` inside a border of zeros. */
#pragma once
#include "vectors.h"

struct map {
  int channels, rows, columns, top, left, all_rows, all_columns;
};

#define AT(m, k, r, c) ((((k) * (m).all_rows) + (r) + (m).top) * (m).all_columns + (c) + (m).left)
#define EACH(m, k, r, c)                      \
  for (int k = 0; k < (m).channels; k++)      \
    for (int r = 0; r < (m).rows; r++)        \
      for (int c = 0; c < (m).columns; c++)

/* Takes images n = 0 … count - 1 to x, each to as many lanes as it has strips, one below the other; lanes without an
   image are zeros. */
INLINE void pack(const float *const *images, const int count, vec *restrict x, const struct map m, const int strips) {
  const int strip = m.rows * m.columns, values = m.channels * strips * strip;
  for (int k = 0; k < m.channels; k++)
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c += LANES) {
        const int first = k * strips * strip + r * m.columns + c;
        const int width = m.columns - c < LANES ? m.columns - c : LANES;
        vec rows[LANES];
        for (int n = 0; n < LANES; n++) {
          rows[n] = splat(0);
          const int at = first + n % strips * strip, all = at + LANES <= values;
          if (n < count * strips) memcpy(&rows[n], images[n / strips] + at, (all ? LANES : width) * sizeof(float));
        }
        transpose(rows);
        for (int i = 0; i < width; i++) x[AT(m, k, r, c + i)] = rows[i];
      }
}

/* How a step moves its images: image i's window begins at (down[i], right[i]) of the image with `most` entries of
   background, one value per channel, around it. */
struct moves {
  int most;
  const int64_t *down, *right;
  const float *background;
};

INLINE void move_image(const float *image, float *restrict to, const struct map m, const struct moves *moves, int i) {
  const int down = moves->down[i] - moves->most, right = moves->right[i] - moves->most;
  for (int k = 0; k < m.channels; k++)
    for (int r = 0; r < m.rows; r++) {
      float *row = to + (k * m.rows + r) * m.columns;
      const float *from = image + (k * m.rows + r + down) * m.columns;
      for (int c = 0; c < m.columns; c++) {
        const int inside = r + down >= 0 && r + down < m.rows && c + right >= 0 && c + right < m.columns;
        row[c] = inside ? from[c + right] : moves->background[k];
      }
    }
}

/* Images n = 0 … count - 1 of y, each with its numbers one after another, `values` from one image's to the next's. */
INLINE void unpack(const vec *restrict y, const struct map m, const int count, float *restrict to, const int values) {
  int i = 0;
  EACH(m, k, r, c) {
    const vec v = y[AT(m, k, r, c)];
    for (int n = 0; n < count; n++) to[n * values + i] = v[n];
    i++;
  }
}
