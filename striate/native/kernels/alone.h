/* Evaluation of one image: weights are packed when they have changed; threads share it where it is large enough. */

struct alone {
  float *room;
  vec *packed;
};

static void work_one(void *given, int thread) {
  struct net *n = given;
  one(n, thread, n->pool.threads, n->alone->room, n->alone->packed);
}

static void free_alone(struct net *n) {
  if (n->alone) release(n->alone->room), release(n->alone->packed), free(n->alone);
}

/* Prepares for single images with the weights as they are; 0 where there is not enough memory. */
int prepare(struct net *n) {
  if (!n->alone) {
    n->alone = calloc(1, sizeof *n->alone);
    if (!n->alone) return 0;
    n->alone->room = zeros(sizeof(vec) * ONE_ROOM);
    n->alone->packed = zeros(sizeof(vec) * ONE_PACKED);
  }
  if (!n->alone->room || !n->alone->packed) return 0;
  settle(n);
  recall(n, n->statistics);
  pack_weights(n, n->alone->packed);
  return 1;
}

/* The outputs of one image, ENTRIES numbers, with the weights last prepared. */
void evaluate_one(struct net *n, const float *image, float *outputs) {
  n->images = image, n->outputs = outputs;
  if (MACS > SHARED_FROM) run(&n->pool, work_one, n);
  else one(n, 0, 1, n->alone->room, n->alone->packed);
}
