// @ts-check
/** The network from left to right: a column for each depth, a card for each call or fold, its maps on it. */
import { drawMap } from "./colours.js"
import { mapOf, most } from "./frame.js"
import { framed, placeOf, sides } from "./links.js"

/**
 * @typedef {import("./frame.js").Values} Values
 * @typedef {import("./links.js").Link} Link
 * @typedef {{name: string, kind: string, said: string, parameters: number, reads: number[], gives: number[], shape: number[], path?: string, weighted?: boolean, reading?: number, sized?: number[] | null}} Call
 *   `reading` is how many channels a filter reads; `sized` is padding and stride; where these are missing, nothing can be changed
 * @typedef {{name: string, path: string, calls: number[], reads: number[], gives: number[], layers: number}} Card
 * @typedef {{name: string, reads?: "image" | "text" | "sound", slides?: boolean, halves?: boolean, shape: number[], inputs: number, outputs: number[], calls: Call[], cards: Card[], labels: string[],
 *   way?: import("./placing.js").Way | null, diagram?: boolean, version?: number, examples?: boolean, epochs?: number[], changes?: import("./touch.js").Changes}} Graph
 * @typedef {{call: number, value: number, map: number}} Place a layer's map, or all of them where `map` is -1
 * @typedef {{
 *   choose: (place: Place) => void,
 *   open: (path: string) => void,
 *   hover: (entry: {value: number, at: number[]} | null) => void,
 * }} Acts
 */

const MAPS = 16, SIDE = 56, LONGEST = 480
const SVG = "http://www.w3.org/2000/svg"

/** How many cards lie between the input and each card, along the longest way. @param {Card[]} cards @returns {number[]} */
export function depths(cards) {
  /** @type {Map<number, number>} */
  const of = new Map()
  return cards.map((card) => {
    const depth = Math.max(0, ...card.reads.map((value) => of.get(value) ?? 0))
    card.gives.forEach((value) => of.set(value, depth + 1))
    return depth
  })
}

/** @param {string} tag @param {object} properties @returns {any} */
function made(tag, properties) {
  return Object.assign(document.createElement(tag), properties)
}

export class NetworkView {
  /** @param {HTMLElement} place @param {Graph} graph @param {Acts} acts */
  constructor(place, graph, acts) {
    this.place = place
    this.graph = graph
    /** @type {Map<number, HTMLCanvasElement[]>} the maps of each value that is shown */
    this.maps = new Map()
    /** @type {Map<number, HTMLElement>} the card that gives each value */
    this.givers = new Map()
    const columns = /** @type {HTMLElement[]} */ ([])
    depths(graph.cards).forEach((depth, number) => {
      columns[depth] ??= made("div", { className: "column" })
      columns[depth].append(this.card(graph.cards[number], acts))
    })
    this.lines = document.createElementNS(SVG, "svg")
    this.lines.setAttribute("aria-hidden", "true")
    place.replaceChildren(this.lines, ...columns)
    new ResizeObserver(() => this.connect()).observe(columns[0] ?? place)
  }

  /** The numbers of the values that are shown, the input first. */
  get shown() {
    return [0, ...this.maps.keys()]
  }

  /** @param {Card} card @param {Acts} acts @returns {HTMLElement} */
  card(card, acts) {
    const number = card.calls[card.calls.length - 1], call = this.graph.calls[number]
    const value = card.gives[card.gives.length - 1]
    const parameters = card.calls.reduce((sum, one) => sum + this.graph.calls[one].parameters, 0)
    const size = call.shape.join("×") + (parameters ? `, ${parameters.toLocaleString("en")} parameters` : "")
    const place = made("article", { className: card.path ? "card folded" : "card" })
    const what = card.path ? `${card.layers} layers` : call.kind
    place.append(made("h3", { textContent: card.name }), made("p", { textContent: `${what}, ${size}`, title: call.said }))
    place.append(this.grid(card.name, { call: number, value, map: 0 }, call.shape, acts))
    const button = (/** @type {string} */ textContent, /** @type {string} */ title, /** @type {() => void} */ act) => {
      const one = made("button", { textContent, title })
      one.addEventListener("click", act)
      place.append(one)
    }
    button("Look closer", `All maps of ${card.name}`, () => acts.choose({ call: number, value, map: -1 }))
    if (card.path) button("Open", `Show the ${card.layers} layers of ${card.name}`, () => acts.open(card.path))
    card.gives.forEach((one) => this.givers.set(one, place))
    place.dataset.reads = card.reads.join(",")
    return place
  }

