// @ts-check
/** What a value is computed from, back to the input: a box on each value, by the rules of the layers on the way. */
import { entryAt, placeAt } from "./bytes.js"

/**
 * @typedef {import("./links.js").Link} Link
 * @typedef {import("./working.js").Rule} Rule
 * @typedef {[number, number][]} Box along each axis the first entry and the one after the last
 * @typedef {{reads: number[], gives: number[]}} Step a call
 */

/** @param {number[]} shape @returns {Box} */
const all = (shape) => shape.map((size) => [0, size])

/** @param {Box} box @param {any} rule @param {number[]} shape @returns {Box} rows and columns of the windows */
const windows = (box, { kernel, stride, padding, dilation }, shape) =>
  box.slice(-2).map(([first, end], axis) => {
    const from = first * stride[axis] - padding[axis], to = (end - 1) * stride[axis] - padding[axis] + (kernel[axis] - 1) * dilation[axis] + 1
    return [Math.max(0, from), Math.min(shape[axis + 1], to)]
  })

/** The box that is read, from the box that is made and both shapes. @type {Record<string, (box: Box, rule: any, read: number[], made: number[]) => Box>} */
const WAYS = {
  convolution: (box, rule, read, made) => {
    const [filters, channels] = [made[0] / rule.groups, read[0] / rule.groups], [first, end] = box[0]
    return [[Math.floor(first / filters) * channels, Math.ceil(end / filters) * channels], ...windows(box, rule, read)]
  },
  dense: (_box, _rule, read) => all(read),
  largest: (box, rule, read) => [box[0], ...windows(box, rule, read)],
  mean: (box, rule, read) => [box[0], ...windows(box, rule, read)],
  average: (box, _rule, read) => [box[0], ...all(read).slice(1)],
  norm: (box) => box,
  function: (box) => box,
  added: (box) => box,
  moved: (box, _rule, read, made) => {
    const [first, last] = [box.map(([from]) => from), box.map(([, end]) => end - 1)].map((place) => placeAt(entryAt(place, made), read))
    const axis = first.findIndex((one, i) => one !== last[i]) // before it one place, behind it all
    return first.map((one, i) => (axis >= 0 && i > axis ? [0, read[i]] : [one, last[i] + 1]))
  },
}

/**
 * The links to all values that an entry is computed from; none where a layer on the way is not known.
 * @param {Step[]} calls @param {Rule[]} rules @param {(value: number) => number[]} shapeOf @param {number} value @param {number[]} at
 * @returns {Link[]}
 */
export function sources(calls, rules, shapeOf, value, at) {
  const boxes = new Map([[value, /** @type {Box} */ (at.map((one) => [one, one + 1]))]])
  for (let number = calls.length - 1; number >= 0; number--) {
    const { reads, gives } = calls[number], box = boxes.get(gives[0]), way = WAYS[rules[number].how]
    if (!box) continue
    if (!way) return []
    for (const read of reads) {
      const found = way(box, rules[number], shapeOf(read), shapeOf(gives[0])), before = boxes.get(read) ?? found
      boxes.set(read, found.map(([first, end], i) => [Math.min(first, before[i][0]), Math.max(end, before[i][1])]))
    }
  }
  return [...boxes].map(([number, box]) => {
    const [maps, rows, columns] = box.length === 3 ? box : [[0, 1], box[0], box[1] ?? [0, 1]]
    return { number, kind: "source", maps: Array.from({ length: maps[1] - maps[0] }, (_, i) => maps[0] + i), rows, columns }
  })
}
