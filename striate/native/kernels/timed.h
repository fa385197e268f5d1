/* The seconds that each moment of a training step takes, added up; for networks of one thread. */
#pragma once
#include <time.h>

double spent[MOMENTS]; /* seconds */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}