  /** @param {string} name @param {Place} place @param {number[]} shape @param {Acts} acts @returns {HTMLElement} */
  grid(name, place, shape, acts) {
    const channels = shape.length > 2 ? shape[0] : 1, count = Math.min(MAPS, channels)
    const grid = made("div", { className: "maps" })
    grid.style.gridTemplateColumns = `repeat(${Math.ceil(count / 8)}, max-content)`
    const canvases = Array.from({ length: count }, (_, map) => {
      const canvas = made("canvas", { tabIndex: 0 })
      canvas.setAttribute("role", "button")
      canvas.setAttribute("aria-label", `${name}, map ${map}`)
      const choose = () => acts.choose({ ...place, map })
      canvas.addEventListener("click", choose)
      canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && choose())
      canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
        const [row, column] = pointed(event, canvas, sides(shape))
        acts.hover({ value: place.value, at: placeOf(shape, map, row, column) })
      })
      canvas.addEventListener("pointerleave", () => acts.hover(null))
      return canvas
    })
    grid.append(...canvases.map((canvas) => {
      const map = made("div", { className: "map" })
      map.append(canvas)
      return map
    }))
    this.maps.set(place.value, canvases)
    const all = made("div", {})
    all.append(grid, ...(channels > count ? [made("p", { textContent: `and ${channels - count} more` })] : []))
    return all
  }

  /** @param {Values} shown values, or their gradients */
  draw(shown) {
    for (const [number, canvases] of this.maps) {
      const value = shown.values.get(number)
      canvases.forEach((canvas) => canvas.classList.toggle("missing", !value))
      if (!value) continue
      const [, rows, columns] = value.sent
      canvases.forEach((canvas, map) => {
        drawMap(canvas, mapOf(value, map), rows, columns, most(value))
        const [width, height] = columns === 1 ? [14, Math.min(LONGEST, Math.max(14, rows * 12))] : [SIDE, (SIDE * rows) / columns]
        Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` })
      })
    }
    this.connect()
  }

  /** Puts frames on maps, in place of those before. @param {Link[]} links */
  mark(links) {
    this.place.querySelectorAll(".mark").forEach((old) => old.remove())
    for (const link of links) {
      const call = this.graph.calls.find((one) => one.gives.includes(link.number)), canvases = this.maps.get(link.number)
      if (!call || !canvases) continue
      for (const map of link.maps.filter((one) => one < canvases.length)) {
        framed(/** @type {Element} */ (canvases[map].parentElement), link, sides(call.shape))
      }
    }
  }

  /** A line from each card to those that read it. */
  connect() {
    const paths = []
    for (const card of /** @type {NodeListOf<HTMLElement>} */ (this.place.querySelectorAll(".card"))) {
      for (const value of (card.dataset.reads ?? "").split(",").map(Number)) {
        const from = this.givers.get(value)
        if (from) paths.push(curve(from, card))
      }
    }
    this.lines.replaceChildren(...paths)
    this.lines.setAttribute("width", "0") // so that it does not count
    this.lines.setAttribute("height", "0")
    this.lines.setAttribute("width", String(this.place.scrollWidth))
    this.lines.setAttribute("height", String(this.place.scrollHeight))
  }
}

/** @param {HTMLElement} from @param {HTMLElement} to @returns {SVGPathElement} */
function curve(from, to) {
  const path = document.createElementNS(SVG, "path")
  const [x, y] = [from.offsetLeft + from.offsetWidth, from.offsetTop + from.offsetHeight / 2]
  const [left, middle] = [to.offsetLeft, to.offsetTop + to.offsetHeight / 2]
  const bend = Math.max(10, (left - x) / 2)
  const over = left - x > 60 && Math.abs(y - middle) < 40 ? -Math.max(from.offsetHeight, to.offsetHeight) / 2 - 24 : 0
  path.setAttribute("d", `M${x} ${y} C${x + bend} ${y + over * 1.4} ${left - bend} ${middle + over * 1.4} ${left} ${middle}`)
  return path
}

/** The row and column that a pointer is at. @param {PointerEvent} event @param {HTMLElement} canvas @param {number[]} sides @returns {[number, number]} */
export function pointed(event, canvas, [rows, columns]) {
  const box = canvas.getBoundingClientRect()
  const at = (/** @type {number} */ share, /** @type {number} */ count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)))
  return [at((event.clientY - box.top) / box.height, rows), at((event.clientX - box.left) / box.width, columns)]
}
