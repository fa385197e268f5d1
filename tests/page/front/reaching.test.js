// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { sources } from "../../../striate/page/static/reaching.js"

const SAME = { kernel: [3, 3], stride: [1, 1], padding: [1, 1], dilation: [1, 1] }
const SHAPES = [[1, 8, 8], [4, 8, 8], [4, 4, 4], [64], [10]]
const RULES = [
  { how: "convolution", groups: 1, ...SAME },
  { how: "largest", kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1] },
  { how: "moved" },
  { how: "dense" },
]
const CHAIN = RULES.map((_, i) => ({ reads: [i], gives: [i + 1] }))
/** @param {number} value @param {number[]} at */
const found = (value, at, rules = RULES) => sources(CHAIN, rules, (one) => SHAPES[one], value, at)
/** @param {import("../../../striate/page/static/reaching.js").Link[]} links @param {number} number */
const of = (links, number) => links.find((link) => link.number === number)

test("a pool's window and the convolution around it, cut at the edge", () => {
  const links = found(2, [3, 0, 2])
  assert.deepEqual(of(links, 1), { number: 1, kind: "source", maps: [3], rows: [0, 2], columns: [4, 6] })
  assert.deepEqual(of(links, 0), { number: 0, kind: "source", maps: [0], rows: [0, 3], columns: [3, 7] })
})

test("an entry of a row of numbers is one of a map, and a unit reads all", () => {
  assert.deepEqual(of(found(3, [16 + 4 + 2]), 2), { number: 2, kind: "source", maps: [1], rows: [1, 2], columns: [2, 3] })
  assert.deepEqual(of(found(4, [7]), 0), { number: 0, kind: "source", maps: [0], rows: [0, 8], columns: [0, 8] })
})

test("a group's filters read its channels", () => {
  const shapes = [[6, 5, 5], [4, 5, 5]], rules = [{ how: "convolution", groups: 2, ...SAME }]
  assert.deepEqual(sources([{ reads: [0], gives: [1] }], rules, (one) => shapes[one], 1, [2, 4, 4])[1].maps, [3, 4, 5])
})

test("branches that join are one frame around both", () => {
  const calls = [{ reads: [0], gives: [1] }, { reads: [0, 1], gives: [2] }], rules = [RULES[0], { how: "added" }]
  assert.deepEqual(of(sources(calls, rules, () => [1, 8, 8], 2, [0, 3, 3]), 0)?.rows, [2, 5])
})

test("what is not known is not claimed", () => assert.deepEqual(found(4, [0], [{ how: "" }, ...RULES.slice(1)]), []))
