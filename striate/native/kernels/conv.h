/* Convolution, its weights' gradient and its input's gradient, for one shape; its sizes are defined above as macros.

   x[channel][row][column] has a border of zeros at least as wide as the padding, X_ROWS x X_COLUMNS in all;
   X_TOP and X_LEFT lead to where the first window begins. y has a border too if its readers pad; dx and dy have none,
   unless they are the maps of a transposed convolution (upconv.h). In three dimensions each channel has frames, rows and
   columns; its windows step over frames outside. In fewer there is one frame, which the compiler knows. */
#include "maps.h"
#include "moments.h"

#define PER_GROUP (CHANNELS / GROUPS) /* channels that a filter sees */
#define FAR 4096
/* A tile of dx has whole strides, or all of a narrower map; where that is wider than a tile, it has one channel. */
#define WIDE (S_COLUMNS < IN_COLUMNS ? S_COLUMNS : IN_COLUMNS)
#define DOWN (WIDE > TILE ? 1 : TILE)
#define ACROSS (WIDE > TILE ? WIDE : TILE)
#define TAPS (K_ROWS * K_COLUMNS)
#define VOLUME (K_DEPTH * TAPS)
/* Offsets of w[a] from w[0], and of the weight of tap (u, v) from w[a][u][0]; the true convolution flips the kernel. */
#define LAYER(a) ((FLIP ? K_DEPTH - 1 - (a) : (a)) * TAPS)
#define TAP(u, v) (FLIP ? TAPS - 1 - 2 * (u) * K_COLUMNS - (v) : (v))
#define X(k, d, r, c) x[(((k) * IN_DEPTH + (d)) * X_ROWS + (r) + X_TOP) * X_COLUMNS + (c) + X_LEFT]
#define Y(f, d, r, c) y[(((f) * OUT_DEPTH + (d)) * Y_ROWS + (r) + Y_TOP) * Y_COLUMNS + (c) + Y_LEFT]
#define DY(f, d, r, c) dy[(((f) * OUT_DEPTH + (d)) * DY_ROWS + (r) + DY_TOP) * DY_COLUMNS + (c) + DY_LEFT]
#define DX(k, d, r, c) dx[(((k) * IN_DEPTH + (d)) * DX_ROWS + (r) + DX_TOP) * DX_COLUMNS + (c) + DX_LEFT]
/* The frame of x that tap a of y's frame d reads, and whether there is one. */
#define FRAME(d, a) ((d) * S_DEPTH + (a) * D_DEPTH - PAD_FRONT)
#define IS_FRAME(e) ((e) >= 0 && (e) < IN_DEPTH)

/* y[f][d][r][c] = b[f] + sum over k, a, u, v of w[f][k][a][u][v] * x[k][d*S + a*D][r*S + u*D][c*S + v*D], for a tile of
   filters x columns that stays in registers. */
INLINE void forward_sums(vec acc[TILE][TILE], const vec *restrict x, const float *restrict w, const float *restrict b,
                         const int f, const int d, const int r, const int c, const int filters, const int columns) {
  const int group = f / (FILTERS / GROUPS);
  UNROLL for (int i = 0; i < filters; i++)
    UNROLL for (int j = 0; j < columns; j++) acc[i][j] = splat(BIAS ? b[f + i] : 0.0f);
  for (int k = 0; k < PER_GROUP; k++)
    for (int a = 0; a < K_DEPTH; a++) {
      if (!IS_FRAME(FRAME(d, a))) continue;
      for (int u = 0; u < K_ROWS; u++) {
        const vec *row = &X(group * PER_GROUP + k, FRAME(d, a), r * S_ROWS + u * D_ROWS, c * S_COLUMNS);
        const float *taps = w + (f * PER_GROUP + k) * VOLUME + LAYER(a) + u * K_COLUMNS;
        UNROLL for (int v = 0; v < K_COLUMNS; v++)
          UNROLL for (int j = 0; j < columns; j++)
            UNROLL for (int i = 0; i < filters; i++)
              acc[i][j] += taps[i * PER_GROUP * VOLUME + TAP(u, v)] * row[j * S_COLUMNS + v * D_COLUMNS];
      }
    }
}

