// @ts-check
/** Where each entry of each value stands in space: layers one behind the other, the maps of a layer side by side. */
import { depths } from "./network.js"

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./network.js").Graph} Graph
 * @typedef {import("./matrix.js").Vector} Vector
 * @typedef {{value: number, call: number, name: string, maps: number, rows: number, columns: number, middle: Vector, cell: number, first: number}} Plate
 * the maps of a value: `cell` is the side of an entry, `first` the number of its first entry among all
 */

const AHEAD = 7, TALL = 10, BESIDE = 12 // from layer to layer; the most that a plate is high and wide; from branch to branch
const BETWEEN = 1 // entries that lie between two maps

/** @param {number} maps @returns {number} how many stand in a row */
const across = (maps) => Math.ceil(Math.sqrt(maps))

/** Numbers alone, in a row or as maps of one entry, make one plate; many of them one with as many rows as columns.
 * @param {number[]} sent maps, rows, columns */
export function folded([maps, rows, columns]) {
  const count = maps * rows
  if (columns > 1 || (maps > 1 && rows > 1)) return { maps, rows, columns }
  if (count <= 16) return { maps: 1, rows: count, columns: 1 }
  return { maps: 1, rows: Math.ceil(count / across(count)), columns: across(count) }
}

/** @param {Graph} graph @param {Frame} frame @returns {Plate[]} the input first, then every value that the frame shows */
export function plates(graph, frame) {
  const standing = depths(graph.cards)
  const cards = [
    { call: -1, value: 0, name: "input", depth: 0 },
    ...graph.cards.map((card, number) => ({
      call: card.calls[card.calls.length - 1],
      value: card.gives[card.gives.length - 1],
      name: card.name,
      depth: standing[number] + 1,
    })),
  ]
  let first = 0
  return cards.flatMap(({ call, value, name, depth }) => {
    const shown = frame.values.get(value)
    if (!shown) return []
    const beside = cards.filter((other) => other.depth === depth)
    const z = (beside.findIndex((other) => other.value === value) - (beside.length - 1) / 2) * BESIDE
    const { maps, rows, columns } = folded(shown.sent), wide = across(maps)
    const high = Math.ceil(maps / wide)
    const cell = Math.min(TALL / (high * (rows + BETWEEN)), TALL / (wide * (columns + BETWEEN)), 0.6)
    const plate = { value, call, name, maps, rows, columns, middle: /** @type {Vector} */ ([depth * AHEAD, 0, z]), cell, first }
    first += shown.sent.reduce((a, b) => a * b, 1)
    return [plate]
  })
}

/** Where an entry stands. @param {Plate} plate @param {number} entry of the value, maps after each other @returns {Vector} */
export function placeOf(plate, entry) {
  const { maps, rows, columns, middle, cell } = plate
  const wide = across(maps), high = Math.ceil(maps / wide)
  const map = maps === 1 ? 0 : Math.floor(entry / (rows * columns)), within = entry - map * rows * columns
  const right = (map % wide) * (columns + BETWEEN) + (within % columns)
  const down = Math.floor(map / wide) * (rows + BETWEEN) + Math.floor(within / columns)
  const [width, height] = [wide * (columns + BETWEEN) - BETWEEN, high * (rows + BETWEEN) - BETWEEN]
  return [middle[0], middle[1] + cell * ((height - 1) / 2 - down), middle[2] + cell * (right - (width - 1) / 2)]
}
