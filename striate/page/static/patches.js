// @ts-check
/** The parts of test images that excite a map most, found in the background. */
import { drawColours, drawMap, pictureLegend, signedLegend } from "./colours.js"
import { mapOf } from "./frame.js"
import { short } from "./numbers.js"
import { answered } from "./source.js"

/**
 * @typedef {{activation: number, example: number, box: number[][]}} Found
 * @typedef {import("./frame.js").Values & {done: number, total: number, finished: boolean, found: Found[]}} Patches
 */

const WAIT = 400, SIDE = 64

export class PatchesView {
  /** @param {HTMLElement} place @param {import("./source.js").Source} source */
  constructor(place, source) {
    this.place = place
    this.source = source
    this.button = /** @type {HTMLButtonElement} */ (place.querySelector("button"))
    this.bar = /** @type {HTMLProgressElement} */ (place.querySelector("progress"))
    this.heading = /** @type {HTMLElement} */ (place.querySelector("p"))
    this.found = /** @type {HTMLElement} */ (place.querySelector(".found"))
    this.legend = /** @type {HTMLElement} */ (place.querySelector(".legend"))
    this.button.addEventListener("click", () => this.search())
    this.value = -1
    this.map = -1
  }

  /** The map whose patches may be asked for. @param {number} value @param {number} map @param {boolean} offered */
  at(value, map, offered) {
    this.place.hidden = !offered || !this.source.patches
    if (this.value === value && this.map === map) return
    this.value = value
    this.map = map
    this.clear()
  }

  /** What was found is no longer so. */
  clear() {
    this.heading.textContent = ""
    this.found.replaceChildren()
    this.legend.replaceChildren()
  }

  async search() {
    const { value, map } = this, place = `${value} ${map}`
    while (this.source.patches && place === `${this.value} ${this.map}` && !this.place.hidden) {
      const made = await answered(this.source.patches(value, map))
      if (!made) break
      Object.assign(this.bar, { max: made.total || 1, value: made.done })
      this.bar.hidden = made.finished
      if (!this.bar.hidden) {
        await new Promise((wake) => setTimeout(wake, WAIT))
        continue
      }
      if (place === `${this.value} ${this.map}`) this.show(made)
      break
    }
    this.bar.hidden = true
  }

  /** @param {Patches} patches */
  show({ values, found, total }) {
    const every = [...values.values()], low = Math.min(...every.map((one) => one.low)), high = Math.max(...every.map((one) => one.high))
    const size = Math.max(Math.abs(low), Math.abs(high)), colours = every[0]?.sent[0] === 3
    this.found.replaceChildren(
      ...found.map(({ activation, example }, rank) => {
        const figure = document.createElement("figure"), canvas = document.createElement("canvas")
        const value = /** @type {import("./frame.js").Value} */ (values.get(rank)), [, rows, columns] = value.sent
        if (colours) drawColours(canvas, value.numbers, rows, columns, low, high)
        else drawMap(canvas, mapOf(value, 0), rows, columns, size)
        canvas.setAttribute("role", "img")
        canvas.setAttribute("aria-label", `Patch of test image ${example}`)
        Object.assign(canvas.style, { width: `${SIDE}px`, height: `${(SIDE * rows) / columns}px` })
        figure.append(canvas, Object.assign(document.createElement("figcaption"), { textContent: `${short(activation)}\nimage ${example}` }))
        return figure
      }),
    )
    this.heading.textContent = `The parts of ${total.toLocaleString("en")} test images that excite this map most, with its value there`
    if (colours) pictureLegend(this.legend, short(low), short(high))
    else signedLegend(this.legend, short(-size), short(size))
  }
}
