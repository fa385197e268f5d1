// @ts-check
/** Closer and closer: the network, a layer with all its maps, a map in large, and the arithmetic of one of its values. */
import { windows } from "./arithmetic.js"
import { drawMap, signedLegend } from "./colours.js"
import { most } from "./frame.js"
import { LayerView } from "./layer.js"
import { framed, placeOf, saidPlace, sides } from "./links.js"
import { pointed } from "./network.js"
import { short } from "./numbers.js"
import { PatchesView } from "./patches.js"
import { answered } from "./source.js"

/**
 * @typedef {import("./network.js").Graph} Graph
 * @typedef {import("./network.js").Place} Place
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./arithmetic.js").Work} Work
 */

const LARGE = 320

export class Zoom {
  /**
   * @param {HTMLElement} section @param {import("./source.js").Source} source
   * @param {(entry: import("./links.js").Entry | null) => void} chosen a value
   * @param {(call: import("./network.js").Call | null, map: number) => void} opened a layer or a map
   */
  constructor(section, source, chosen, opened) {
    this.opened = opened
    this.section = section
    this.source = source
    this.chosen = chosen
    /** @type {Graph | null} */
    this.graph = null
    /** @type {Place | null} */
    this.place = null
    /** @type {Frame | null} */
    this.frame = null
    this.entry = 0
    this.canvas = /** @type {HTMLCanvasElement} */ (section.querySelector("#large"))
    this.held = false // a click holds the value, so that the mouse may leave it
    this.canvas.addEventListener("pointermove", (event) => this.held || this.choose(...pointed(event, this.canvas, this.sides)))
    this.canvas.addEventListener("click", (event) => this.hold(...pointed(event, this.canvas, this.sides)))
    this.canvas.addEventListener("keydown", (event) => this.move(event))
    this.one("#close").addEventListener("click", () => this.close())
    this.patches = new PatchesView(this.one("#patches"), source)
    this.layer = new LayerView(section, source, (place) => this.frame && this.open(place, this.frame))
  }

  /** @param {string} chosen @returns {HTMLElement} */
  one(chosen) {
    return /** @type {HTMLElement} */ (this.section.querySelector(chosen))
  }

  close() {
    this.place = null
    this.section.hidden = true
    this.chosen(null)
    this.opened(null, -1)
  }

  /** Of the network from now on; where that was changed, of the same layer in it, if there is one. @param {Graph} graph */
  of(graph) {
    const before = this.place && this.call
    this.graph = graph
    this.patches.clear()
    if (!this.place || !before) return
    const call = graph.calls.findIndex(({ name }) => name === before.name)
    if (call < 0) return this.close()
    Object.assign(this.place, { call, value: graph.calls[call].gives.at(-1) })
    this.opened(this.call, this.place.map)
  }

  /** @param {Place} place @param {Frame} frame @param {number} [entry] of the map, that is pointed at first */
  async open(place, frame, entry) {
    this.place = place
    this.entry = entry ?? this.entry
    this.held = false
    this.section.hidden = false
    const { shape } = this.call
    if (place.map < 0 && shape.length < 3) place.map = 0 // it is one map
    this.one("#layer").hidden = place.map >= 0
    this.one("#inside").hidden = place.map < 0
    if (place.map < 0) this.chosen(null)
    this.path()
    this.opened(this.call, place.map)
    this.patches.at(place.value, place.map, Boolean(this.graph?.examples) && shape.length === 3)
    await this.draw(frame)
    if (entry === undefined) this.section.scrollIntoView({ block: "nearest" }) // else it was chosen in another view
  }

  get call() {
    return /** @type {Graph} */ (this.graph).calls[/** @type {Place} */ (this.place).call]
  }

  get sides() {
    return sides(this.call.shape)
  }

  /** The way here, each step of which leads back. */
  path() {
    const place = /** @type {Place} */ (this.place), { name, shape } = this.call
    const step = (/** @type {string} */ textContent, /** @type {() => void} */ act) => {
      const button = Object.assign(document.createElement("button"), { textContent })
      button.addEventListener("click", act)
      return button
    }
    const layer = step(name, () => this.frame && this.open({ ...place, map: -1 }, this.frame))
    const map = place.map < 0 || shape.length < 3 ? [] : [" › ", `map ${place.map}`]
    this.one("#where").replaceChildren(step("Network", () => this.close()), " › ", layer, ...map)
  }

  /** @param {Frame} frame */
  async draw(frame) {
    this.frame = frame
    if (!this.place) return
    const { value, map } = this.place, shown = frame.values.get(value)
    if (!shown) return this.close()
    if (map < 0) return this.layer.draw(this.place, this.call, frame)
    const [rows, columns] = this.sides
    const numbers = await answered(this.source.map(frame.frame, value, map))
    if (!numbers || this.place?.map !== map || this.place.value !== value) return
    drawMap(this.canvas, numbers, rows, columns, most(shown))
    signedLegend(this.one("#maplegend"), short(-most(shown)), short(most(shown)))
    const scale = LARGE / Math.max(rows, columns)
    Object.assign(this.canvas.style, { width: `${Math.max(14, columns * scale)}px`, height: `${Math.max(14, rows * scale)}px` })
    this.entry = Math.min(this.entry, rows * columns - 1)
    await this.explain()
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation() // in a presentation, arrows turn pages
    const [row, column] = this.at
    this.choose(row + step[0], column + step[1])
  }

  get at() {
    const [, columns] = this.sides
    return [Math.floor(this.entry / columns), this.entry % columns]
  }

  /** @param {number} row @param {number} column */
  choose(row, column) {
    const [rows, columns] = this.sides
    const entry = Math.max(0, Math.min(rows - 1, row)) * columns + Math.max(0, Math.min(columns - 1, column))
    if (entry === this.entry) return
    this.entry = entry
    this.explain()
  }

  /** Holds a value; one that is held is let go. @param {number} row @param {number} column */
  hold(row, column) {
    const before = this.entry, held = this.held
    this.choose(row, column)
    this.held = !(held && before === this.entry)
    this.mark()
  }

  /** A frame around the chosen value, dashed while it follows the mouse. */
  mark() {
    const [row, column] = this.at, around = /** @type {Element} */ (this.canvas.parentElement)
    around.querySelector(".mark")?.remove()
    framed(around, { rows: [row, row + 1], columns: [column, column + 1], kind: this.held ? "source" : "loose" }, this.sides)
  }

  /** @returns {number[]} where the chosen value is in what the call gives */
  where() {
    const [row, column] = this.at
    return placeOf(this.call.shape, /** @type {Place} */ (this.place).map, row, column)
  }

  async explain() {
    if (!this.place || !this.frame) return
    this.mark()
    const at = this.where(), { call, value } = this.place
    this.chosen({ frame: this.frame.frame, value, at })
    const work = await answered(this.source.work(this.frame.frame, call, at))
    if (!work || this.place?.call !== call || String(at) !== String(this.where())) return
    const said = this.one("#said")
    said.textContent = `${saidPlace(at)}: ${work.said}`
    said.dataset.value = String(work.value)
    this.one("#windows").replaceChildren(...windows(work.terms))
  }
}
