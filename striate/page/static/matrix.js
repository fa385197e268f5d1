// @ts-check
/** 4×4 matrices as WebGL wants them, column after column, and vectors of three. */

/** @typedef {[number, number, number]} Vector */

/** @param {Vector} a @param {Vector} b @returns {Vector} */
export const plus = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]]

/** @param {Vector} a @param {number} by @returns {Vector} */
export const times = (a, by) => [a[0] * by, a[1] * by, a[2] * by]

/** @param {Vector} a @param {Vector} b @returns {Vector} */
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]

/** @param {Vector} a @param {Vector} b */
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]

/** @param {Vector} a @returns {Vector} the same direction, of length 1 */
export const unit = (a) => times(a, 1 / Math.hypot(...a))

/** The product a · b: b first, then a. @param {Float32Array} a @param {Float32Array} b */
export function product(a, b) {
  const made = new Float32Array(16)
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      for (let k = 0; k < 4; k++) made[4 * column + row] += a[4 * k + row] * b[4 * column + k]
    }
  }
  return made
}

/**
 * What is far is small: from the eye's coordinates, which look along -z, to the screen's.
 * @param {number} angle of the view from bottom to top, radians @param {number} aspect width through height
 * @param {number} near @param {number} far
 */
export function perspective(angle, aspect, near, far) {
  const scale = 1 / Math.tan(angle / 2), depth = near - far
  return Float32Array.of(
    scale / aspect, 0, 0, 0,
    0, scale, 0, 0,
    0, 0, (near + far) / depth, -1,
    0, 0, (2 * near * far) / depth, 0,
  )
}

/** From the world's coordinates to those of an eye at a place that looks at another; y is up. @param {Vector} eye @param {Vector} at */
export function looking(eye, at) {
  const back = unit(plus(eye, times(at, -1))), right = unit(cross([0, 1, 0], back)), up = cross(back, right)
  return Float32Array.of(
    right[0], up[0], back[0], 0,
    right[1], up[1], back[1], 0,
    right[2], up[2], back[2], 0,
    -dot(right, eye), -dot(up, eye), -dot(back, eye), 1,
  )
}

/** Where a place is on the screen, from -1 to 1 each way. @param {Float32Array} matrix @param {Vector} place @returns {Vector} */
export function seen(matrix, place) {
  const row = (/** @type {number} */ i) => matrix[i] * place[0] + matrix[4 + i] * place[1] + matrix[8 + i] * place[2] + matrix[12 + i]
  return [row(0) / row(3), row(1) / row(3), row(2) / row(3)]
}
