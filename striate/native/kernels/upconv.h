/* Transposed convolution: a convolution with its passes exchanged. Its output is what that one's gradient of the input
   would be, plus a bias; its input's gradient is that one's output for dy. So x is DY here, y is DX, and dy is X, inside
   a border of zeros where the padding or the extra entries want one. */
#include "conv.h"

/* dy inside a border: TOP and LEFT zeros before it. */
INLINE void surround(const vec *restrict dy, vec *restrict around) {
  const int top = X_TOP + PAD_TOP, left = X_LEFT + PAD_LEFT;
  memset(around, 0, sizeof(vec) * CHANNELS * IN_DEPTH * X_ROWS * X_COLUMNS);
  for (int k = 0; k < CHANNELS * IN_DEPTH; k++)
    for (int r = 0; r < IN_ROWS; r++)
      memcpy(around + (k * X_ROWS + r + top) * X_COLUMNS + left, dy + (k * IN_ROWS + r) * IN_COLUMNS,
             sizeof(vec) * IN_COLUMNS);
}

/* A tile of dx (+)= what the convolution makes of dy. */
INLINE void gradient_tile(const vec *restrict dy, const float *restrict w, vec *restrict y, const int accumulate,
                          const int f, const int d, const int r, const int c, const int filters, const int columns) {
  vec acc[TILE][TILE];
  forward_sums(acc, dy, w, NULL, f, d, r, c, filters, columns);
  UNROLL for (int i = 0; i < filters; i++)
    UNROLL for (int j = 0; j < columns; j++) {
      vec *to = &Y(f + i, d, r, c + j);
      *to = accumulate ? *to + acc[i][j] : acc[i][j];
    }
}
