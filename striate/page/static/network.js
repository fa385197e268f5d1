// @ts-check
/** The network from left to right: a column for each depth, a card for each call, its maps on it. */
import { drawMap } from "./colours.js"

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{name: string, kind: string, said: string, parameters: number, reads: number[], gives: number[], shape: number[]}} Call
 * @typedef {{name: string, shape: number[], inputs: number, outputs: number[], calls: Call[]}} Graph
 * @typedef {{call: number, value: number, map: number}} Place
 */

const MAPS = 16, SIDE = 56

/** How many calls lie between the input and each call, along the longest way. @param {Graph} graph @returns {number[]} */
export function depths(graph) {
  /** @type {Map<number, number>} */
  const of = new Map()
  return graph.calls.map((call) => {
    const depth = Math.max(0, ...call.reads.map((value) => of.get(value) ?? 0))
    call.gives.forEach((value) => of.set(value, depth + 1))
    return depth
  })
}

export class NetworkView {
  /** @param {HTMLElement} place @param {Graph} graph @param {(place: Place) => void} choose */
  constructor(place, graph, choose) {
    this.place = place
    this.graph = graph
    /** @type {HTMLCanvasElement[][]} the maps of each value */
    this.maps = []
    const columns = /** @type {HTMLElement[]} */ ([])
    depths(graph).forEach((depth, number) => {
      columns[depth] ??= Object.assign(document.createElement("div"), { className: "column" })
      columns[depth].append(this.card(number, choose))
    })
    place.replaceChildren(...columns)
  }

  /** @param {number} number @param {(place: Place) => void} choose @returns {HTMLElement} */
  card(number, choose) {
    const call = this.graph.calls[number], value = call.gives[0]
    const card = Object.assign(document.createElement("article"), { className: "card" })
    card.dataset.call = String(number)
    const title = Object.assign(document.createElement("h3"), { textContent: call.name })
    const size = call.shape.join("×") + (call.parameters ? `, ${call.parameters.toLocaleString("en")} parameters` : "")
    const about = Object.assign(document.createElement("p"), { textContent: `${call.kind} ${size}`, title: call.said })
    const grid = Object.assign(document.createElement("div"), { className: "maps" })
    const count = Math.min(MAPS, call.shape.length > 1 ? call.shape[0] : 1)
    grid.style.gridTemplateColumns = `repeat(${Math.ceil(count / 8)}, auto)`
    this.maps[value] = Array.from({ length: count }, (_, map) => {
      const canvas = document.createElement("canvas")
      canvas.tabIndex = 0
      canvas.setAttribute("role", "button")
      canvas.setAttribute("aria-label", `${call.name}, map ${map}`)
      canvas.addEventListener("click", () => choose({ call: number, value, map }))
      canvas.addEventListener("keydown", (event) => event.key === "Enter" && choose({ call: number, value, map }))
      grid.append(canvas)
      return canvas
    })
    card.append(title, about, grid)
    const hidden = (call.shape.length > 1 ? call.shape[0] : 1) - count
    if (hidden > 0) card.append(Object.assign(document.createElement("p"), { textContent: `and ${hidden} more maps` }))
    return card
  }

  /** @param {Frame} frame */
  draw(frame) {
    this.maps.forEach((canvases, number) => {
      const value = frame.values[number], flat = value.shape.length === 1
      const most = Math.max(Math.abs(value.low), Math.abs(value.high))
      const [count, rows, columns] = flat ? [1, value.sent[0], 1] : value.sent
      canvases.forEach((canvas, map) => {
        if (map >= count) return
        drawMap(canvas, value.numbers.subarray(map * rows * columns, (map + 1) * rows * columns), rows, columns, most)
        if (flat) Object.assign(canvas.style, { width: "14px", height: `${Math.min(480, Math.max(60, rows * 12))}px` })
        else Object.assign(canvas.style, { width: `${SIDE}px`, height: `${(SIDE * rows) / columns}px` })
      })
    })
  }
}
