/* One step of each optimiser over the parameters from `first` to `last`; g is the gradient, m and v what the
   optimiser remembers. */
#pragma once
#include <math.h>
#include <stdint.h>

enum optimizer { SGD = 0, MOMENTUM = 1, NESTEROV = 2, ADAGRAD = 3, RMSPROP = 4, ADAM = 5, ADAMW = 6 };

struct rule {
  enum optimizer kind;
  float rate, decay, l1, momentum, eps, beta1, beta2;
  float correct1, correct2; /* Adam's corrections of this step's means: 1 - beta^step */
  float clip;               /* the longest that the gradient may be; 0 for no limit */
};

/* Parameters from `first` to `last` that learn at a share of the rate, and Adam's corrections for the steps since. */
struct range {
  int64_t first, last;
  float share, correct1, correct2;
};

#define EACH_PARAMETER for (long i = first; i < last; i++)

static void optimize(const struct rule *rule, float *restrict w, const float *restrict g, float *restrict m,
                     float *restrict v, long first, long last, int penalised) {
  const float rate = rule->rate, eps = rule->eps, momentum = rule->momentum;
  const float l1 = penalised ? rule->l1 : 0, decay = penalised && rule->kind != ADAMW ? rule->decay : 0;
  const float kept = penalised && rule->kind == ADAMW ? 1 - rate * rule->decay : 1;
#define GRADIENT (g[i] + decay * w[i] + l1 * ((w[i] > 0) - (w[i] < 0)))
  switch (rule->kind) {
    case SGD: EACH_PARAMETER w[i] -= rate * GRADIENT; break;
    case MOMENTUM:
      EACH_PARAMETER {
        m[i] = momentum * m[i] + GRADIENT;
        w[i] -= rate * m[i];
      }
      break;
    case NESTEROV:
      EACH_PARAMETER {
        const float d = GRADIENT;
        m[i] = momentum * m[i] + d;
        w[i] -= rate * (d + momentum * m[i]);
      }
      break;
    case ADAGRAD:
      EACH_PARAMETER {
        const float d = GRADIENT;
        v[i] += d * d;
        w[i] -= rate * d / (sqrtf(v[i]) + eps);
      }
      break;
    case RMSPROP:
      EACH_PARAMETER {
        const float d = GRADIENT;
        v[i] = rule->beta2 * v[i] + (1 - rule->beta2) * d * d;
        w[i] -= rate * d / (sqrtf(v[i]) + eps);
      }
      break;
    case ADAM:
    case ADAMW: {
      const float step = rate / rule->correct1, root = 1 / sqrtf(rule->correct2);
      EACH_PARAMETER {
        const float d = GRADIENT;
        m[i] += (1 - rule->beta1) * (d - m[i]);
        v[i] = rule->beta2 * v[i] + (1 - rule->beta2) * d * d;
        w[i] = kept * w[i] - step * m[i] / (sqrtf(v[i]) * root + eps);
      }
    }
  }
#undef GRADIENT
}
