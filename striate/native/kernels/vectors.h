/* One image of the mini-batch per lane: a `vec` holds the same entry of LANES images.

   A map is a row of vecs, x[channel][row][column]; so each layer is a vector operation whatever its number of channels.
   LANES comes from the machine: 16 with AVX-512, 8 with AVX2, 4 with NEON or nothing. */
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t ints __attribute__((vector_size(LANES * 4)));

#define INLINE static inline __attribute__((always_inline, unused))
#define TILE 32 /* sides of a register tile at most; what a tile does not use costs nothing */
#ifdef __clang__ /* for functions that many layers call with different sizes: compiled once, not once per layer */
#define ONCE static __attribute__((noinline, unused))
#else
#define ONCE static __attribute__((noinline, noclone, unused))
#endif
#define UNROLL _Pragma("GCC unroll 64")

#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (ints){__VA_ARGS__})
#endif

INLINE vec splat(float value) { return (vec){} + value; }

INLINE vec choose(ints mask, vec yes, vec no) { return (vec)((mask & (ints)yes) | (~mask & (ints)no)); }

/* b where either is not a number: so the data come second, and a NaN stays one. */
INLINE vec larger(vec a, vec b) { return choose(a > b, a, b); }

INLINE vec smaller(vec a, vec b) { return choose(a < b, a, b); }

/* Swaps the blocks beside the diagonal in the rows i and i + s of a square. Four such rounds (s = 1, 2, 4, 8)
   transpose 16 rows; adding the two instead of keeping both sums each row's lanes into one lane. */
#if LANES == 16
#define LOW1(a, b) SHUFFLE(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
#define HIGH1(a, b) SHUFFLE(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31)
#define LOW2(a, b) SHUFFLE(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH2(a, b) SHUFFLE(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define LOW4(a, b) SHUFFLE(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
#define HIGH4(a, b) SHUFFLE(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#define LOW8(a, b) SHUFFLE(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define HIGH8(a, b) SHUFFLE(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#elif LANES == 8
#define LOW1(a, b) SHUFFLE(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
#define HIGH1(a, b) SHUFFLE(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#define LOW2(a, b) SHUFFLE(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define HIGH2(a, b) SHUFFLE(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define LOW4(a, b) SHUFFLE(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define HIGH4(a, b) SHUFFLE(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
#else
#define LOW1(a, b) SHUFFLE(a, b, 0, 4, 2, 6)
#define HIGH1(a, b) SHUFFLE(a, b, 1, 5, 3, 7)
#define LOW2(a, b) SHUFFLE(a, b, 0, 1, 4, 5)
#define HIGH2(a, b) SHUFFLE(a, b, 2, 3, 6, 7)
#endif

#define TRANSPOSE_ROUND(s)                                    \
  UNROLL for (int i = 0; i < LANES; i++) if (!(i & s)) {      \
    const vec a = rows[i], b = rows[i + s];                   \
    rows[i] = LOW##s(a, b), rows[i + s] = HIGH##s(a, b);      \
  }

/* LANES rows in place: rows[i][j] and rows[j][i] change places. */
INLINE void transpose(vec *rows) {
  TRANSPOSE_ROUND(1)
  TRANSPOSE_ROUND(2)
#if LANES >= 8
  TRANSPOSE_ROUND(4)
#endif
#if LANES >= 16
  TRANSPOSE_ROUND(8)
#endif
}

#define SUM_ROUND(s) \
  UNROLL for (int i = 0; i < LANES; i += 2 * s) rows[i] = LOW##s(rows[i], rows[i + s]) + HIGH##s(rows[i], rows[i + s]);

/* Lane i of the result is the sum of rows[i]'s lanes. Changes the rows. */
INLINE vec sums(vec *rows) {
  SUM_ROUND(1)
  SUM_ROUND(2)
#if LANES >= 8
  SUM_ROUND(4)
#endif
#if LANES >= 16
  SUM_ROUND(8)
#endif
  return rows[0];
}

/* The sum of a vec's lanes. */
INLINE float sum(vec v) {
  float total = 0;
  for (int i = 0; i < LANES; i++) total += v[i];
  return total;
}

/* exp(x) to a few units in the last place: x = n ln 2 + r, and a polynomial of r. */
INLINE vec exponential(vec x) {
  x = smaller(splat(88.0f), larger(splat(-87.0f), x));
  const vec scaled = x * 1.44269504f;
  const ints n = __builtin_convertvector(scaled + choose(scaled < 0, splat(-0.5f), splat(0.5f)), ints);
  const vec whole = __builtin_convertvector(n, vec);
  const vec r = (x - whole * 0.693145752f) - whole * 1.42860677e-6f;
  vec p = splat(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return p * (vec)((n + 127) << 23);
}
