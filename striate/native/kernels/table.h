/* Tables of word vectors: large, and a step reads few of their rows. Only these have gradients, so the gradients of a step
   are kept word by word and added up row by row, each thread its own columns, always in the same order.

   The optimiser would move every row in every step: most rules go on moving a weight after its gradient is 0. Here a row
   is moved when it is read next, by all the steps that it has missed, one after another: the same numbers in the same
   order, but from the cache. After REMEMBERED steps, and before anybody looks, all rows are brought up to date. */
#define REMEMBERED 64

struct table {
  long first; /* of its entries among all parameters */
  int rows, width, words; /* width: floats from a row to the next; words: that an image has */
  long row, vector; /* its first among the rows of all tables, and among the vectors of an image, in floats */
};
static const struct table tables[NUM_TABLES + 1] = {TABLES};

struct library {
  int *words; /* of the step's images, one after another */
  int *touched, num_touched[NUM_TABLES + 1]; /* the rows of each table that the step reads, each once */
  int *listed, steps; /* for every row the number of the step that listed it last; steps so far */
  int *done, remembered; /* how many of the steps that are remembered a row has done */
  struct rule history[REMEMBERED];
  vec *vectors; /* gradients of the step's words */
  float *none; /* a gradient of zeros */
};
#define EACH_TABLE(t) for (const struct table *t = tables; t < tables + NUM_TABLES; t++)

static void close_library(struct library *l) {
  if (!l) return;
  void *owned[] = {l->words, l->touched, l->listed, l->done, l->vectors, l->none};
  for (unsigned i = 0; i < sizeof owned / sizeof *owned; i++) release(owned[i]);
  free(l);
}

/* For steps of up to `images` images; NULL where there is not enough memory. */
static struct library *open_library(long images) {
  struct library *l = calloc(1, sizeof *l);
  if (!l) return NULL;
  l->words = zeros(sizeof(int) * images * WORDS);
  l->touched = zeros(sizeof(int) * TABLE_ROWS), l->listed = zeros(sizeof(int) * TABLE_ROWS);
  l->done = zeros(sizeof(int) * TABLE_ROWS);
  l->vectors = zeros(sizeof(float) * images * VECTORS);
  l->none = zeros(sizeof(float) * WIDEST);
  if (l->words && l->touched && l->listed && l->done && l->vectors && l->none) return l;
  close_library(l);
  return NULL;
}

/* The gradients of an image's words. */
INLINE float *vectors_of(const struct library *l, const struct table *t, const long image) {
  return (float *)l->vectors + image * VECTORS + t->vector;
}

/* A share of `count` for each thread. */
#define SHARE(n, thread, count, from, to) \
  const long from = (long)(count) * (thread) / (n)->pool.threads, to = (long)(count) * ((thread) + 1) / (n)->pool.threads

/* Which rows the step reads; those of the step before have no gradient any more. */
static void list_words(struct net *n) {
  struct library *l = n->library;
  l->steps++;
  for (int i = 0; i < n->count; i++)
    for (int k = 0; k < WORDS; k++) l->words[i * (long)WORDS + k] = n->images[(n->rows ? n->rows[i] : i) * VALUES + k];
  EACH_TABLE(t) {
    int *touched = l->touched + t->row, *listed = l->listed + t->row, *num = &l->num_touched[t - tables];
    for (int i = 0; i < *num; i++)
      memset(n->gradients + t->first + touched[i] * (long)t->width, 0, sizeof(float) * t->width);
    *num = 0;
    for (long i = 0; i < n->count * (long)t->words; i++) {
      const int row = l->words[i];
      if (listed[row] == l->steps) continue;
      listed[row] = l->steps, touched[(*num)++] = row;
    }
  }
}

/* The steps that a row has missed. */
static void catch_up(struct net *n, const struct table *t, int row) {
  struct library *l = n->library;
  const long first = t->first + row * (long)t->width;
  for (int s = l->done[t->row + row]; s < l->remembered; s++)
    optimize(&l->history[s], n->weights + first, l->none, n->mean + first, n->square + first, 0, t->width, 1);
  l->done[t->row + row] = l->remembered;
}

