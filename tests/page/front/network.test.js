// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { depths } from "../../../striate/page/static/network.js"

/** @param {number[]} reads @param {number[]} gives */
const card = (reads, gives) => ({ name: "", path: "", calls: [], reads, gives, layers: 1 })

test("a chain goes from left to right", () => {
  assert.deepEqual(depths([card([0], [1]), card([1], [2]), card([2], [3])]), [0, 1, 2])
})

test("what joins branches stands behind the longest of them", () => {
  const cards = [card([0], [1]), card([1], [2]), card([2], [3]), card([1, 3], [4]), card([4], [5])]
  assert.deepEqual(depths(cards), [0, 1, 2, 3, 4])
})

test("a card that reads nothing known stands first", () => assert.deepEqual(depths([card([], [1]), card([7], [2])]), [0, 0]))
