// @ts-check
/** A filter slides over an image; the sum of products at each place is an entry of the map. */
import { EDITING, editable, grid, legend, plus } from "./grid.js"
import { bracketed, button, choice, figure, player, written } from "./parts.js"

export const IMAGE = [
  [0, -3, 4, 8, 1],
  [3, 5, 0, 0, 5],
  [1, 3, 8, 6, 1],
  [5, 6, 5, 3, -2],
  [7, 0, 5, -4, 2],
]
/** @type {Record<string, number[][]>} */
export const FILTERS = {
  sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  "edges alone": [[0, -1, 0], [-1, 4, -1], [0, -1, 0]],
  "a falling diagonal": [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]],
  "a vertical line": [[-1, 1, -1], [-1, 1, -1], [-1, 1, -1]],
  "the sum of all": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
}

/**
 * The products at one place.
 * @param {number[][]} image @param {number[][]} filter @param {number} row @param {number} column
 */
export const products = (image, filter, row, column) =>
  filter.flatMap((line, r) => line.map((weight, c) => ({ weight, entry: image[row + r][column + c] })))

/** The map: its entries are sums of products. @param {number[][]} image @param {number[][]} filter */
export function convolve(image, filter) {
  const rows = image.length - filter.length + 1
  const columns = image[0].length - filter[0].length + 1
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) =>
      products(image, filter, r, c).reduce((sum, { weight, entry }) => sum + weight * entry, 0)
    )
  )
}

/**
 * The sum, spelled out.
 * @param {number[][]} image @param {number[][]} filter @param {number} row @param {number} column
 */
export function spelled(image, filter, row, column) {
  const pairs = products(image, filter, row, column).filter(({ weight }) => weight !== 0)
  const sum = pairs.map(({ weight, entry }) => `${bracketed(weight)}·${bracketed(entry)}`).join(" + ")
  return `Row ${row + 1}, column ${column + 1}: ${sum || "0"} = ${written(convolve(image, filter)[row][column])}`
}

/** @param {HTMLElement} place */
export function mount(place) {
  const { controls, stage, say } = figure(place, `A filter slides over an image. ${EDITING}`)
  let image = IMAGE
  let filter = FILTERS.sharpen
  let row = 0
  let column = 0
  const inWindow = (/** @type {number} */ r, /** @type {number} */ c) =>
    r >= row && r < row + 3 && c >= column && c < column + 3
  const input = editable("image", 5, (r, c, by) => {
    image = plus(image, r, c, by)
    show()
  })
  const weights = editable("filter", 3, (r, c, by) => {
    filter = plus(filter, r, c, by)
    show()
  })
  const output = grid("map", 3, 3, (r, c) => {
    ;[row, column] = [r, c]
    show()
  })
  function show() {
    input.show(image, (r, c) => (inWindow(r, c) ? "seen" : ""))
    weights.show(filter)
    output.show(convolve(image, filter), (r, c) => (r === row && c === column ? "seen" : ""))
    say(spelled(image, filter, row, column))
  }
  controls.append(
    choice("Filter", Object.keys(FILTERS), (name) => {
      filter = FILTERS[name]
      show()
    }),
    button("First image", () => {
      image = IMAGE
      show()
    }),
    ...player(() => {
      ;[row, column] = column < 2 ? [row, column + 1] : [(row + 1) % 3, 0]
      show()
    }, 900)
  )
  stage.append(input.table, "⋆", weights.table, "=", output.table, legend())
  show()
}
