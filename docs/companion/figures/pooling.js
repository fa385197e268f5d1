// @ts-check
/** A pool keeps one number of each window; what moves a little inside a window changes nothing. */
import { EDITING, editable, grid, legend, plus } from "./grid.js"
import { bracketed, button, choice, figure, slider, written } from "./parts.js"

/** @type {Record<string, number[][]>} */
export const MAPS = {
  "the map of filter 1": [[3, -1, -3, -1], [-3, 1, 0, -3], [-3, -3, 0, 1], [3, -2, -2, -1]],
  "the map of filter 2": [[-1, -1, -1, -1], [-1, -1, -2, 1], [-1, -1, -2, 1], [-1, 0, -4, 3]],
  "one 9 alone": [[9, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
}

/** @typedef {{ size: number, stride: number, largest: boolean }} Pool */

/**
 * The entries of a window, each with its place.
 * @param {number[][]} map @param {Pool} pool @param {number} row @param {number} column
 */
export const windowOf = (map, { size, stride }, row, column) =>
  Array.from({ length: size * size }, (_, i) => {
    const r = row * stride + Math.floor(i / size)
    const c = column * stride + (i % size)
    return { r, c, value: map[r][c] }
  })

/** The pooled map; each entry's `from` is the place of the first largest. @param {number[][]} map @param {Pool} pool */
export function pooled(map, pool) {
  const out = Math.floor((map.length - pool.size) / pool.stride) + 1
  return Array.from({ length: out }, (_, row) =>
    Array.from({ length: out }, (_, column) => {
      const entries = windowOf(map, pool, row, column)
      const winner = entries.reduce((best, one) => (one.value > best.value ? one : best))
      const mean = entries.reduce((sum, { value }) => sum + value, 0) / entries.length
      return { value: pool.largest ? winner.value : mean, from: winner }
    })
  )
}

/** Every row moves one to the right; what comes in is 0. @param {number[][]} map */
export const shifted = (map) => map.map((row) => [0, ...row.slice(0, -1)])

/** @param {HTMLElement} place */
export function mount(place) {
  const { controls, stage, say } = figure(place, `Each window keeps its largest (underlined) or its mean. ${EDITING}`)
  const pool = { size: 2, stride: 2, largest: true }
  let map = MAPS["the map of filter 1"]
  let row = 0
  let column = 0
  const values = () => pooled(map, pool).map((line) => line.map(({ value }) => value))
  function show(before = "") {
    const answers = pooled(map, pool)
    const out = answers.length
    ;[row, column] = [Math.min(row, out - 1), Math.min(column, out - 1)]
    const entries = windowOf(map, pool, row, column)
    const { value, from } = answers[row][column]
    input.show(map, (r, c) => {
      const won = pool.largest && answers.flat().some((one) => one.from.r === r && one.from.c === c)
      return `${entries.some((one) => one.r === r && one.c === c) ? "seen" : ""} ${won ? "won" : ""}`
    })
    output.show(values(), (r, c) => (r === row && c === column ? "seen" : ""))
    const numbers = entries.map((one) => one.value)
    const place = `row ${from.r + 1}, column ${from.c + 1} of the map`
    const sum = pool.largest
      ? `the largest of ${numbers.map(written).join(", ")} is ${written(value)}, from ${place}`
      : `(${numbers.map(bracketed).join(" + ")}) / ${numbers.length} = ${written(value)}`
    say(`${before}Row ${row + 1}, column ${column + 1}: ${sum}`)
  }
  const input = editable("map", 4, (r, c, by) => {
    map = plus(map, r, c, by)
    show()
  })
  let output = grid("pooled", 2, 2)
  const slot = document.createElement("div")
  function resize() {
    const out = values().length
    output = grid("pooled", out, out, (r, c) => {
      ;[row, column] = [r, c]
      show()
    })
    slot.replaceChildren(output.table)
    show()
  }
  function shift() {
    const old = [map, values()]
    map = shifted(map)
    const now = [map, values()]
    const [moved, noticed] = old.map((rows, i) => rows.flat().filter((value, at) => value !== now[i].flat()[at]).length)
    show(`The shift changed ${moved} entries of the map and ${noticed} of the pooled ones. `)
  }
  controls.append(
    choice("Map", Object.keys(MAPS), (name) => {
      map = MAPS[name]
      show()
    }),
    choice("Keep", ["the largest", "the mean"], (kind) => {
      pool.largest = kind === "the largest"
      show()
    }),
    slider("Window", [2, 3], pool.size, (size) => {
      pool.size = size
      resize()
    }).label,
    slider("Stride", [1, 2], pool.stride, (stride) => {
      pool.stride = stride
      resize()
    }).label,
    button("Shift by one", shift)
  )
  stage.append(input.table, "→", slot, legend())
  resize()
}
