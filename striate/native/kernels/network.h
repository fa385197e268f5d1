/* What every network has: its memory, a training step, evaluation. The network's own sizes come before this,
   its `forward` and `train` after it. Images come as pointers to their numbers; IMAGES of them make a group. */
#include "loss.h"
#include "optimizer.h"
#include "threads.h"

struct alone;
struct library;
struct net {
  struct pool pool;
  int most;                          /* groups that a step can take */
  float *weights, *mean, *square;    /* the parameters and what the optimiser remembers of each */
  float *buffers;                    /* running statistics */
  float *gradients;                  /* one set per thread */
  vec *scratch;                      /* SCRATCH vecs per thread: what lives within a phase */
  vec *kept;                         /* KEPT vecs per group: what lives from one phase to another */
  struct moments *moments;           /* a group's statistics of each normalised channel */
  float *sums;
  float *statistics;                 /* a thread's own numbers for normalised channels */
  struct seen *seen;                 /* PARTS per thread: one for each part of the loss */
  double *squares;                   /* of the gradients of a thread's share of the parameters, summed */
  struct alone *alone;               /* for single images */
  struct library *library;           /* tables of word vectors */
  float *turned;                     /* what steps compute from their weights whenever these have changed */
  vec *workspace;                    /* WORKSPACE vecs per thread, used by one step after another */
  float *moved;                      /* IMAGES images per thread, while they are moved */
  /* of the current step */
  const float *images;               /* one after another */
  const int64_t *rows;               /* which of them, or NULL for all in their order */
  const void *const *targets;        /* of each part, as its loss reads them */
  const double *over;                /* of each part: what its loss is a mean over, images or positions */
  const struct moves *moves;         /* or NULL */
  int count, groups;
  uint32_t seed;
  struct rule rule;
  const struct range *ranges;        /* the parameters that learn; NULL where all do, at one rate */
  int num_ranges;
  float *outputs;
  const float *given;                /* GIVEN: the gradients of the outputs */
};

static void free_alone(struct net *n);
static void close_library(struct library *library);
static struct library *open_library(long images);
static void list_words(struct net *n);
static void catch_up_touched(struct net *n, int thread);
static void add_words(struct net *n, int thread);
static double squares_of_words(struct net *n, int thread, float scale);
static void learn_words(struct net *n, int thread);
static void remember(struct net *n);
void settle(struct net *n);

static long at_least_one(long n) { return n > 0 ? n : 1; }

/* Zeroed memory, aligned for vecs. The system provides large blocks only as they are touched, so a start need not wait. */
static void *zeros(long bytes) {
  char *memory = calloc(1, at_least_one(bytes) + 128);
  if (!memory) return NULL;
  char *aligned = (char *)(((uintptr_t)memory + 127) / 64 * 64); /* leaves space for a pointer before it */
  ((void **)aligned)[-1] = memory;
  return aligned;
}

static void release(void *aligned) {
  if (aligned) free(((void **)aligned)[-1]);
}

void destroy(struct net *n) {
  if (!n) return;
  if (n->pool.threads) stop(&n->pool);
  void *owned[] = {n->weights, n->mean, n->square, n->buffers, n->gradients, n->scratch,
                   n->kept,    n->moments, n->sums, n->statistics, n->seen,
                   n->moved,   n->turned,  n->workspace, n->squares};
  for (unsigned i = 0; i < sizeof owned / sizeof *owned; i++) release(owned[i]);
  free_alone(n);
  close_library(n->library);
  free(n);
}

static int groups_of(int images) { return (images + IMAGES - 1) / IMAGES; }

/* Memory for steps of up to `images` images; NULL where there is not enough memory. */
struct net *create(int threads, int images) {
  struct net *n = calloc(1, sizeof *n);
  if (!n) return NULL;
  n->most = groups_of(images) > threads ? groups_of(images) : threads;
  n->weights = zeros(sizeof(float) * PARAMETERS);
  n->mean = zeros(sizeof(float) * PARAMETERS);
  n->square = zeros(sizeof(float) * PARAMETERS);
  n->buffers = zeros(sizeof(float) * BUFFERS);
  n->gradients = zeros(sizeof(float) * PARAMETERS * threads);
  n->scratch = zeros(sizeof(vec) * SCRATCH * threads);
  n->kept = zeros(sizeof(vec) * KEPT * n->most);
  n->moments = zeros(sizeof(struct moments) * NORMALISED * n->most);
  n->sums = zeros(sizeof(float) * 2 * NORMALISED * n->most);
  n->statistics = zeros(sizeof(float) * 6 * NORMALISED * threads);
  n->seen = zeros(sizeof(struct seen) * PARTS * threads);
  n->squares = zeros(sizeof(double) * threads);
  n->moved = zeros(sizeof(float) * IMAGES * VALUES * threads);
  n->turned = zeros(sizeof(float) * TURNED);
  n->workspace = zeros(sizeof(vec) * WORKSPACE * threads);
  n->library = open_library(n->most * (long)IMAGES);
  if (!n->library || !n->weights || !n->mean || !n->square || !n->buffers || !n->gradients || !n->scratch || !n->kept || !n->moments ||
      !n->sums || !n->statistics || !n->seen || !n->squares || !n->moved || !n->turned || !n->workspace) {
    destroy(n);
    return NULL;
  }
  start(&n->pool, threads);
  return n;
}

