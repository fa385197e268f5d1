// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { fieldOf, linkOn } from "../../../striate/page/static/placing.js"
import { read } from "../../../striate/page/static/reading.js"

/** Black rectangles (left, top, right, bottom) on white. @param {number} width @param {number} height @param {number[][]} boxes @returns {any} */
function page(width, height, boxes) {
  const data = new Uint8ClampedArray(4 * width * height).fill(255)
  for (const [left, top, right, bottom] of boxes)
    for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) data.fill(0, 4 * (y * width + x), 4 * (y * width + x) + 3)
  return { data, width, height }
}

/** @param {object} more @returns {any} a recipe of grey images */
const recipe = (more) => ({ source: [1, 28, 28], shape: [1, 28, 28], fit: "as is", background: [0], mean: [0], std: [1], ink: null, ...more })

const INK = { box: 20, centre: [13.5, 13.5] }
const WAYS = {
  "drawings that are centred": recipe({ ink: INK }),
  "drawings that are centred and padded": recipe({ ink: INK, shape: [1, 32, 32], fit: "pad" }),
  "drawings that are centred and enlarged": recipe({ ink: INK, shape: [1, 56, 56], fit: "resize" }),
  "images that are cut": recipe({ background: [1] }),
  "images that are cut and padded": recipe({ background: [1], shape: [1, 34, 40], fit: "pad" }),
}

for (const [name, way] of Object.entries(WAYS))
  test(`where ink is read, ink is on the paper: ${name}`, () => {
    const image = page(120, 90, [[40, 20, 44, 70], [40, 20, 70, 24], [60, 60, 75, 70]])
    const numbers = read(image, way), field = fieldOf(image, way), [, rows, columns] = way.shape
    const inked = (/** @type {number} */ i) => (way.ink ? numbers[i] > 0.9 : numbers[i] < 0.1)
    let dark = 0
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const place = linkOn(field, { rows: [row, row + 1], columns: [column, column + 1] }, [rows, columns])
        const [y, x] = [place.rows, place.columns].map(([from, to]) => Math.floor((from + to) / 2))
        if (!inked(row * columns + column)) continue
        dark += 1
        assert.equal(image.data[4 * (y * image.width + x)], 0, `row ${row}, column ${column} is at ${x}, ${y}`)
      }
    assert.ok(dark > 20)
  })

test("an image of the data's size is read as it is, and one that is stretched as a whole", () => {
  const whole = { top: 0, left: 0, height: 28, width: 28 }
  assert.deepEqual(fieldOf(page(28, 28, [[5, 5, 9, 9]]), recipe({ ink: INK })), whole)
  assert.deepEqual(fieldOf(page(56, 20, []), recipe({ fit: "stretch" })), { top: 0, left: 0, height: 20, width: 56 })
})

test("an empty paper is read as a whole", () => {
  assert.deepEqual(fieldOf(page(280, 280, []), recipe({ ink: INK })), { top: 0, left: 0, height: 280, width: 280 })
})
