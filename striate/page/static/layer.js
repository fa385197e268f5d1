// @ts-check
/** All maps of a layer, a page at a time. */
import { drawMap, signedLegend } from "./colours.js"
import { most } from "./frame.js"
import { sides } from "./links.js"
import { short } from "./numbers.js"
import { answered } from "./source.js"

/**
 * @typedef {import("./network.js").Place} Place
 * @typedef {import("./network.js").Call} Call
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{count: number, first: number, numbers: Float32Array, sides: number[], largest: number}} Shown
 *   of `count` maps those from `first` on
 */

const PAGE = 64, SIDE = 72

export class LayerView {
  /** @param {HTMLElement} place @param {import("./source.js").Source} source @param {(place: Place) => void} choose */
  constructor(place, source, choose) {
    this.source = source
    this.choose = choose
    this.first = 0
    this.grid = /** @type {HTMLElement} */ (place.querySelector("#all"))
    this.legend = /** @type {HTMLElement} */ (place.querySelector("#alllegend"))
    this.said = /** @type {HTMLElement} */ (place.querySelector("#page"))
    this.before = /** @type {HTMLButtonElement} */ (place.querySelector("#before"))
    this.after = /** @type {HTMLButtonElement} */ (place.querySelector("#after"))
    this.choice = /** @type {HTMLElement} */ (place.querySelector("#show"))
    this.what = /** @type {HTMLSelectElement} */ (place.querySelector("#maps"))
    this.channel = /** @type {HTMLInputElement} */ (place.querySelector("#channel"))
    for (const one of [this.what, this.channel]) one.addEventListener("change", () => this.turn(0))
    this.before.addEventListener("click", () => this.turn(-PAGE))
    this.after.addEventListener("click", () => this.turn(PAGE))
  }

  /** @param {number} by */
  turn(by) {
    this.first += by
    this.redraw?.()
  }

  /** @param {Place} place @param {Call} call @param {Frame} frame */
  async draw(place, call, frame) {
    const mine = () => this.draw(place, call, frame)
    this.redraw = mine
    const filters = this.filters(call), shown = await (filters ? this.weights(place, frame) : this.values(place, frame))
    if (!shown || this.redraw !== mine) return // another layer was chosen meanwhile
    const { count, first, numbers, sides: [rows, columns], largest } = shown, here = Math.min(PAGE, count - first)
    while (this.grid.children.length > here) this.grid.lastElementChild?.remove()
    while (this.grid.children.length < here) this.grid.append(document.createElement("button"))
    const size = rows * columns, [width, height] = columns === 1 && rows > 1 ? [16, Math.min(480, 12 * rows)] : [SIDE, (SIDE * rows) / columns]
    ;[.../** @type {Iterable<HTMLElement>} */ (/** @type {unknown} */ (this.grid.children))].forEach((button, number) => {
      const canvas = button.querySelector("canvas") ?? document.createElement("canvas")
      button.replaceChildren(canvas, String(first + number))
      button.setAttribute("aria-label", `${filters ? "Filter" : "Map"} ${first + number}`)
      button.onclick = () => this.choose({ ...place, map: first + number })
      drawMap(canvas, numbers.subarray(number * size, (number + 1) * size), rows, columns, largest)
      Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` })
    })
    this.said.textContent = `${filters ? "filters" : "maps"} ${first} to ${first + here - 1} of ${count}`
    this.before.disabled = !first
    this.after.disabled = first + here >= count
    signedLegend(this.legend, short(-largest), short(largest))
  }

  /** Whether filters are shown; where there are none, that is no choice. @param {Call} call */
  filters(call) {
    const some = Boolean(this.source.filters && call.reading), show = some && this.what.value === "filters"
    this.choice.hidden = !some
    const channel = /** @type {HTMLElement} */ (this.channel.parentElement)
    channel.hidden = !show || call.reading === 1
    this.channel.max = String((call.reading ?? 1) - 1)
    if (this.channel.valueAsNumber >= (call.reading ?? 1)) this.channel.value = "0"
    return show
  }

  /** Its maps from the first one that is shown. @param {Place} place @param {Frame} frame @returns {Promise<Shown | null>} */
  async values(place, frame) {
    const value = frame.values.get(place.value)
    if (!value) return null
    const count = value.shape.length > 2 ? value.shape[0] : 1, first = this.from(count)
    const numbers = await answered(several(this.source, frame.frame, place.value, first, Math.min(PAGE, count - first)))
    return numbers && first === this.first ? { count, first, numbers, sides: sides(value.shape), largest: most(value) } : null
  }

  /** Its filters from the first one that is shown. @param {Place} place @param {Frame} frame @returns {Promise<Shown | null>} */
  async weights(place, frame) {
    const made = this.source.filters && (await answered(this.source.filters(frame.frame, place.call, this.channel.valueAsNumber || 0)))
    const value = made?.values.get(0)
    if (!value) return null
    const [count, rows, columns] = value.sent, first = this.from(count)
    return { count, first, numbers: value.numbers.subarray(first * rows * columns), sides: [rows, columns], largest: most(value) }
  }

  /** The first one that is shown, of so many. @param {number} count */
  from(count) {
    if (this.first >= count) this.first = 0
    return this.first
  }
}

/** @param {import("./source.js").Source} source @param {number} frame @param {number} value @param {number} first @param {number} count @returns {Promise<Float32Array>} */
async function several(source, frame, value, first, count) {
  if (source.maps) return source.maps(frame, value, first, count)
  const each = await Promise.all(Array.from({ length: count }, (_, number) => source.map(frame, value, first + number)))
  return Float32Array.from(each.flatMap((map) => [...map]))
}