/* A group's images, moved where the step asks for it, one per lane. */
static void take_images(struct net *n, int thread, int group, int count, vec *x) {
  const float *images[IMAGES];
  for (int i = 0; i < count; i++) {
    const long at = group * (long)IMAGES + i;
    images[i] = n->images + (n->rows ? n->rows[at] : at) * VALUES;
    if (!n->moves) continue;
    float *to = n->moved + (thread * (long)IMAGES + i) * VALUES;
    move_image(images[i], to, IMAGE, n->moves, at);
    images[i] = to;
  }
  pack(images, count, x, INPUT, STRIPS);
}

float *weights(struct net *n) { return n->weights; }
float *mean(struct net *n) { return n->mean; }
float *square(struct net *n) { return n->square; }
float *buffers(struct net *n) { return n->buffers; }
float *gradients(struct net *n) { return n->gradients; }
vec *scratch(struct net *n) { return n->scratch; }
vec *kept(struct net *n) { return n->kept; }

/* The groups from *first up to *last are this thread's. */
static void share_of(const struct net *n, int thread, int *first, int *last) {
  *first = (long)n->groups * thread / n->pool.threads;
  *last = (long)n->groups * (thread + 1) / n->pool.threads;
}

static int images_in(const struct net *n, int group) {
  const int left = n->count - group * IMAGES;
  return left < IMAGES ? left : IMAGES;
}

static void train(struct net *n, int thread);
#if GIVEN
static void train_back(struct net *n, int thread);
#endif
static void turn(struct net *n, int thread);
static void forward(struct net *n, vec *scratch, vec *kept, const float *st, int thread, int group);
static void recall(struct net *n, float *st);
static void give(const vec *scratch, const vec *kept, int count, float *to);

/* Steps with the parameters from `first` to `last`. */
static void optimize_part(struct net *n, const struct rule *rule, long first, long last) {
  const long middle = first > PENALISED ? first : last < PENALISED ? last : PENALISED;
  optimize(rule, n->weights, n->gradients, n->mean, n->square, first, middle, 1);
  optimize(rule, n->weights, n->gradients, n->mean, n->square, middle, last, 0);
}

/* Steps with those of them that learn, each at its own rate. */
static void optimize_ranges(struct net *n, long first, long last) {
  for (const struct range *r = n->ranges; r < n->ranges + n->num_ranges; r++) {
    struct rule rule = n->rule;
    rule.rate *= r->share, rule.correct1 = r->correct1, rule.correct2 = r->correct2;
    const long from = first > r->first ? first : r->first, to = last < r->last ? last : r->last;
    if (from < to) optimize_part(n, &rule, from, to);
  }
}

/* This thread's share of the parameters, but for tables of words. */
static void parameters_of(const struct net *n, int thread, long *first, long *last) {
  const long vecs = DENSE / LANES;
  *first = vecs * thread / n->pool.threads * LANES, *last = vecs * (thread + 1) / n->pool.threads * LANES;
}

/* Adds up the threads' gradients of this thread's share, in the threads' order. */
static void add_gradients(struct net *n, int thread) {
  long first, last;
  parameters_of(n, thread, &first, &last);
  for (int t = 1; t < n->pool.threads; t++)
    for (long i = first; i < last; i++) n->gradients[i] += n->gradients[t * (long)PARAMETERS + i];
  add_words(n, thread);
}

static double squares(const struct net *n, long first, long last) {
  double total = 0;
  for (long i = first; i < last; i++) total += (double)n->gradients[i] * n->gradients[i];
  return total;
}

/* The same of those that learn. */
static double squares_of_ranges(const struct net *n, long first, long last) {
  double total = 0;
  for (const struct range *r = n->ranges; r < n->ranges + n->num_ranges; r++)
    total += squares(n, first > r->first ? first : r->first, last < r->last ? last : r->last);
  return total;
}

