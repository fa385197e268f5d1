// @ts-check
/** One scale for all maps: blue below zero, the paper's white at zero, orange above; each map by its layer's largest. */

export const BELOW = [33, 102, 172], ZERO = [247, 247, 247], ABOVE = [178, 84, 10]

/** @param {number} value from -1 to 1 @returns {[number, number, number]} */
export function colour(value) {
  const share = Math.min(1, Math.abs(value)), end = value < 0 ? BELOW : ABOVE
  return /** @type {[number, number, number]} */ (ZERO.map((from, i) => Math.round(from + share * (end[i] - from))))
}

/**
 * Draws a map of numbers, an entry a pixel; CSS makes it larger.
 * @param {HTMLCanvasElement} canvas @param {Float32Array} numbers @param {number} rows @param {number} columns
 * @param {number} most the number whose colour is the darkest
 */
export function drawMap(canvas, numbers, rows, columns, most) {
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows })
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  const image = context.createImageData(columns, rows)
  for (let i = 0; i < rows * columns; i++) {
    const [red, green, blue] = colour(most ? numbers[i] / most : 0)
    image.data.set([red, green, blue, 255], 4 * i)
  }
  context.putImageData(image, 0, 0)
}

/** @param {HTMLElement} place */
export function drawLegend(place) {
  const canvas = document.createElement("canvas")
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", "Colours: blue is below zero, white is zero, orange is above")
  drawMap(canvas, Float32Array.from({ length: 101 }, (_, i) => (i - 50) / 50), 1, 101, 1)
  place.replaceChildren("− largest", canvas, "+ largest of a layer")
}