INLINE void forward_tile(const vec *restrict x, const float *restrict w, const float *restrict b, vec *restrict y,
                         const int f, const int d, const int r, const int c, const int filters, const int columns) {
  vec acc[TILE][TILE];
  forward_sums(acc, x, w, b, f, d, r, c, filters, columns);
  UNROLL for (int i = 0; i < filters; i++)
    UNROLL for (int j = 0; j < columns; j++) Y(f + i, d, r, c + j) = acc[i][j];
}

/* What a batch norm needs from each filter: sums of y and of its square, around the first entry. */
struct gathered {
  float near[FILTERS];
  vec total[FILTERS], squares[FILTERS];
};

/* Adds row r of frame d of the filters of a group, as soon as it is done. */
INLINE void gather(const vec *restrict y, struct gathered *restrict sums, const int group, const int d, const int r) {
  for (int f = group * (FILTERS / GROUPS); f < (group + 1) * (FILTERS / GROUPS); f++) {
    if (d == 0 && r == 0) sums->near[f] = Y(f, 0, 0, 0)[0], sums->total[f] = sums->squares[f] = splat(0);
    const float near = sums->near[f];
    vec total = sums->total[f], squares = sums->squares[f];
    for (int c = 0; c < OUT_COLUMNS; c++) {
      const vec apart = Y(f, d, r, c) - near;
      total += apart, squares += apart * apart;
    }
    sums->total[f] = total, sums->squares[f] = squares;
  }
}

INLINE void moments_from(const struct gathered *sums, struct moments *restrict found, const int count) {
  const float entries = (float)OUT_DEPTH * OUT_ROWS * OUT_COLUMNS * count;
  for (int f = 0; f < FILTERS; f++)
    found[f] = moments_of(sums->total[f], sums->squares[f], sums->near[f], count, entries);
}

/* An output followed by a batch norm with known statistics, and perhaps a shortcut and a ReLU. */
INLINE vec normalised(const vec y, const float scale, const float shift, const vec z, const int relu) {
  const vec found = y * scale + shift + z;
  return relu ? larger(splat(0), found) : found;
}

/* A tile of y followed by that batch norm; z is the shortcut or NULL. */
INLINE void normalised_tile(const vec *restrict x, const float *restrict w, const float *restrict b, const float *scale,
                            const float *shift, const vec *z, vec *restrict y, const struct map mz,
                            const struct map my, const int relu, const int f, const int d, const int r, const int c,
                            const int filters, const int columns) {
  vec acc[TILE][TILE];
  forward_sums(acc, x, w, b, f, d, r, c, filters, columns);
  UNROLL for (int i = 0; i < filters; i++) {
    vec *to = y + AT(my, f + i, d * OUT_ROWS + r, c);
    const vec *from = z ? z + AT(mz, f + i, d * OUT_ROWS + r, c) : NULL;
    UNROLL for (int j = 0; j < columns; j++)
      to[j] = normalised(acc[i][j], scale[f + i], shift[f + i], from ? from[j] : splat(0), relu);
  }
}

/* dw[f][k][a][u][v] += sum over c, lanes and the rows from `first` to `last` of dy[f][d][r][c] times
   x[k][d*S + a*D][r*S + u*D][c*S + v*D], for a tile of filters x channels x kernel rows x kernel columns. */
