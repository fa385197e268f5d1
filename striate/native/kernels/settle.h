/* Batch norm between two phases: from the groups' statistics to the numbers that every entry of a channel needs. */
#include "norm.h"

enum { MEAN, INVERSE, SCALE, SHIFT, ALL, ALONG };
#define ST(which, first) (st + (which) * NORMALISED + (first))

/* Without weight and bias, which are NULL then, every channel is scaled by 1 and shifted by 0. */
static void bn_scale(float *st, const float *weight, const float *bias, int first, int channels) {
  for (int k = 0; k < channels; k++) {
    ST(SCALE, first)[k] = (weight ? weight[k] : 1) * ST(INVERSE, first)[k];
    ST(SHIFT, first)[k] = (bias ? bias[k] : 0) - ST(MEAN, first)[k] * ST(SCALE, first)[k];
  }
}

/* The batch's mean and variance; the running ones move towards them by the momentum, the variance towards its
   unbiased estimate. An image is in `strips` lanes, each with `plane` entries. */
static void bn_settle(struct net *n, float *st, const float *weight, const float *bias, int first, int channels,
                      int plane, int strips, float eps, float momentum, int keeps) {
  const struct moments *groups = n->moments + (long)first * n->most;
  for (int k = 0; k < channels; k++) {
    float mean, variance;
    bn_combine(groups, channels, k, n->count * strips, IMAGES * strips, plane, &mean, &variance);
    ST(MEAN, first)[k] = mean;
    ST(INVERSE, first)[k] = 1 / sqrtf(variance + eps);
    if (!keeps) continue;
    const float entries = (float)n->count * strips * plane;
    const float unbiased = entries > 1 ? variance * entries / (entries - 1) : variance;
    float *running = n->buffers + first + k, *spread = n->buffers + NORMALISED + first + k;
    *running += momentum * (mean - *running);
    *spread += momentum * (unbiased - *spread);
  }
  bn_scale(st, weight, bias, first, channels);
}

static void bn_recall(struct net *n, float *st, const float *weight, const float *bias, int first, int channels,
                      float eps) {
  for (int k = 0; k < channels; k++) {
    ST(MEAN, first)[k] = n->buffers[first + k];
    ST(INVERSE, first)[k] = 1 / sqrtf(n->buffers[NORMALISED + first + k] + eps);
  }
  bn_scale(st, weight, bias, first, channels);
}

/* The batch's sums of dy and of dy times the normalised x: the bias' and the weight's gradients, and a and b of dx. */
static void bn_settle_back(struct net *n, float *st, int first, int channels, int plane, float *dweight, float *dbias,
                           int keeps) {
  const double entries = (double)n->count * plane;
  for (int k = 0; k < channels; k++) {
    double all = 0, along = 0;
    for (int g = 0; g < n->groups; g++) {
      const float *sums = n->sums + 2 * ((long)first * n->most + (long)g * channels + k);
      all += sums[0], along += sums[1];
    }
    ST(ALL, first)[k] = all / entries;
    ST(ALONG, first)[k] = along / entries * ST(INVERSE, first)[k];
    if (keeps && dweight) dweight[k] += along, dbias[k] += all;
  }
}