/* Shortens the gradient of all parameters together to the rule's length, where it is longer (Pascanu et al. 2013). */
static void clip_gradients(struct net *n, int thread) {
  long first, last;
  parameters_of(n, thread, &first, &last);
  double total = squares_of_words(n, thread, 1);
  total += n->ranges ? squares_of_ranges(n, first, last) : squares(n, first, last);
  n->squares[thread] = total;
  barrier(&n->pool);
  double all = 0;
  for (int t = 0; t < n->pool.threads; t++) all += n->squares[t];
  const float scale = n->rule.clip / (sqrt(all) + 1e-6); /* as PyTorch's clip_grad_norm_ */
  if (scale >= 1) return;
  for (long i = first; i < last; i++) n->gradients[i] *= scale;
  squares_of_words(n, thread, scale);
}

/* Steps with this thread's share of the parameters. */
static void update(struct net *n, int thread) {
  long first, last;
  parameters_of(n, thread, &first, &last);
  if (n->ranges) optimize_ranges(n, first, last);
  else optimize_part(n, &n->rule, first, last);
}

static void work_there(void *given, int thread) {
  struct net *n = given;
  memset(n->gradients + thread * (long)PARAMETERS, 0, sizeof(float) * DENSE);
  memset(n->seen + thread * PARTS, 0, sizeof(struct seen) * PARTS);
  catch_up_touched(n, thread);
  if (NUM_TABLES) barrier(&n->pool);
  turn(n, thread);
  train(n, thread);
}

static void work_learn(struct net *n, int thread) {
  barrier(&n->pool);
  add_gradients(n, thread);
  if (n->rule.rate < 0) return; /* only the gradients were asked for */
  if (n->rule.clip) clip_gradients(n, thread);
  update(n, thread);
  learn_words(n, thread);
}

/* Images of the step that begins, which of them, its dropout's seed and how they are moved. */
static void take_batch(struct net *n, const float *images, const int64_t *rows, int count, uint32_t seed,
                       const struct moves *moves) {
  n->images = images, n->rows = rows, n->count = count, n->groups = groups_of(count), n->seed = seed, n->moves = moves;
  list_words(n);
}

#if GIVEN
static void work_back(void *given, int thread) {
  train_back(given, thread);
  work_learn(given, thread);
}

/* The outputs of a step that trains, heads on the side included, one image's numbers after another's. */
void begin(struct net *n, const float *images, const int64_t *rows, int count, uint32_t seed, const struct moves *moves,
           float *outputs) {
  take_batch(n, images, rows, count, seed, moves);
  n->outputs = outputs;
  run(&n->pool, work_there, n);
}

/* The rest of that step, with the gradient of the loss by each of these outputs. */
void finish(struct net *n, const float *gradients, const struct rule *rule) {
  n->given = gradients, n->rule = *rule;
  run(&n->pool, work_back, n);
  remember(n);
}
#else
static void work_step(void *given, int thread) {
  work_there(given, thread);
  work_learn(given, thread);
}

/* One step down the gradient of the mean loss over `count` of the images, with the targets of each; the loss of each
   part goes to `seen`. */
void step(struct net *n, const float *images, const int64_t *rows, const void *const *targets, int count,
          const double *over, uint32_t seed, const struct moves *moves, const struct rule *rule, struct seen *seen) {
  take_batch(n, images, rows, count, seed, moves);
  n->targets = targets, n->over = over, n->rule = *rule;
  run(&n->pool, work_step, n);
  remember(n);
  for (int p = 0; p < PARTS; p++) {
    seen[p] = (struct seen){0};
    for (int t = 0; t < n->pool.threads; t++)
      seen[p].loss += n->seen[t * PARTS + p].loss, seen[p].correct += n->seen[t * PARTS + p].correct;
    seen[p].loss /= over[p];
  }
}
#endif

/* From here on only the parameters of these ranges learn; of NULL all. The caller keeps their memory. */
void learn_by(struct net *n, const struct range *ranges, int count) { n->ranges = ranges, n->num_ranges = count; }

static void work_evaluate(void *given, int thread) {
  struct net *n = given;
  int first, last;
  share_of(n, thread, &first, &last);
  vec *scratch = n->scratch + thread * (long)SCRATCH, *kept = n->kept + thread * (long)KEPT;
  float *st = n->statistics + thread * 6l * NORMALISED;
  recall(n, st);
  turn(n, thread);
  for (int g = first; g < last; g++) {
    forward(n, scratch, kept, st, thread, g);
    give(scratch, kept, images_in(n, g), n->outputs + (long)g * IMAGES * ENTRIES);
  }
}

/* The outputs of `count` images, ENTRIES numbers each; any number of them. */
void evaluate(struct net *n, const float *images, int count, float *outputs) {
  n->images = images, n->rows = NULL, n->count = count, n->groups = groups_of(count), n->outputs = outputs;
  n->moves = NULL;
  settle(n);
  run(&n->pool, work_evaluate, n);
}