INLINE void weights_tile(const vec *restrict x, const vec *restrict dy, float *restrict dw, const int d, const int a,
                         const int f, const int k, const int u, const int v, const int first, const int last,
                         const int filters, const int channels, const int rows, const int columns) {
  vec acc[TILE][TILE];
  const int group = f / (FILTERS / GROUPS), taps = channels * rows * columns;
#define CHANNEL_OF(t) (k + (t) / (rows * columns))
#define ROW_OF(t) (u + (t) / columns % rows)
#define COLUMN_OF(t) (v + (t) % columns)
  UNROLL for (int i = 0; i < filters; i++)
    UNROLL for (int t = 0; t < taps; t++) acc[i][t] = splat(0);
  for (int r = first; r < last; r++)
    for (int c = 0; c < OUT_COLUMNS; c++) {
      vec back[TILE];
      UNROLL for (int i = 0; i < filters; i++) back[i] = DY(f + i, d, r, c);
      UNROLL for (int t = 0; t < taps; t++) {
        const vec seen = X(group * PER_GROUP + CHANNEL_OF(t), FRAME(d, a), r * S_ROWS + ROW_OF(t) * D_ROWS,
                           c * S_COLUMNS + COLUMN_OF(t) * D_COLUMNS);
        UNROLL for (int i = 0; i < filters; i++) acc[i][t] += back[i] * seen;
      }
    }
  UNROLL for (int n = 0; n < filters * taps; n += LANES) {
    vec rows_of[LANES];
    UNROLL for (int i = 0; i < LANES; i++)
      rows_of[i] = n + i < filters * taps ? acc[(n + i) / taps][(n + i) % taps] : splat(0);
    const vec found = sums(rows_of);
    UNROLL for (int i = 0; i < LANES; i++) {
      const int t = (n + i) % taps;
      float *to = dw + ((f + (n + i) / taps) * PER_GROUP + CHANNEL_OF(t)) * VOLUME + LAYER(a) + ROW_OF(t) * K_COLUMNS;
      if (n + i < filters * taps) to[TAP(ROW_OF(t), COLUMN_OF(t))] += found[i];
    }
  }
}

/* A row of frame d of dy. Of images in strips, ABOVE and BELOW so many rows are those of its neighbours: halo[f][row]. */
INLINE const vec *gradient_row(const vec *dy, const vec *halo, const int f, const int d, const int row) {
  if (ABOVE && row < 0) return halo + (f * (ABOVE + BELOW) + ABOVE + row) * OUT_COLUMNS;
  if (BELOW && row >= OUT_ROWS) return halo + (f * (ABOVE + BELOW) + ABOVE + row - OUT_ROWS) * OUT_COLUMNS;
  return &DY(f, d, row, 0);
}

/* dx[k][d][r][c] (+)= sum over f, a, u, v of w[f][k][a][u][v] times
   dy[f][(d + P - a*D)/S][(r + P - u*D)/S][(c + P - v*D)/S], where that divides and is inside; for a tile of channels x
   columns that begins at a multiple of the stride. Only an `edge` tile has to check whether a column is inside; there
   `c` is a constant, so the compiler knows. b is NULL but for upconv.h. */
