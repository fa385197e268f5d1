// @ts-check
/** What the server sends of an input: a header and the numbers of all values. */

/**
 * @typedef {{number: number, shape: number[], sent: number[], low: number, high: number, numbers: Float32Array}} Value
 * @typedef {{label: string, probability: number}} Answer
 * @typedef {{frame: number, said?: string, values: Map<number, Value>}} Values
 * @typedef {Values & {seconds: number, answer: Answer[], version?: number, words?: string[], picture?: string}} Frame
 *   the picture is a PNG file in base64
 */

/** @param {ArrayBuffer} buffer @returns {any} a frame, or values alone */
export function frameOf(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)))
  let at = 4 + length
  for (const value of header.values) {
    const count = value.sent.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1)
    value.numbers = new Float32Array(buffer, at, count)
    at += 4 * count
  }
  header.values = new Map(header.values.map((/** @type {Value} */ value) => [value.number, value]))
  return header
}

/** The number that has the darkest colour. @param {{low: number, high: number}} value */
export function most({ low, high }) {
  return Math.max(Math.abs(low), Math.abs(high))
}

/** One of the maps that were sent. @param {Value} value @param {number} map */
export function mapOf({ numbers, sent: [, rows, columns] }, map) {
  return numbers.subarray(map * rows * columns, (map + 1) * rows * columns)
}
