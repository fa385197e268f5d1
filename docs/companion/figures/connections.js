// @ts-check
/** Seven inputs and three units, connected in full, locally, or with shared weights: how many weights that takes. */
import { roam } from "./grid.js"
import { choice, drawn, figure, slider } from "./parts.js"

export const KINDS = ["full", "local", "shared"]

/** @typedef {{ kind: string, inputs: number, k: number, s: number }} Layer `k` inputs a unit, `s` apart */

/** @param {Layer} layer */
export const units = ({ inputs, k, s }) => Math.floor((inputs - k) / s) + 1

/** Every connection, and which weight it has. @param {Layer} layer */
export function connections(layer) {
  const { kind, inputs, k, s } = layer
  return Array.from({ length: units(layer) }, (_, unit) =>
    kind === "full"
      ? Array.from({ length: inputs }, (_, input) => ({ input, unit, weight: unit * inputs + input }))
      : Array.from({ length: k }, (_, tap) => ({
          input: unit * s + tap,
          unit,
          weight: kind === "local" ? unit * k + tap : tap,
        }))
  ).flat()
}

/** @param {Layer} layer */
export const weights = (layer) => new Set(connections(layer).map(({ weight }) => weight)).size

/** The count with its numbers. @param {Layer} layer */
export function counted(layer) {
  const { kind, inputs, k } = layer
  const all = units(layer)
  const wires = connections(layer).length
  const how = {
    full: `${inputs} inputs · ${all} units = ${weights(layer)} weights`,
    local: `${k} inputs · ${all} units = ${weights(layer)} weights`,
    shared: `${weights(layer)} weights, the same for all ${all} units`,
  }[kind]
  return `${kind}: ${how}, on ${wires} connections.`
}

/** @param {HTMLElement} place */
export function mount(place) {
  const { controls, stage, say } = figure(place, "A colour is a weight. Choose a unit to see its connections alone.")
  const layer = { kind: "full", inputs: 7, k: 3, s: 2 }
  function show() {
    const wires = connections(layer)
    const all = units(layer)
    const count = weights(layer)
    const x = (/** @type {number} */ input) => 175 + (input - (layer.inputs - 1) / 2) * 32
    const top = (/** @type {number} */ unit) =>
      175 + (unit - (all - 1) / 2) * (layer.kind === "full" ? 48 : 32 * layer.s)
    const lines = wires.map(({ input, unit, weight }) =>
      drawn("line", {
        x1: x(input),
        y1: 128,
        x2: top(unit),
        y2: 40,
        stroke: `hsl(${(300 * weight) / count} 75% 45%)`,
        "stroke-width": 2.4,
      })
    )
    const place = { r: 11, class: "unit" }
    const lower = Array.from({ length: layer.inputs }, (_, input) => drawn("circle", { ...place, cx: x(input), cy: 134 }))
    const upper = Array.from({ length: all }, (_, unit) =>
      drawn("circle", { ...place, cx: top(unit), cy: 34, role: "button", "aria-label": `unit ${unit + 1}` })
    )
    roam([upper], (_, chosen) => {
      wires.forEach(({ unit }, i) => lines[i].setAttribute("opacity", unit === chosen ? "1" : "0.12"))
      const own = wires.filter(({ unit }) => unit === chosen)
      say(`${counted(layer)} Unit ${chosen + 1} sees inputs ${own[0].input + 1} to ${own[own.length - 1].input + 1}.`)
    })
    stage.replaceChildren(
      drawn(
        "svg",
        { viewBox: "0 0 350 165", role: "group", "aria-label": "Units above, inputs below" },
        ...lines,
        ...lower,
        ...upper,
        drawn("text", { x: 175, y: 14, "text-anchor": "middle" }, "hidden units"),
        drawn("text", { x: 175, y: 161, "text-anchor": "middle" }, "inputs")
      )
    )
    say(counted(layer))
  }
  const set = (/** @type {Partial<Layer>} */ change) => {
    Object.assign(layer, change)
    show()
  }
  controls.append(
    choice("Connected", KINDS, (kind) => set({ kind })),
    slider("Inputs", [5, 10], layer.inputs, (inputs) => set({ inputs })).label,
    slider("Inputs a unit", [2, 5], layer.k, (k) => set({ k })).label,
    slider("Stride", [1, 3], layer.s, (s) => set({ s })).label
  )
  show()
}
