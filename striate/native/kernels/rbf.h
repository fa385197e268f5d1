/* LeNet-5's output units: minus the squared distance to each unit's prototype, p[unit][input]. Nothing is trained. */
#pragma once
#include "vectors.h"

/* y[u] = - sum over k of (x[k] - p[u][k])^2. */
INLINE void rbf_forward(const vec *restrict x, const float *restrict p, vec *restrict y, const int inputs,
                        const int units) {
  for (int u = 0; u < units; u++) {
    vec total = splat(0);
    for (int k = 0; k < inputs; k++) {
      const vec apart = x[k] - p[(long)u * inputs + k];
      total -= apart * apart;
    }
    y[u] = total;
  }
}

/* dx[k] (+)= - sum over u of 2 (x[k] - p[u][k]) * dy[u]. */
INLINE void rbf_backward(const vec *restrict x, const float *restrict p, const vec *restrict dy, vec *restrict dx,
                         const int accumulate, const int inputs, const int units) {
  for (int k = 0; k < inputs; k++) {
    vec total = splat(0);
    for (int u = 0; u < units; u++) total += (p[(long)u * inputs + k] - x[k]) * dy[u];
    dx[k] = accumulate ? dx[k] + 2 * total : 2 * total;
  }
}
