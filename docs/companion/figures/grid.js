// @ts-check
/** Grids of coloured numbers, and cells of any kind that the arrow keys reach. */
import { colour, drawMap } from "../../../striate/page/static/colours.js"
import { element, filled, written } from "./parts.js"

/** @typedef {(row: number, column: number, by: number) => void} Visit `by` is 1, or -1 with shift or the minus key */

/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }
/** @type {Record<string, number>} */
const ACTS = { Enter: 1, " ": 1, "+": 1, "-": -1 }
export const EDITING = "Click an entry to add 1, with shift to take 1 away; the arrow, + and − keys do the same."

/**
 * Makes cells that the arrow keys, the pointer and the tab key reach: one of them at a time can have the focus.
 * @param {(HTMLElement | SVGElement)[][]} cells @param {Visit} moved @param {Visit} [acted]
 */
export function roam(cells, moved, acted = moved) {
  const all = cells.flat()
  cells.forEach((row, r) =>
    row.forEach((cell, c) =>
      filled(
        cell,
        {
          tabindex: cell === all[0] ? 0 : -1,
          focus: () => {
            for (const other of all) other.setAttribute("tabindex", other === cell ? "0" : "-1")
            moved(r, c, 1)
          },
          pointerenter: () => moved(r, c, 1),
          click: (/** @type {MouseEvent} */ event) => acted(r, c, event.shiftKey ? -1 : 1),
          keydown: (/** @type {KeyboardEvent} */ event) => {
            const [down, right] = MOVES[event.key] ?? [0, 0]
            const next = cells[r + down]
            if (event.key in ACTS) acted(r, c, ACTS[event.key])
            else if (event.key in MOVES && next) next[Math.max(0, Math.min(c + right, next.length - 1))].focus()
            else return
            event.preventDefault()
          },
        },
        []
      )
    )
  )
}

/**
 * Numbers in squares, each coloured by its share of the largest. Without `moved` nothing in it can be chosen.
 * @param {string} caption @param {number} rows @param {number} columns @param {Visit} [moved] @param {Visit} [acted]
 */
export function grid(caption, rows, columns, moved, acted) {
  const chosen = Boolean(moved)
  const cells = Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => element("td", chosen ? { role: "gridcell" } : {}))
  )
  if (moved) roam(cells, moved, acted)
  const table = element(
    "table",
    { class: "cells", "aria-label": caption, ...(chosen && { role: "grid" }) },
    element("caption", {}, caption),
    element("tbody", {}, ...cells.map((row) => element("tr", chosen ? { role: "row" } : {}, ...row)))
  )
  /** @param {number[][]} numbers @param {(row: number, column: number) => string} [marks] the classes of a cell */
  function show(numbers, marks = (_row, _column) => "") {
    const most = Math.max(...numbers.flat().map(Math.abs)) || 1
    cells.forEach((row, r) =>
      row.forEach((cell, c) => {
        cell.textContent = written(numbers[r][c])
        cell.className = marks(r, c)
        paint(cell, numbers[r][c] / most)
      })
    )
  }
  return { table, show }
}

/** A square grid whose entries are edited. @param {string} caption @param {number} size @param {Visit} acted */
export const editable = (caption, size, acted) => grid(caption, size, size, () => {}, acted)

/**
 * Numbers with one of them changed.
 * @param {number[][]} rows @param {number} row @param {number} column @param {number} by
 */
export const plus = (rows, row, column, by) =>
  rows.map((line, r) => line.map((value, c) => (r === row && c === column ? value + by : value)))

/** @param {HTMLElement} cell @param {number} share from -1 to 1 */
function paint(cell, share) {
  const rgb = colour(share)
  const [red, green, blue] = rgb.map((part) => (part <= 10 ? part / 3295 : ((part / 255 + 0.055) / 1.055) ** 2.4))
  cell.style.background = `rgb(${rgb})`
  const bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue // above 0.179 black is read better than white (WCAG 2)
  cell.style.color = bright > 0.179 ? "#000" : "#fff"
}

/** The scale of the grids. */
export function legend() {
  const canvas = element("canvas", {
    role: "img",
    "aria-label": "Colours: blue is below zero, white is zero, orange is above",
  })
  drawMap(
    canvas,
    Float32Array.from({ length: 101 }, (_, i) => (i - 50) / 50),
    1,
    101,
    1
  )
  return element("p", { class: "legend" }, "− largest ", canvas, " + largest of a grid")
}
