// @ts-check
/**
 * Images in another size, number for number as Pillow (in 8 bits and in floats) and PyTorch make them: each result is a
 * weighted mean of the pixels below it, along rows first, then along columns.
 */

/** @typedef {{width: number, height: number, pixels: Float32Array | Uint8Array}} Plane one channel */
/** @typedef {{reach: number, at: (x: number) => number}} Filter */

const BITS = 22 // of the whole numbers by which pixels of 8 bits are multiplied

/** @type {Record<"box" | "triangle" | "cubic", Filter>} */
export const FILTERS = {
  box: { reach: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  triangle: { reach: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  cubic: { reach: 2, at: cubic },
}

/** Keys' cubic convolution with a = -0.5. @param {number} x */
function cubic(x) {
  const a = -0.5, y = Math.abs(x)
  if (y < 1) return ((a + 2) * y - (a + 3)) * y * y + 1
  return y < 2 ? (((y - 5) * y + 8) * y - 4) * a : 0
}

/**
 * For each result the first pixel that it reads and the weights of those from there.
 * @param {number} size @param {[number, number]} part the part of the pixels that is read @param {number} wanted
 * @param {Filter} filter @returns {{first: number, weights: number[]}[]}
 */
function windows(size, [from, to], wanted, filter) {
  const scale = (to - from) / wanted, wide = Math.max(1, scale), reach = filter.reach * wide
  return Array.from({ length: wanted }, (_, i) => {
    const middle = from + (i + 0.5) * scale
    const first = Math.max(0, Math.trunc(middle - reach + 0.5)), last = Math.min(size, Math.trunc(middle + reach + 0.5))
    const weights = Array.from({ length: last - first }, (_, j) => filter.at((first + j - middle + 0.5) / wide))
    const sum = weights.reduce((a, b) => a + b, 0)
    return { first, weights: weights.map((one) => (sum ? one / sum : one)) }
  })
}

/**
 * @param {Plane} plane @param {number} width @param {number} height @param {Filter} filter
 * @param {[number, number, number, number]} [part] left, top, right and bottom of what is read; by default all
 * @returns {Plane}
 */
export function resized(plane, width, height, filter, part = [0, 0, plane.width, plane.height]) {
  const [left, top, right, bottom] = part, across = turned(plane, [left, right], width, filter)
  return turned(across, [top, bottom], height, filter)
}

/** One pass along the rows; what comes out is transposed, so two passes give an image. @param {Plane} plane
 * @param {[number, number]} part @param {number} wanted @param {Filter} filter @returns {Plane} */
function turned({ width, height, pixels }, part, wanted, filter) {
  const bytes = pixels instanceof Uint8Array
  const made = bytes ? new Uint8Array(wanted * height) : new Float32Array(wanted * height)
  const same = wanted === width && part[0] === 0 && part[1] === width
  windows(width, part, wanted, filter).forEach(({ first, weights }, i) => {
    const times = bytes ? weights.map((one) => Math.trunc(one * 2 ** BITS + (one < 0 ? -0.5 : 0.5))) : weights
    for (let row = 0; row < height; row++) {
      const start = row * width + first
      let sum = bytes ? 2 ** (BITS - 1) : 0
      for (let j = 0; j < times.length; j++) sum += pixels[start + j] * times[j]
      const value = bytes ? Math.min(255, Math.max(0, Math.floor(sum / 2 ** BITS))) : sum
      made[i * height + row] = same ? pixels[row * width + i] : value
    }
  })
  return { width: height, height: wanted, pixels: made }
}

/** Means of squares of pixels, in 8 bits. @param {Plane} plane @param {number} factor their side @returns {Plane} */
export function reduced(plane, factor) {
  if (factor === 1) return plane
  const [width, height] = [Math.ceil(plane.width / factor), Math.ceil(plane.height / factor)], made = new Uint8Array(width * height)
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      let sum = 0, count = 0
      for (let r = row * factor; r < Math.min((row + 1) * factor, plane.height); r++)
        for (let c = column * factor; c < Math.min((column + 1) * factor, plane.width); c++, count++) sum += plane.pixels[r * plane.width + c]
      const times = Math.trunc(2 ** 24 / count), half = Math.trunc(count / 2)
      made[row * width + column] = Math.floor(((sum + half) * times) / 2 ** 24)
    }
  return { width, height, pixels: made }
}
