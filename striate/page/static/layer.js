// @ts-check
/** All maps of a layer, a page at a time. */
import { drawMap, short, signedLegend } from "./colours.js"
import { most } from "./frame.js"
import { sides } from "./links.js"
import { answered } from "./source.js"

/** @typedef {import("./network.js").Place} Place */

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
    this.before.addEventListener("click", () => this.turn(-PAGE))
    this.after.addEventListener("click", () => this.turn(PAGE))
  }

  /** @param {number} by */
  turn(by) {
    this.first += by
    this.redraw?.()
  }

  /** @param {Place} place @param {import("./frame.js").Frame} frame */
  async draw(place, frame) {
    const shown = frame.values.get(place.value)
    if (!shown) return
    this.redraw = () => this.draw(place, frame)
    const maps = shown.shape.length > 2 ? shown.shape[0] : 1
    if (this.first >= maps) this.first = 0
    const first = this.first, count = Math.min(PAGE, maps - first), [rows, columns] = sides(shown.shape)
    const numbers = await answered(several(this.source, frame.frame, place.value, first, count))
    if (!numbers || first !== this.first) return
    while (this.grid.children.length > count) this.grid.lastElementChild?.remove()
    while (this.grid.children.length < count) this.grid.append(document.createElement("button"))
    const size = rows * columns, [width, height] = columns === 1 ? [16, Math.min(480, 12 * rows)] : [SIDE, (SIDE * rows) / columns]
    ;[.../** @type {Iterable<HTMLElement>} */ (/** @type {unknown} */ (this.grid.children))].forEach((button, number) => {
      const canvas = button.querySelector("canvas") ?? document.createElement("canvas")
      button.replaceChildren(canvas, String(first + number))
      button.setAttribute("aria-label", `Map ${first + number}`)
      button.onclick = () => this.choose({ ...place, map: first + number })
      drawMap(canvas, numbers.subarray(number * size, (number + 1) * size), rows, columns, most(shown))
      Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` })
    })
    this.said.textContent = `maps ${first} to ${first + count - 1} of ${maps}`
    this.before.disabled = !first
    this.after.disabled = first + count >= maps
    signedLegend(this.legend, short(-most(shown)), short(most(shown)))
  }
}

/** @param {import("./source.js").Source} source @param {number} frame @param {number} value @param {number} first @param {number} count @returns {Promise<Float32Array>} */
async function several(source, frame, value, first, count) {
  if (source.maps) return source.maps(frame, value, first, count)
  const each = await Promise.all(Array.from({ length: count }, (_, number) => source.map(frame, value, first + number)))
  return Float32Array.from(each.flatMap((map) => [...map]))
}
