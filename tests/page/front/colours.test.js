// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { colour } from "../../../striate/page/static/colours.js"

test("zero is the paper's white, and both ends are dark", () => {
  const bright = (/** @type {number} */ value) => colour(value).reduce((sum, one) => sum + one, 0)
  for (const end of [-1, 1]) {
    const way = [0, 0.25, 0.5, 0.75, 1].map((share) => bright(end * share))
    assert.deepEqual(way, [...way].sort((a, b) => b - a), "darker with every step away from zero")
    assert.ok(way[0] > 2 * way[4])
  }
})

test("below zero is blue, above is orange", () => {
  const [red, , blue] = colour(-1), [redder, , bluer] = colour(1)
  assert.ok(blue > red && redder > bluer)
})

test("what is beyond the largest has its colour", () => assert.deepEqual(colour(7), colour(1)))
