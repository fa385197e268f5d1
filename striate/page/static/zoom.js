// @ts-check
/** One map in large, and the arithmetic of the value that is pointed at. */
import { drawMap } from "./colours.js"

/**
 * @typedef {import("./network.js").Graph} Graph
 * @typedef {import("./network.js").Place} Place
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{read: number, place: number[], value: number, times: number}} Term
 * @typedef {{said: string, how: string, bias: number | null, value: number, count: number, terms: Term[], reads: number[]}} Work
 */

const LARGE = 320, MOST_TABLES = 24

export class Zoom {
  /** @param {HTMLElement} section @param {Graph} graph @param {import("./source.js").Source} source */
  constructor(section, graph, source) {
    this.section = section
    this.graph = graph
    this.source = source
    /** @type {Place | null} */
    this.place = null
    this.entry = 0
    this.canvas = /** @type {HTMLCanvasElement} */ (section.querySelector("#large"))
    this.canvas.addEventListener("pointermove", (event) => this.point(event))
    this.canvas.addEventListener("keydown", (event) => this.move(event))
    section.querySelector("#close")?.addEventListener("click", () => this.close())
  }

  close() {
    this.place = null
    this.section.hidden = true
  }

  /** @param {Place} place @param {Frame} frame */
  async open(place, frame) {
    this.place = place
    this.section.hidden = false
    const call = this.graph.calls[place.call]
    const title = /** @type {HTMLElement} */ (this.section.querySelector("#zoomed"))
    title.textContent = call.shape.length > 2 ? `${call.name}, map ${place.map}` : call.name
    await this.draw(frame)
  }

  /** @param {Frame} frame */
  async draw(frame) {
    if (!this.place) return
    this.frame = frame
    const { value, map } = this.place, shown = frame.values.get(value)
    if (!shown) return this.close()
    const shape = shown.shape
    const [rows, columns] = shape.length > 1 ? shape.slice(-2) : [shape[0], 1]
    this.rows = rows
    this.columns = columns
    const numbers = shape.length > 1 ? await this.newest(this.source.map(frame.frame, value, map)) : shown.numbers
    if (!numbers) return
    const { low, high } = shown
    drawMap(this.canvas, numbers, rows, columns, Math.max(Math.abs(low), Math.abs(high)))
    const scale = LARGE / Math.max(rows, columns)
    Object.assign(this.canvas.style, { width: `${Math.max(14, columns * scale)}px`, height: `${Math.max(14, rows * scale)}px` })
    this.entry = Math.min(this.entry, rows * columns - 1)
    await this.explain()
  }

  /** @param {PointerEvent} event */
  point(event) {
    const box = this.canvas.getBoundingClientRect()
    const column = Math.floor(((event.clientX - box.left) / box.width) * (this.columns ?? 1))
    const row = Math.floor(((event.clientY - box.top) / box.height) * (this.rows ?? 1))
    this.choose(row, column)
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key]
    if (!step) return
    event.preventDefault()
    const columns = this.columns ?? 1
    this.choose(Math.floor(this.entry / columns) + step[0], (this.entry % columns) + step[1])
  }

  /** @param {number} row @param {number} column */
  choose(row, column) {
    const [rows, columns] = [this.rows ?? 1, this.columns ?? 1]
    const entry = Math.max(0, Math.min(rows - 1, row)) * columns + Math.max(0, Math.min(columns - 1, column))
    if (entry === this.entry) return
    this.entry = entry
    this.explain()
  }

  /** @returns {number[]} where the chosen value is in what the call gives */
  where() {
    const { call, map } = /** @type {Place} */ (this.place), shape = this.graph.calls[call].shape
    const columns = this.columns ?? 1, [row, column] = [Math.floor(this.entry / columns), this.entry % columns]
    return shape.length === 1 ? [this.entry] : shape.length === 2 ? [row, column] : [map, row, column]
  }

  /** An answer; null where the picture has changed since it was asked for. @template T @param {Promise<T>} asked */
  async newest(asked) {
    try {
      return await asked
    } catch {
      return null
    }
  }

  async explain() {
    if (!this.place || !this.frame) return
    const at = this.where()
    const work = await this.newest(this.source.work(this.frame.frame, this.place.call, at))
    if (!work || String(at) !== String(this.where())) return
    const said = /** @type {HTMLElement} */ (this.section.querySelector("#said"))
    said.textContent = `(${at})  ${work.said}`
    said.dataset.value = String(work.value)
    const tables = /** @type {HTMLElement} */ (this.section.querySelector("#windows"))
    tables.replaceChildren(...windows(work.terms).slice(0, MOST_TABLES))
  }
}

/** A table for each map that is read, with value · factor in its cells. @param {Term[]} terms @returns {HTMLElement[]} */
function windows(terms) {
  /** @type {Map<string, Term[]>} */
  const maps = new Map()
  for (const term of terms) {
    if (term.place.length < 2) continue
    const key = term.place.length > 2 ? `${term.read}:${term.place[0]}` : String(term.read)
    maps.set(key, [...(maps.get(key) ?? []), term])
  }
  return [...maps.values()].map((some) => {
    const table = Object.assign(document.createElement("table"), { className: "window" })
    table.createCaption().textContent = some[0].place.length > 2 ? `map ${some[0].place[0]}: value · weight` : "value · weight"
    /** @type {Map<number, HTMLTableRowElement>} */
    const rows = new Map()
    for (const term of some) {
      const line = term.place[term.place.length - 2], row = rows.get(line) ?? table.insertRow()
      rows.set(line, row)
      const text = short(term.value) + (term.times === 1 ? "" : ` · ${short(term.times)}`)
      row.insertCell().textContent = text
    }
    return table
  })
}

/** @param {number} value */
function short(value) {
  return Number(value.toPrecision(3)).toString()
}
