/* Convolution with 3x3 kernels by Winograd's F(2x2, 3x3) (Lavin & Gray 2016): four outputs cost 16 products, not 36.

   A row of tiles, two rows of outputs, at a time. Every 4x4 patch d of a channel becomes B' d B, every kernel g becomes
   G g G' (once per step, `turn_kernels`); these are multiplied entry by entry and summed over the channels, in 16 small
   matrix products; and A' m A makes four outputs of each sum m. Patches reach over the map's edges, where zeros are. */
#include "conv.h"

#define POSITIONS 16
#define KERNELS (FILTERS * CHANNELS + LANES)  /* floats from one position to the next; the same */
#define APART(planes, tiles) ((planes) * (tiles) + 1) /* vecs from one position to the next: not all in one cache set */

/* One column of a patch, rows from top to bottom, times B'. */
INLINE void turn_column(const vec *const *rows, const int c, const int columns, vec *e) {
  vec d[4];
  UNROLL for (int i = 0; i < 4; i++) d[i] = rows[i] && c >= 0 && c < columns ? rows[i][c] : splat(0);
  e[0] = d[0] - d[2], e[1] = d[1] + d[2], e[2] = d[2] - d[1], e[3] = d[1] - d[3];
}

/* v[position][plane][tile] of the patches that begin at row `top`, columns `left`, `left` + 2, … of each plane of x; rows
   -1 and `rows` of it are in the halo, if there is one (conv.h). */
INLINE void turn_patches(const vec *restrict x, const vec *restrict halo, vec *restrict v, const int planes,
                         const int rows, const int columns, const int row_step, const int plane_step, const int top,
                         const int left, const int tiles) {
  for (int k = 0; k < planes; k++) {
    const vec *row[4];
    for (int i = 0; i < 4; i++) {
      const int at = top + i, from = at < 0 ? at + ABOVE : at - rows + ABOVE; /* in the halo */
      row[i] = at >= 0 && at < rows ? x + k * (long)plane_step + at * row_step
               : halo && from >= 0 && from < ABOVE + BELOW && (at >= 0 || from < ABOVE)
                   ? halo + (k * (ABOVE + BELOW) + from) * (long)columns
                   : NULL;
    }
    vec e[4][4];
    turn_column(row, left, columns, e[2]), turn_column(row, left + 1, columns, e[3]);
    for (int t = 0; t < tiles; t++) {
      UNROLL for (int i = 0; i < 4; i++) e[0][i] = e[2][i], e[1][i] = e[3][i]; /* neighbours share two columns */
      turn_column(row, left + 2 * t + 2, columns, e[2]), turn_column(row, left + 2 * t + 3, columns, e[3]);
      vec *to = v + k * tiles + t;
      UNROLL for (int i = 0; i < 4; i++) {
        to[(4 * i + 0) * APART(planes, tiles)] = e[0][i] - e[2][i];
        to[(4 * i + 1) * APART(planes, tiles)] = e[1][i] + e[2][i];
        to[(4 * i + 2) * APART(planes, tiles)] = e[2][i] - e[1][i];
        to[(4 * i + 3) * APART(planes, tiles)] = e[1][i] - e[3][i];
      }
    }
  }
}

/* m[output][tile] = sum over inputs of u[output][input] * v[input][tile], for a block that stays in registers. */
INLINE void product_tile(const vec *restrict v, const float *restrict u, vec *restrict m, const int inputs,
                         const int tiles, const int f, const int t, const int outputs, const int columns) {
  vec acc[TILE][TILE];
  UNROLL for (int i = 0; i < outputs; i++) UNROLL for (int j = 0; j < columns; j++) acc[i][j] = splat(0);
  for (int k = 0; k < inputs; k++)
    UNROLL for (int j = 0; j < columns; j++)
      UNROLL for (int i = 0; i < outputs; i++) acc[i][j] += u[(f + i) * inputs + k] * v[k * tiles + t + j];
  UNROLL for (int i = 0; i < outputs; i++)
    UNROLL for (int j = 0; j < columns; j++) m[(f + i) * tiles + t + j] = acc[i][j];
}

