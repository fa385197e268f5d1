// @ts-check
/** Where an answer comes from: a picture over what the network reads; and the loss's gradients on every map. */
import { drawColours, drawOver, signedLegend } from "./colours.js"
import { mapOf, most } from "./frame.js"
import { short } from "./numbers.js"
import { answered } from "./source.js"

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Value} Value
 * @typedef {import("./frame.js").Values} Values
 * @typedef {import("./source.js").Source} Source
 */

const BEST = "most", OPEN = "open"

export class Overlays {
  /**
   * @param {HTMLElement} place @param {Source} source @param {() => import("./network.js").Place | null} opened the map that is looked at
   * @param {() => void} changed
   */
  constructor(place, source, opened, changed) {
    this.place = place
    this.source = source
    this.opened = opened
    this.method = /** @type {HTMLSelectElement} */ (place.querySelector("#method"))
    this.aim = /** @type {HTMLSelectElement} */ (place.querySelector("#aim"))
    this.figure = /** @type {HTMLElement} */ (place.querySelector("figure"))
    this.canvas = /** @type {HTMLCanvasElement} */ (place.querySelector("canvas"))
    for (const select of [this.method, this.aim]) select.addEventListener("change", changed)
  }

  /** @param {string[]} labels */
  offer(labels) {
    this.place.hidden = !this.source.overlay
    const options = [["the most probable", BEST], ...labels.map((label, number) => [label, String(number)]), ["the map looked at", OPEN]]
    choices(this.aim, labels.length ? options : options.slice(-1))
  }

  /** What is explained: a label, a call and its map, or nothing; null where there is nothing to explain. @returns {number[] | null} */
  aimed() {
    if (this.aim.value === BEST) return []
    if (this.aim.value !== OPEN) return [Number(this.aim.value)]
    const place = this.opened()
    return place && [place.call, Math.max(0, place.map)]
  }

  /** @param {Frame} frame */
  async draw(frame) {
    this.figure.hidden = !this.method.value
    if (!this.method.value || !this.source.overlay) return
    const said = /** @type {HTMLElement} */ (this.figure.querySelector("figcaption")), aim = this.aimed()
    if (!aim) {
      said.textContent = "choose a map of the network first"
      return
    }
    const made = await answered(this.source.overlay(frame.frame, this.method.value, aim))
    const over = made?.values.get(0), read = frame.values.get(0)
    if (!made || !over || !read) return
    drawn(this.canvas, over, read)
    this.figure.dataset.frame = String(frame.frame)
    said.textContent = made.said ?? ""
    const largest = short(most(over)), legend = /** @type {Element} */ (this.figure.querySelector(".legend"))
    if (over.sent[0] === 3) legend.textContent = `colours of the three channels, from −${largest} (dark) to ${largest} (bright); grey is 0`
    else signedLegend(legend, `−${largest}`, largest)
  }
}

/** In colour where there are three channels, else over the picture. @param {HTMLCanvasElement} canvas @param {Value} over @param {Value} read */
function drawn(canvas, over, read) {
  const [channels, rows, columns] = over.sent
  if (channels === 3) return drawColours(canvas, over.numbers, rows, columns, -most(over), most(over))
  const [maps, high, wide] = read.sent, under = Array.from({ length: maps }, (_, map) => mapOf(read, map)), range = read.high - read.low || 1
  const beneath = (/** @type {number} */ i) => {
    const at = Math.floor((Math.floor(i / columns) * high) / rows) * wide + Math.floor(((i % columns) * wide) / columns)
    return (under.reduce((sum, map) => sum + map[at], 0) / maps - read.low) / range
  }
  drawOver(canvas, mapOf(over, 0), rows, columns, most(over), beneath)
}

export class Backward {
  /** @param {HTMLElement} place @param {Source} source @param {() => void} changed */
  constructor(place, source, changed) {
    this.place = place
    this.source = source
    this.what = /** @type {HTMLSelectElement} */ (place.querySelector("#what"))
    this.right = /** @type {HTMLSelectElement} */ (place.querySelector("#right"))
    for (const select of [this.what, this.right]) select.addEventListener("change", changed)
  }

  /** @param {string[]} labels */
  offer(labels) {
    this.place.hidden = !this.source.gradients || !labels.length
    choices(this.right, labels.map((label, number) => [label, String(number)]))
  }

  /** Whether the maps show gradients. */
  get on() {
    const on = this.what.value === "gradients" && !this.place.hidden
    const label = /** @type {HTMLElement} */ (this.right.parentElement)
    label.hidden = !on
    return on
  }

  /** The gradients at values. @param {Frame} frame @param {number[]} shown @returns {Promise<Values | null>} */
  async gradients(frame, shown) {
    return this.source.gradients ? answered(this.source.gradients(frame.frame, Number(this.right.value), shown)) : null
  }
}

/** Fills a list of choices; what was chosen stays so. @param {HTMLSelectElement} select @param {string[][]} pairs */
function choices(select, pairs) {
  const chosen = select.value
  select.replaceChildren(...pairs.map(([text, value]) => new Option(text, value)))
  if (pairs.some(([, value]) => value === chosen)) select.value = chosen
}
