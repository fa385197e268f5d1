// @ts-check
/** What a value is computed from and goes into: frames on the maps, one question at a time, the newest one counts. */
import { answered } from "./source.js"

/**
 * @typedef {{number: number, kind: "source" | "target", maps: number[], rows: number[], columns: number[]}} Link
 *   on these maps of a value, rows and columns from the first to the one after the last
 * @typedef {{frame: number, value: number, at: number[]}} Entry
 */

export class Links {
  /** @param {import("./source.js").Source} source @param {() => number[]} shown @param {(links: Link[]) => void} mark */
  constructor(source, shown, mark) {
    this.source = source
    this.shown = shown
    this.mark = mark
    this.waiting = false
    /** @type {Entry | null} */
    this.entry = null
  }

  /** @param {Entry | null} entry whose links are shown; null for none */
  async show(entry) {
    this.entry = entry
    if (this.waiting || !this.source.links) return
    this.waiting = true
    /** @type {Entry | null} */
    let asked
    do {
      asked = this.entry
      const links = asked && (await answered(this.source.links(asked.frame, asked.value, asked.at, this.shown())))
      if (asked === this.entry) this.mark(links ?? [])
    } while (asked !== this.entry)
    this.waiting = false
  }
}

/** Puts a frame on the canvas before it. @param {Element} map @param {{rows: number[], columns: number[], kind: string}} link @param {number[]} shape of the whole map */
export function framed(map, link, [rows, columns]) {
  const frame = document.createElement("i")
  frame.className = `mark ${link.kind}`
  const [[top, bottom], [left, right]] = [link.rows, link.columns]
  Object.assign(frame.style, {
    top: `${(100 * top) / rows}%`,
    height: `${(100 * (bottom - top)) / rows}%`,
    left: `${(100 * left) / columns}%`,
    width: `${(100 * (right - left)) / columns}%`,
  })
  map.append(frame)
}

/** Rows and columns of the maps of a value. @param {number[]} shape @returns {number[]} */
export function sides(shape) {
  if (shape.length === 1) return [shape[0], 1]
  const rest = shape.length > 2 ? shape.slice(1, -1) : shape.slice(0, 1)
  return [rest.reduce((a, b) => a * b, 1), shape[shape.length - 1]]
}

/** In words where an entry is. @param {number[]} at as `placeOf` gives it */
export function saidPlace(at) {
  if (at.length === 1) return `unit ${at[0]}`
  const [row, column] = at.slice(-2), map = at.length > 2 ? `map ${at[0]}, ` : ""
  return `${map}row ${row}, column ${column}`
}

/** Where an entry of a map is in its value. @param {number[]} shape @param {number} map @param {number} row @param {number} column @returns {number[]} */
export function placeOf(shape, map, row, column) {
  return shape.length === 1 ? [row] : shape.length === 2 ? [row, column] : [map, row, column]
}
