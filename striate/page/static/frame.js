// @ts-check
/** What the server sends of an input: a header and the numbers of all values. */

/**
 * @typedef {{number: number, shape: number[], sent: number[], low: number, high: number, numbers: Float32Array}} Value
 * @typedef {{label: string, probability: number}} Answer
 * @typedef {{frame: number, seconds: number, answer: Answer[], words: string[], picture: string, values: Map<number, Value>}} Frame
 *   the picture is a PNG file in base64, or empty
 */

/** @param {ArrayBuffer} buffer @returns {Frame} */
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
