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
  painted(canvas, rows, columns, (i) => colour(most ? numbers[i] / most : 0))
}

/**
 * Draws three maps as the red, green and blue of a picture.
 * @param {HTMLCanvasElement} canvas @param {Float32Array} numbers @param {number} rows @param {number} columns
 * @param {number} low the number that is dark @param {number} high the number that is bright
 */
export function drawColours(canvas, numbers, rows, columns, low, high) {
  const size = rows * columns, range = high - low || 1
  painted(canvas, rows, columns, (i) => [0, 1, 2].map((channel) => (255 * (numbers[i + channel * size] - low)) / range))
}

/**
 * Draws a map over a picture in grey: the larger a number, the more of its colour.
 * @param {HTMLCanvasElement} canvas @param {Float32Array} numbers @param {number} rows @param {number} columns
 * @param {number} most @param {(i: number) => number} under from 0 to 1, of the same size
 */
export function drawOver(canvas, numbers, rows, columns, most, under) {
  painted(canvas, rows, columns, (i) => {
    const value = most ? numbers[i] / most : 0, share = 0.85 * Math.min(1, Math.abs(value)), end = value < 0 ? BELOW : ABOVE
    return end.map((one) => share * one + (1 - share) * (110 + 145 * under(i)))
  })
}

/** @param {HTMLCanvasElement} canvas @param {number} rows @param {number} columns @param {(i: number) => number[]} at the colour of an entry */
function painted(canvas, rows, columns, at) {
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows })
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  const image = context.createImageData(columns, rows)
  for (let i = 0; i < rows * columns; i++) image.data.set([...at(i), 255], 4 * i)
  context.putImageData(image, 0, 0)
}

/** The scale of signed maps. @param {Element} place @param {string} low @param {string} high what the ends stand for */
export function signedLegend(place, low, high) {
  const canvas = bar(place, low, high, "Colours: blue is below zero, white is zero, orange is above")
  drawMap(canvas, Float32Array.from({ length: 101 }, (_, i) => (i - 50) / 50), 1, 101, 1)
}

/** The scale of pictures in colour. @param {Element} place @param {string} low @param {string} high */
export function pictureLegend(place, low, high) {
  const canvas = bar(place, low, high, "Each of red, green and blue, from dark to bright")
  painted(canvas, 1, 101, (i) => [2.55 * i, 2.55 * i, 2.55 * i])
}

/** @param {Element} place @param {string} low @param {string} high @param {string} said */
function bar(place, low, high, said) {
  const canvas = document.createElement("canvas")
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", `${said}; from ${low} to ${high}`)
  place.classList.add("legend")
  place.replaceChildren(low, canvas, high)
  return canvas
}
