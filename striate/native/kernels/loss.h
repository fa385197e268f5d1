/* Losses: each image's, and the gradient of the batch's mean by the outputs. `labels` has one class per lane. */
#pragma once
#include "activation.h"
#include "maps.h"
#include "vectors.h"

#define RUBBISH -0.1f

struct seen {
  double loss; /* summed over images */
  int64_t correct;
};

INLINE void count_correct(const vec *y, const int32_t *labels, const int count, const int classes, struct seen *seen) {
  for (int n = 0; n < count; n++) {
    int best = 0;
    for (int k = 1; k < classes; k++) best = y[k][n] > y[best][n] ? k : best;
    seen->correct += best == labels[n];
  }
}

/* -log softmax(y)[label]; its gradient is softmax(y) less 1 at the label. With `rubbish` one more class, which is never
   right, always has the output RUBBISH. */
INLINE void softmax_loss(const vec *y, const int32_t *labels, vec *dy, const int count, const float share,
                         const int classes, struct seen *seen, const int rubbish) {
  vec most = rubbish ? splat(RUBBISH) : y[0];
  for (int k = 0; k < classes; k++) most = larger(y[k], most);
  vec total = rubbish ? exponential(RUBBISH - most) : splat(0);
  for (int k = 0; k < classes; k++) {
    dy[k] = exponential(y[k] - most);
    total += dy[k];
  }
  vec weight;
  for (int n = 0; n < LANES; n++) weight[n] = n < count ? share : 0;
  for (int k = 0; k < classes; k++) dy[k] = dy[k] / total * weight;
  for (int n = 0; n < count; n++) {
    seen->loss += logf(total[n]) + (most[n] - y[labels[n]][n]); /* equal large numbers cancel first */
    dy[labels[n]][n] -= share;
  }
}

INLINE void cross_entropy(const vec *y, const int32_t *labels, vec *dy, const int count, const float share,
                          const int classes, struct seen *seen) {
  softmax_loss(y, labels, dy, count, share, classes, seen, 0);
}

/* The sum over classes of -share log softmax(y), `rows` having one image's shares per lane, which are 1 together or, of
   an image that counts for more or less, its weight; right is the class of the largest share. */
INLINE void soft_cross_entropy(const vec *y, const float *const *rows, vec *dy, const int count, const float share,
                               const int classes, struct seen *seen) {
  int32_t labels[LANES];
  for (int n = 0; n < count; n++) {
    labels[n] = 0;
    for (int k = 1; k < classes; k++) labels[n] = rows[n][k] > rows[n][labels[n]] ? k : labels[n];
  }
  count_correct(y, labels, count, classes, seen);
  vec most = y[0], total = splat(0);
  for (int k = 1; k < classes; k++) most = larger(y[k], most);
  for (int k = 0; k < classes; k++) {
    dy[k] = exponential(y[k] - most);
    total += dy[k];
  }
  vec weight = splat(0);
  for (int n = 0; n < count; n++)
    for (int k = 0; k < classes; k++) weight[n] += share * rows[n][k];
  for (int k = 0; k < classes; k++) dy[k] = dy[k] / total * weight;
  for (int n = 0; n < count; n++)
    for (int k = 0; k < classes; k++) {
      seen->loss += rows[n][k] * (logf(total[n]) + (most[n] - y[k][n]));
      dy[k][n] -= share * rows[n][k];
    }
}

/* LeNet-5's criterion; the outputs are minus distances, and "rubbish" is at distance 0.1. */
INLINE void map_criterion(const vec *y, const int32_t *labels, vec *dy, const int count, const float share,
                          const int classes, struct seen *seen) {
  softmax_loss(y, labels, dy, count, share, classes, seen, 1);
}

/* The mean over classes of (y - 1 at the label, else 0)^2. */
INLINE void squared_error(const vec *y, const int32_t *labels, vec *dy, const int count, const float share,
                          const int classes, struct seen *seen) {
  for (int k = 0; k < classes; k++)
    for (int n = 0; n < LANES; n++) {
      const float apart = n < count ? y[k][n] - (labels[n] == k) : 0;
      seen->loss += (double)apart * apart / classes;
      dy[k][n] = 2 * apart * share / classes;
    }
}

