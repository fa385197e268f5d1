/* A pool of threads that all run the same work, and a barrier inside it. Thread 0 is the caller. */
#pragma once
#ifdef __wasm__ /* one thread alone */
#include <stdlib.h>

struct pool {
  int threads;
};

static void barrier(struct pool *pool) { (void)pool; }
static void start(struct pool *pool, int threads) { pool->threads = threads; }
static void run(struct pool *pool, void (*work)(void *, int), void *argument) { (void)pool, work(argument, 0); }
static void stop(struct pool *pool) { (void)pool; }
#else
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 1000 /* checks of a flag before a waiting thread lets others run: some tens of microseconds */
#define YIELDS 3000   /* and before it sleeps between them: another process has the core of the one that it waits for */
#define SPINS 3100    /* and before one without work goes to sleep */

struct pool;
struct worker {
  struct pool *pool;
  int number;
  pthread_t thread;
};

struct pool {
  int threads;
  pid_t owner; /* the process that has the threads: a fork of it has none */
  struct worker *workers;
  void (*work)(void *, int);
  void *argument;
  atomic_int round, running, arrived, passed; /* rounds of work; threads still at work; the barrier's counts */
  int stopping, asleep;
  pthread_mutex_t lock;
  pthread_cond_t wake;
};

static inline void rest(int spins) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
  if (spins > YIELDS) nanosleep(&(struct timespec){0, 20000}, NULL);
  else if (spins > PATIENCE) sched_yield();
}

/* All threads of the work wait here for the last one. */
static void barrier(struct pool *pool) {
  if (pool->threads == 1) return;
  const int passed = atomic_load(&pool->passed);
  if (atomic_fetch_add(&pool->arrived, 1) == pool->threads - 1) {
    atomic_store(&pool->arrived, 0);
    atomic_fetch_add(&pool->passed, 1);
    return;
  }
  for (int spins = 0; atomic_load(&pool->passed) == passed; spins++) rest(spins);
}

static void *wait_for_work(void *given) {
  struct worker *self = given;
  struct pool *pool = self->pool;
  for (int seen = 0;; seen++) {
    for (int spins = 0; atomic_load(&pool->round) == seen && spins < SPINS; spins++) rest(spins);
    if (atomic_load(&pool->round) == seen) {
      pthread_mutex_lock(&pool->lock);
      pool->asleep++;
      while (atomic_load(&pool->round) == seen) pthread_cond_wait(&pool->wake, &pool->lock);
      pool->asleep--;
      pthread_mutex_unlock(&pool->lock);
    }
    if (pool->stopping) return NULL;
    pool->work(pool->argument, self->number);
    atomic_fetch_sub(&pool->running, 1);
  }
}

static void begin_round(struct pool *pool) {
  atomic_store(&pool->running, pool->threads - 1);
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add(&pool->round, 1);
  if (pool->asleep) pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
}

/* Starts the threads; fewer where the system gives no more. */
static void start(struct pool *pool, int threads) {
  *pool = (struct pool){.threads = 1, .owner = getpid()};
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pool->workers = calloc(threads, sizeof *pool->workers);
  if (!pool->workers) return;
  for (int i = 1; i < threads; i++) {
    pool->workers[i] = (struct worker){pool, i};
    if (pthread_create(&pool->workers[i].thread, NULL, wait_for_work, &pool->workers[i])) break;
    pool->threads++;
  }
}

/* Every thread does the work once; returns when all have. */
static void run(struct pool *pool, void (*work)(void *, int), void *argument) {
  if (pool->owner != getpid()) start(pool, pool->threads);
  pool->work = work, pool->argument = argument;
  if (pool->threads > 1) begin_round(pool);
  work(argument, 0);
  for (int spins = 0; atomic_load(&pool->running); spins++) rest(spins);
}

static void stop(struct pool *pool) {
  if (pool->owner != getpid()) return;
  pool->stopping = 1;
  if (pool->threads > 1) begin_round(pool);
  for (int i = 1; i < pool->threads; i++) pthread_join(pool->workers[i].thread, NULL);
  free(pool->workers);
}
#endif
