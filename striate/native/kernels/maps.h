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

/* How a step moves its images, each of which has `background`, one value per channel, around it: image i's window begins
   at (down[i], right[i]) of the image with `most` entries around it; or matrix[6 i …] times (x, y, 1), from the middles of
   both images, is where (x, y) comes from. Then a square of `side` entries from (holes[2 i], holes[2 i + 1]) on is
   `empty`. Each may be NULL. */
struct moves {
  int most, side;
  const int64_t *down, *right, *holes;
  const float *matrix, *background, *empty;
};

INLINE void shift_image(const float *image, float *restrict to, const struct map m, const struct moves *moves, int i) {
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

/* Each entry is bilinear between four of the image in its background. */
INLINE void warp_image(const float *image, float *restrict to, const struct map m, const struct moves *moves, int i) {
  const float *a = moves->matrix + 6l * i, middle_x = (m.columns - 1) / 2.0f, middle_y = (m.rows - 1) / 2.0f;
  const int wide = m.columns + 3;
  float framed[(m.rows + 3) * (m.columns + 3)];
  for (int k = 0; k < m.channels; k++) {
    for (int n = 0; n < (m.rows + 3) * wide; n++) framed[n] = moves->background[k];
    for (int r = 0; r < m.rows; r++)
      memcpy(framed + (r + 1) * wide + 1, image + (k * m.rows + r) * m.columns, m.columns * sizeof(float));
    for (int r = 0; r < m.rows; r++) {
      const float begin_x = a[1] * (r - middle_y) + a[2] + middle_x + 1, begin_y = a[4] * (r - middle_y) + a[5] + middle_y + 1;
      float *row = to + (k * m.rows + r) * m.columns;
      for (int c = 0; c < m.columns; c++) {
        float x = a[0] * (c - middle_x) + begin_x, y = a[3] * (c - middle_x) + begin_y;
        x = x < 0 ? 0 : x > m.columns + 1 ? m.columns + 1 : x;
        y = y < 0 ? 0 : y > m.rows + 1 ? m.rows + 1 : y;
        const int left = x, top = y, at = top * wide + left;
        const float right = x - left, low = y - top;
        const float above = framed[at] + right * (framed[at + 1] - framed[at]);
        const float below = framed[at + wide] + right * (framed[at + wide + 1] - framed[at + wide]);
        row[c] = above + low * (below - above);
      }
    }
  }
}

INLINE void empty_square(float *restrict image, const struct map m, const struct moves *moves, int i) {
  const int64_t *first = moves->holes + 2l * i;
  for (int k = 0; k < m.channels; k++)
    for (int64_t r = first[0] > 0 ? first[0] : 0; r < first[0] + moves->side && r < m.rows; r++)
      for (int64_t c = first[1] > 0 ? first[1] : 0; c < first[1] + moves->side && c < m.columns; c++)
        image[(k * m.rows + r) * m.columns + c] = moves->empty[k];
}

INLINE void move_image(const float *image, float *restrict to, const struct map m, const struct moves *moves, int i) {
  if (moves->matrix) warp_image(image, to, m, moves, i);
  else if (moves->down) shift_image(image, to, m, moves, i);
  else memcpy(to, image, sizeof(float) * m.channels * m.rows * m.columns);
  if (moves->holes) empty_square(to, m, moves, i);
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