/* The mean over entries of (y - target)^2; `rows` has one image's targets per lane. */
INLINE void mean_square(const vec *y, const float *const *rows, vec *dy, const int count, const float share,
                        const int entries, struct seen *seen) {
  double total[LANES] = {0};
  for (int k = 0; k < entries; k++) {
    vec apart = splat(0);
    for (int n = 0; n < count; n++) apart[n] = y[k][n] - rows[n][k];
    for (int n = 0; n < LANES; n++) total[n] += (double)apart[n] * apart[n];
    dy[k] = apart * (2 * share / entries);
  }
  for (int n = 0; n < count; n++) seen->loss += total[n] / entries;
}

/* Sum over the other classes of max(0, y[k] - y[label] + 1). */
INLINE void hinge(const vec *y, const int32_t *labels, vec *dy, const int count, const float share, const int classes,
                  struct seen *seen) {
  for (int k = 0; k < classes; k++) dy[k] = splat(0);
  for (int n = 0; n < count; n++)
    for (int k = 0; k < classes; k++) {
      const float over = y[k][n] - y[labels[n]][n] + 1;
      if (k == labels[n] || over <= 0) continue;
      seen->loss += over;
      dy[k][n] += share, dy[labels[n]][n] -= share;
    }
}

/* For each label -log p where it is there and -log(1 - p) where not, p = 1 / (1 + exp(-y)). `labels` has one image's 0
   and 1 per lane. */
INLINE void binary_cross_entropy(const vec *y, const uint8_t *const *labels, vec *dy, const int count, const float share,
                                 const int classes, struct seen *seen) {
  for (int k = 0; k < classes; k++) {
    vec sign = splat(1), weight = splat(0); /* -1 where the label is there: both cases are then log(1 + exp(sign y)) */
    for (int n = 0; n < count; n++) sign[n] = labels[n][k] ? -1 : 1, weight[n] = share;
    const vec each = softplus(sign * y[k]);
    dy[k] = sign * logistic(sign * y[k]) * weight;
    for (int n = 0; n < count; n++) {
      seen->loss += each[n];
      seen->correct += (y[k][n] >= 0) == (sign[n] < 0);
    }
  }
}

/* -log softmax(y)[label] at each position that counts, times its class's weight where there are weights; its gradient,
   times `share`, at those and 0 elsewhere. `masks` has one image's classes per lane; m is the layout of y and of its
   gradient. */
INLINE void pixel_cross_entropy(const vec *y, const uint8_t *const *masks, vec *dy, const int count, const float share,
                                const float *weights, const struct map m, struct seen *seen) {
  for (int r = 0; r < m.rows; r++)
    for (int c = 0; c < m.columns; c++) {
      const int place = r * m.columns + c;
      vec most = y[AT(m, 0, r, c)], total = splat(0), weight = splat(0);
      for (int k = 1; k < m.channels; k++) most = larger(y[AT(m, k, r, c)], most);
      for (int k = 0; k < m.channels; k++) {
        dy[AT(m, k, r, c)] = exponential(y[AT(m, k, r, c)] - most);
        total += dy[AT(m, k, r, c)];
      }
      for (int n = 0; n < count; n++) {
        const int label = masks[n][place];
        weight[n] = label == IGNORED ? 0 : weights ? share * weights[label] : share;
      }
      for (int k = 0; k < m.channels; k++) dy[AT(m, k, r, c)] *= weight / total;
      for (int n = 0; n < count; n++) {
        const int label = masks[n][place];
        if (label == IGNORED) continue;
        const float right = y[AT(m, label, r, c)][n];
        seen->loss += (logf(total[n]) + (most[n] - right)) * (weights ? weights[label] : 1);
        seen->correct += right == most[n];
        dy[AT(m, label, r, c)][n] -= weight[n];
      }
    }
}