static void catch_up_touched(struct net *n, int thread) {
  EACH_TABLE(t) {
    SHARE(n, thread, n->library->num_touched[t - tables], from, to);
    for (long i = from; i < to; i++) catch_up(n, t, n->library->touched[t->row + i]);
  }
}

/* Adds up the gradients of this thread's columns. */
static void add_words(struct net *n, int thread) {
  struct library *l = n->library;
  EACH_TABLE(t) {
    SHARE(n, thread, t->width / LANES, from, to);
    for (int i = 0; i < n->count; i++)
      for (int k = 0; k < t->words; k++) {
        vec *sum = (vec *)(n->gradients + t->first + l->words[i * (long)WORDS + k] * (long)t->width);
        const vec *word = (const vec *)(vectors_of(l, t, i) + k * (long)t->width);
        for (long j = from; j < to; j++) sum[j] += word[j];
      }
  }
}

/* Scales the gradients of this thread's columns; the sum of their squares. */
static double squares_of_words(struct net *n, int thread, float scale) {
  struct library *l = n->library;
  double total = 0;
  EACH_TABLE(t) {
    SHARE(n, thread, t->width / LANES, from, to);
    for (int i = 0; i < l->num_touched[t - tables]; i++) {
      float *row = n->gradients + t->first + l->touched[t->row + i] * (long)t->width;
      for (long j = from * LANES; j < to * LANES; j++) row[j] *= scale, total += (double)row[j] * row[j];
    }
  }
  return total;
}

/* Steps with this thread's columns. */
static void learn_words(struct net *n, int thread) {
  struct library *l = n->library;
  EACH_TABLE(t) {
    SHARE(n, thread, t->width / LANES, from, to);
    if (from == to) continue;
    for (int i = 0; i < l->num_touched[t - tables]; i++) {
      const long first = t->first + l->touched[t->row + i] * (long)t->width;
      optimize(&n->rule, n->weights, n->gradients, n->mean, n->square, first + from * LANES, first + to * LANES, 1);
    }
  }
}

static void work_settle(void *given, int thread) {
  struct net *n = given;
  EACH_TABLE(t) {
    SHARE(n, thread, t->rows, from, to);
    for (long row = from; row < to; row++) {
      catch_up(n, t, row);
      n->library->done[t->row + row] = 0;
    }
  }
}

/* Every row as if it had been moved in every step. */
void settle(struct net *n) {
  if (!n->library->remembered) return;
  run(&n->pool, work_settle, n);
  n->library->remembered = 0;
}

/* The rows that the step has moved are up to date; the others miss one step more. */
static void remember(struct net *n) {
  struct library *l = n->library;
  if (!NUM_TABLES || n->rule.rate < 0) return;
  l->history[l->remembered++] = n->rule;
  EACH_TABLE(t)
  for (int i = 0; i < l->num_touched[t - tables]; i++) l->done[t->row + l->touched[t->row + i]] = l->remembered;
  if (l->remembered == REMEMBERED) settle(n);
}

/* y[k][word] = row x[word] of the table, column k: each lane's rows side by side, then turned. */
INLINE void embed_forward(const vec *restrict x, const float *restrict w, vec *restrict y, const struct map my,
                          const int width) {
  for (int l = 0; l < my.columns; l++)
    for (int k = 0; k < my.channels; k += LANES) {
      vec rows[LANES];
      UNROLL for (int i = 0; i < LANES; i++) rows[i] = *(const vec *)(w + (int)x[l][i] * (long)width + k);
      transpose(rows);
      for (int i = 0; i < LANES && k + i < my.channels; i++) y[AT(my, k + i, 0, l)] = rows[i];
    }
}

/* The gradients of a group's words, word by word. */
INLINE void embed_backward(const vec *restrict dy, const struct library *l, const struct table *t, const long image,
                           const int count, const struct map my) {
  for (int c = 0; c < my.columns; c++)
    for (int k = 0; k < my.channels; k += LANES) {
      vec rows[LANES];
      for (int i = 0; i < LANES; i++) rows[i] = k + i < my.channels ? dy[(k + i) * my.columns + c] : splat(0);
      transpose(rows);
      for (int i = 0; i < count; i++) *(vec *)(vectors_of(l, t, image + i) + c * (long)t->width + k) = rows[i];
    }
}
