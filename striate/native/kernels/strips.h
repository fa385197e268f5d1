/* Images in strips: where a batch has fewer images than vectors have lanes, each is cut into STRIPS of as many rows, one
   below the other in neighbouring lanes. What a convolution reads beyond a strip's edge is in the next lane.
   FROM_ABOVE(x) is each lane's upper neighbour's x, 0 for the first strip of an image; FROM_BELOW(x) the lower's. */

/* Fills the border of x with the neighbours' rows. */
ONCE void exchange(vec *x, const struct map m, const int above, const int below) {
  const int width = m.all_columns;
  for (int k = 0; k < m.channels; k++) {
    vec *first = x + AT(m, k, 0, 0) - m.left, *after = first + m.rows * width;
    for (int i = 0; i < above * width; i++) first[i - above * width] = FROM_ABOVE(after[i - above * width]);
    for (int i = 0; i < below * width; i++) after[i] = FROM_BELOW(first[i]);
  }
}

/* The neighbours' rows of a gradient of `rows` x `columns`, which has no border: halo[channel][row]. */
ONCE void exchange_gradient(const vec *restrict dy, vec *restrict halo, const int channels, const int rows,
                            const int columns, const int above, const int below) {
  for (int k = 0; k < channels; k++, dy += rows * columns) {
    for (int i = 0; i < above * columns; i++) *halo++ = FROM_ABOVE(dy[(rows - above) * columns + i]);
    for (int i = 0; i < below * columns; i++) *halo++ = FROM_BELOW(dy[i]);
  }
}

/* Lane i: the strip of that number of image i. */
INLINE vec strip_of(const vec x, const int strip) {
  vec y = splat(0);
  for (int i = 0; i < IMAGES; i++) y[i] = x[i * STRIPS + strip];
  return y;
}

/* The images whole again, one a lane. */
ONCE void gather_strips(const vec *restrict x, vec *restrict y, const struct map mx, const struct map my) {
  EACH(mx, k, r, c)
  for (int s = 0; s < STRIPS; s++) y[AT(my, k, s * mx.rows + r, c)] = strip_of(x[AT(mx, k, r, c)], s);
}

/* The maps are those of the gradients. */
ONCE void gather_strips_back(const vec *restrict dy, vec *restrict dx, const int accumulate, const struct map mx,
                             const struct map my) {
  EACH(mx, k, r, c) {
    vec d = splat(0);
    for (int s = 0; s < STRIPS; s++)
      for (int i = 0; i < IMAGES; i++) d[i * STRIPS + s] = dy[AT(my, k, s * mx.rows + r, c)][i];
    vec *to = dx + AT(mx, k, r, c);
    *to = accumulate ? *to + d : d;
  }
}

/* Means of strips become those of whole images. */
ONCE void gather_means(vec *y, const int channels) {
  for (int k = 0; k < channels; k++) {
    vec total = splat(0);
    for (int s = 0; s < STRIPS; s++) total += strip_of(y[k], s);
    y[k] = total * (1.0f / STRIPS);
  }
}

/* dx (+)= dy, one entry a channel, over all entries that it is the mean of. */
ONCE void spread_means(const vec *restrict dy, vec *restrict dx, const int accumulate, const struct map mx) {
  const int plane = mx.rows * mx.columns;
  for (int k = 0; k < mx.channels; k++) {
    vec d;
    for (int n = 0; n < LANES; n++) d[n] = dy[k][n / STRIPS] * (1.0f / (plane * STRIPS));
    for (int i = 0; i < plane; i++) dx[k * plane + i] = accumulate ? dx[k * plane + i] + d : d;
  }
}
