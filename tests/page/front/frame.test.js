// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { frameOf } from "../../../striate/page/static/frame.js"

/** What a server sends: the header's length, the header, the numbers. @param {object} header @param {number[]} numbers */
function sent(header, numbers) {
  const text = new TextEncoder().encode(JSON.stringify(header).padEnd(4 * Math.ceil(JSON.stringify(header).length / 4)))
  const bytes = new Uint8Array(4 + text.length + 4 * numbers.length)
  new DataView(bytes.buffer).setUint32(0, text.length, true)
  bytes.set(text, 4)
  bytes.set(new Uint8Array(Float32Array.from(numbers).buffer), 4 + text.length)
  return bytes.buffer
}

test("every value gets its own numbers, in order", () => {
  const values = [
    { number: 0, shape: [1, 2, 2], sent: [1, 2, 2], low: 1, high: 4 },
    { number: 5, shape: [3], sent: [1, 3, 1], low: 5, high: 7 },
  ]
  const frame = frameOf(sent({ frame: 9, seconds: 0.5, answer: [], values }, [1, 2, 3, 4, 5, 6, 7]))
  assert.equal(frame.frame, 9)
  assert.deepEqual([...frame.values.keys()], [0, 5])
  assert.deepEqual([.../** @type {any} */ (frame.values.get(0)).numbers], [1, 2, 3, 4])
  assert.deepEqual([.../** @type {any} */ (frame.values.get(5)).numbers], [5, 6, 7])
})

test("numbers that are missing are an error, not zeros", () => {
  const values = [{ number: 0, shape: [4], sent: [1, 4, 1], low: 0, high: 0 }]
  assert.throws(() => frameOf(sent({ frame: 1, seconds: 0, answer: [], values }, [1, 2])), RangeError)
})
