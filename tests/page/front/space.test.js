// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { coded, corners, decoded } from "../../../striate/page/static/boxes.js"
import { entryOf, eyeOf, indexOf, links } from "../../../striate/page/static/space.js"

test("an entry's index and its number are each other's reverse", () => {
  const shape = [3, 4, 5]
  for (let entry = 0; entry < 60; entry++) {
    const at = /** @type {number[]} */ (indexOf(entry, shape, shape))
    assert.ok(at.every((one, axis) => one < shape[axis]))
    assert.equal(entryOf(at, shape, shape), entry)
  }
  assert.deepEqual(indexOf(59, shape, shape), [2, 3, 4])
  assert.deepEqual(indexOf(7, [10], [1, 10, 1]), [7])
})

test("of a value that was made smaller no entry is claimed", () => {
  assert.equal(indexOf(0, [64, 56, 56], [16, 32, 32]), null)
  assert.equal(entryOf([0, 0, 0], [64, 56, 56], [16, 32, 32]), null)
})

test("every number comes back from its colour; no box is -1", () => {
  for (const number of [0, 1, 255, 256, 65_535, 65_536, 300_000]) assert.equal(decoded(coded(number)), number)
  assert.equal(decoded([0, 0, 0, 0]), -1)
})

test("a box has three faces of two triangles", () => assert.equal(corners().length, 18 * 6))

test("the eye is as far away as it says", () => {
  for (const view of [{ turn: 0, tilt: 0, far: 3 }, { turn: 2, tilt: -1, far: 10 }]) {
    assert.ok(Math.abs(Math.hypot(...eyeOf({ at: [0, 0, 0], ...view })) - view.far) < 1e-9)
  }
  assert.ok(eyeOf({ at: [0, 0, 0], turn: 0, tilt: 0.5, far: 1 })[1] > 0, "a tilt lifts it")
})

test("a line for each term, from what is read to the value; the largest is the most opaque, the sign its colour", () => {
  const ends = links([9, 9, 9], [{ from: [1, 2, 3], product: 0.1 }, { from: [4, 5, 6], product: -2 }])
  assert.equal(ends.length, 2 * 2 * 7)
  assert.deepEqual([...ends.slice(0, 3)], [4, 5, 6])
  assert.deepEqual([...ends.slice(7, 10)], [9, 9, 9])
  assert.ok(ends[5] > ends[3], "blue below zero")
  assert.ok(ends[14 + 3] > ends[14 + 5], "orange above")
  assert.ok(ends[6] > ends[14 + 6])
  assert.equal(links([0, 0, 0], []).length, 0)
})