/* The four outputs of tile t of output f: A' m A. */
INLINE void outputs_of_tile(const vec *restrict m, const int outputs, const int tiles, const int f, const int t,
                            vec found[2][2]) {
  vec s[2][4];
  const vec *at = m + f * tiles + t;
  UNROLL for (int j = 0; j < 4; j++) {
#define M(i) at[(4 * (i) + j) * APART(outputs, tiles)]
    s[0][j] = M(0) + M(1) + M(2), s[1][j] = M(1) - M(2) - M(3);
#undef M
  }
  UNROLL for (int i = 0; i < 2; i++)
    found[i][0] = s[i][0] + s[i][1] + s[i][2], found[i][1] = s[i][1] - s[i][2] - s[i][3];
}

/* Every output (f, row, column) of the tiles from row r on, with `value` its number. */
#define EACH_OUTPUT(m, outputs, rows, columns, r, ...)                                         \
  for (int f = 0; f < (outputs); f++)                                                          \
    for (int t = 0; t < ((columns) + 1) / 2; t++) {                                            \
      vec found[2][2];                                                                         \
      outputs_of_tile(m, outputs, ((columns) + 1) / 2, f, t, found);                           \
      UNROLL for (int i = 0; i < 2; i++) UNROLL for (int j = 0; j < 2; j++) {                  \
        const int row = (r) + i, column = 2 * t + j;                                           \
        if (row >= (rows) || column >= (columns)) continue;                                    \
        const vec value = found[i][j];                                                         \
        __VA_ARGS__;                                                                           \
      }                                                                                        \
    }

INLINE void store_tiles(const vec *restrict m, const float *restrict b, vec *restrict y, const int r) {
  EACH_OUTPUT(m, FILTERS, OUT_ROWS, OUT_COLUMNS, r, Y(f, 0, row, column) = value + (BIAS ? b[f] : 0.0f))
}

INLINE void store_normalised_tiles(const vec *restrict m, const float *restrict b, const float *scale,
                                   const float *shift, const vec *z, vec *restrict y, const struct map mz,
                                   const struct map my, const int relu, const int r) {
  EACH_OUTPUT(m, FILTERS, OUT_ROWS, OUT_COLUMNS, r, y[AT(my, f, row, column)] = normalised(
      value + (BIAS ? b[f] : 0.0f), scale[f], shift[f], z ? z[AT(mz, f, row, column)] : splat(0), relu))
}

INLINE void store_gradient_tiles(const vec *restrict m, vec *restrict dx, const int accumulate, const int r) {
  EACH_OUTPUT(m, CHANNELS, IN_ROWS, IN_COLUMNS, r,
              DX(f, 0, row, column) = accumulate ? DX(f, 0, row, column) + value : value)
}

/* Transforms the filters from `first` to `last`: there[position][filter][channel], and rotated by half a turn, as the
   gradient needs them, back[position][channel][filter]. */
static void turn_kernels(const float *w, float *there, float *back, int first, int last) {
  for (int f = first; f < last; f++)
    for (int k = 0; k < CHANNELS; k++) {
      const float *g = w + (f * CHANNELS + k) * TAPS;
      float t[4][3], u[4][4];
      for (int j = 0; j < 3; j++) {
        t[0][j] = g[j], t[3][j] = g[6 + j];
        t[1][j] = 0.5f * (g[j] + g[3 + j] + g[6 + j]), t[2][j] = 0.5f * (g[j] - g[3 + j] + g[6 + j]);
      }
      for (int i = 0; i < 4; i++) {
        u[i][0] = t[i][0], u[i][3] = t[i][2];
        u[i][1] = 0.5f * (t[i][0] + t[i][1] + t[i][2]), u[i][2] = 0.5f * (t[i][0] - t[i][1] + t[i][2]);
      }
      const int half_turn[4] = {3, 1, 2, 0};
      for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
          there[(4 * i + j) * KERNELS + f * CHANNELS + k] = u[i][j];
          back[(4 * i + j) * KERNELS + k * FILTERS + f] = u[half_turn[i]][half_turn[j]];
        }
    }
}
