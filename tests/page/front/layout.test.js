// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { folded, placeOf, plates } from "../../../striate/page/static/layout.js"

/** @param {string} name @param {number[]} reads @param {number} gives */
const card = (name, reads, gives) => ({ name, path: "", calls: [gives - 1], reads, gives: [gives], layers: 1 })

/** A network of two branches, one of two layers, that are joined. */
const graph = /** @type {any} */ ({ cards: [card("a", [0], 1), card("b", [0], 2), card("c", [2], 3), card("join", [1, 3], 4), card("fc", [4], 5)] })

/** @param {Record<number, number[]>} sent @returns {any} */
const frame = (sent) => ({
  values: new Map(Object.entries(sent).map(([number, shape]) => [Number(number), { sent: shape, numbers: new Float32Array(shape.reduce((a, b) => a * b)) }])),
})
const WHOLE = { 0: [1, 8, 8], 1: [4, 6, 6], 2: [5, 6, 6], 3: [4, 6, 6], 4: [8, 6, 6], 5: [1, 10, 1] }

test("numbers are counted through, without gap, in the order of the plates", () => {
  const made = plates(graph, frame(WHOLE))
  let first = 0
  for (const plate of made) {
    assert.equal(plate.first, first)
    first += WHOLE[/** @type {keyof typeof WHOLE} */ (plate.value)].reduce((a, b) => a * b)
  }
  assert.deepEqual(made.map((one) => one.name), ["input", "a", "b", "c", "join", "fc"])
})

test("layers stand one behind the other, branches beside each other", () => {
  const [input, a, b, c, join, fc] = plates(graph, frame(WHOLE)).map((one) => one.middle)
  assert.ok(input[0] < a[0] && a[0] === b[0] && b[0] < c[0] && c[0] < join[0] && join[0] < fc[0])
  assert.notEqual(a[2], b[2])
})

test("what a frame does not show has no plate", () => {
  assert.deepEqual(plates(graph, frame({ 0: [1, 8, 8], 5: [1, 10, 1] })).map((one) => one.name), ["input", "fc"])
})

test("no two entries stand in one place, and all of a plate are around its middle", () => {
  for (const sent of [[1, 8, 8], [4, 6, 5], [7, 3, 3], [120, 1, 1], [1, 84, 1], [1, 10, 1], [1, 1, 17], [16, 32, 32]]) {
    const [plate] = plates(/** @type {any} */ ({ cards: [] }), frame({ 0: sent })), count = sent.reduce((a, b) => a * b)
    const places = Array.from({ length: count }, (_, entry) => placeOf(plate, entry))
    assert.equal(new Set(places.map((place) => place.map((one) => one.toFixed(4)).join())).size, count, String(sent))
    for (const [x, y, z] of places) assert.ok(x === 0 && Math.abs(y) <= 5.01 && Math.abs(z) <= 5.01, `${sent}: ${y}, ${z}`)
  }
})

test("maps read from left to right and down, seen from the input", () => {
  const [plate] = plates(/** @type {any} */ ({ cards: [] }), frame({ 0: [4, 2, 3] }))
  const at = (/** @type {number} */ entry) => placeOf(plate, entry)
  assert.ok(at(1)[2] > at(0)[2] && at(3)[1] < at(0)[1], "within a map")
  assert.ok(at(6)[2] > at(2)[2] && at(12)[1] < at(3)[1], "from map to map")
})

test("single numbers make one plate", () => {
  assert.deepEqual(folded([120, 1, 1]), { maps: 1, rows: 11, columns: 11 })
  assert.deepEqual(folded([1, 10, 1]), { maps: 1, rows: 10, columns: 1 })
  assert.deepEqual(folded([6, 5, 4]), { maps: 6, rows: 5, columns: 4 })
  assert.deepEqual(folded([6, 5, 1]), { maps: 6, rows: 5, columns: 1 })
})