INLINE void input_tile(const vec *restrict dy, const vec *restrict halo, const float *restrict w,
                       const float *restrict b, vec *restrict dx, const int accumulate, const int group, const int k,
                       const int d, const int r, const int c, const int channels, const int columns, const int edge) {
  vec acc[DOWN][ACROSS];
  const int filters = FILTERS / GROUPS;
  if (accumulate) /* fetch what is added to: it is in cache when the sums are done */
    UNROLL for (int i = 0; i < channels; i++)
      UNROLL for (int j = 0; j < columns; j++) __builtin_prefetch(&DX(group * PER_GROUP + k + i, d, r, c + j), 1);
  UNROLL for (int i = 0; i < channels; i++)
    UNROLL for (int j = 0; j < columns; j++) acc[i][j] = splat(b ? b[group * PER_GROUP + k + i] : 0.0f);
  for (int a = 0; a < K_DEPTH; a++) {
    const int e = d + PAD_FRONT - a * D_DEPTH;
    if (e % S_DEPTH || e / S_DEPTH < 0 || e / S_DEPTH >= OUT_DEPTH) continue;
    for (int u = 0; u < K_ROWS; u++) {
      const int q = r + PAD_TOP - u * D_ROWS;
      if (q % S_ROWS || q / S_ROWS < -ABOVE || q / S_ROWS >= OUT_ROWS + BELOW) continue;
      for (int f = group * filters; f < (group + 1) * filters; f++) {
        const vec *row = gradient_row(dy, halo, f, e / S_DEPTH, q / S_ROWS) + c / S_COLUMNS;
        const float *taps = w + (f * PER_GROUP + k) * VOLUME + LAYER(a) + u * K_COLUMNS;
        UNROLL for (int v = 0; v < K_COLUMNS; v++)
          UNROLL for (int j = 0; j < columns; j++) {
            const int p = j + PAD_LEFT - v * D_COLUMNS + FAR * S_COLUMNS; /* in columns from c, shifted far above zero */
            const int at = p / S_COLUMNS - FAR;
            if (p % S_COLUMNS || (edge && (c / S_COLUMNS + at < 0 || c / S_COLUMNS + at >= OUT_COLUMNS))) continue;
            UNROLL for (int i = 0; i < channels; i++) acc[i][j] += taps[i * VOLUME + TAP(u, v)] * row[at];
          }
      }
    }
  }
  UNROLL for (int i = 0; i < channels; i++)
    UNROLL for (int j = 0; j < columns; j++) {
      vec *to = &DX(group * PER_GROUP + k + i, d, r, c + j);
      *to = accumulate ? *to + acc[i][j] : acc[i][j];
    }
}

/* db[f] += sum of dy[f]. */
INLINE void bias_gradient(const vec *restrict dy, float *restrict db, const int filters, const int plane) {
  for (int f = 0; f < filters; f++) {
    vec total = splat(0);
    for (int i = 0; i < plane; i++) total += dy[f * plane + i];
    db[f] += sum(total);
  }
}

/* One image: x[frame][row][column][channel] with X_STEP floats per pixel, w[a][u][v][channel][filter], filters in whole
   vecs; a tile of columns x vecs of filters. */
#define F_VECS ((FILTERS + LANES - 1) / LANES)
INLINE void one_tile(const float *restrict x, const vec *restrict w, const vec *restrict b, vec *restrict y,
                     const int r, const int c, const int f, const int columns, const int vecs) {
  vec acc[TILE][TILE];
  UNROLL for (int i = 0; i < columns; i++)
    UNROLL for (int j = 0; j < vecs; j++) acc[i][j] = BIAS ? b[f + j] : splat(0);
  const int d = OUT_DEPTH > 1 ? r / OUT_ROWS : 0, in_frame = r - d * OUT_ROWS;
  for (int a = 0; a < K_DEPTH; a++) {
    if (!IS_FRAME(FRAME(d, a))) continue;
    for (int u = 0; u < K_ROWS; u++)
      for (int v = 0; v < K_COLUMNS; v++) {
        const int row = FRAME(d, a) * X_ROWS + in_frame * S_ROWS + u * D_ROWS + X_TOP;
        const float *seen = x + (row * X_COLUMNS + c * S_COLUMNS + v * D_COLUMNS + X_LEFT) * X_STEP;
        const vec *taps = w + ((a * K_ROWS + u) * K_COLUMNS + v) * CHANNELS * F_VECS + f;
        for (int k = 0; k < CHANNELS; k++)
          UNROLL for (int j = 0; j < vecs; j++) {
            const vec tap = taps[k * F_VECS + j];
            UNROLL for (int i = 0; i < columns; i++) acc[i][j] += seen[i * S_COLUMNS * X_STEP + k] * tap;
          }
      }
  }
  UNROLL for (int i = 0; i < columns; i++)
    UNROLL for (int j = 0; j < vecs; j++) y[((r + Y_TOP) * Y_COLUMNS + c + i + Y_LEFT) * F_VECS + f + j] = acc[i][j];
}
