// @ts-check
/** One scale for all maps: blue below zero, the paper's white at zero, orange above; each map by its layer's largest. */

export const BELOW = [33, 102, 172], ZERO = [247, 247, 247], ABOVE = [178, 84, 10]

/** @param {number} value from -1 to 1 @returns {[number, number, number]} */
export function colour(value) {
  /** @type {[number, number, number]} */
  const found = [0, 0, 0]
  put(found, 0, value)
  return found
}

/**
 * Writes the colour of a value, without a list for it: a frame has half a million of them.
 * @param {{ [place: number]: number }} bytes @param {number} place of red @param {number} value from -1 to 1
 */
function put(bytes, place, value) {
  const share = Math.min(1, Math.abs(value)), end = value < 0 ? BELOW : ABOVE
  for (let i = 0; i < 3; i++) bytes[place + i] = Math.round(ZERO[i] + share * (end[i] - ZERO[i]))
}

/**
 * Draws a map of numbers, an entry a pixel; CSS makes it larger.
 * @param {HTMLCanvasElement} canvas @param {Float32Array} numbers @param {number} rows @param {number} columns
 * @param {number} most the number whose colour is the darkest
 */
export function drawMap(canvas, numbers, rows, columns, most) {
  painted(canvas, rows, columns, (bytes, i) => put(bytes, 4 * i, most ? numbers[i] / most : 0))
}

/**
 * Draws three maps as the red, green and blue of a picture.
 * @param {HTMLCanvasElement} canvas @param {Float32Array} numbers @param {number} rows @param {number} columns
 * @param {number} low the number that is dark @param {number} high the number that is bright
 */
export function drawColours(canvas, numbers, rows, columns, low, high) {
  const size = rows * columns, range = high - low || 1
  painted(canvas, rows, columns, (bytes, i) => {
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = (255 * (numbers[i + c * size] - low)) / range
  })
}

/**
 * Draws a map over a picture in grey: the larger a number, the more of its colour.
 * @param {HTMLCanvasElement} canvas @param {Float32Array} numbers @param {number} rows @param {number} columns
 * @param {number} most @param {(i: number) => number} under from 0 to 1, of the same size
 */
export function drawOver(canvas, numbers, rows, columns, most, under) {
  painted(canvas, rows, columns, (bytes, i) => {
    const value = most ? numbers[i] / most : 0, share = 0.85 * Math.min(1, Math.abs(value)), end = value < 0 ? BELOW : ABOVE
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = share * end[c] + (1 - share) * (110 + 145 * under(i))
  })
}

/** @param {HTMLCanvasElement} canvas @param {number} rows @param {number} columns @param {(bytes: Uint8ClampedArray, i: number) => void} entry writes red, green and blue of an entry */
function painted(canvas, rows, columns, entry) {
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows })
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  const image = context.createImageData(columns, rows), bytes = image.data
  for (let i = 0; i < rows * columns; i++) {
    entry(bytes, i)
    bytes[4 * i + 3] = 255
  }
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
  painted(canvas, 1, 101, (bytes, i) => bytes.fill(2.55 * i, 4 * i, 4 * i + 3))
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
