// @ts-check
/** Six optimisers race down a valley, E = 0.05·x² + y², by the rules of the page. */
import { plot } from "../../../striate/page/static/plot.js"
import { drawn, element, figure, player, slider, written } from "./parts.js"

/**
 * @typedef {[number, number]} Point @typedef {{ v: number, q: number, m: number }} Memory of a weight; all 0 at first
 */

export const START = /** @type {Point} */ ([-9, 2.5])
export const STEPS = 40
/** @param {Point} place */
export const energy = ([x, y]) => 0.05 * x * x + y * y
/** @param {Point} place @returns {Point} */
const gradient = ([x, y]) => [0.1 * x, 2 * y]

/**
 * How far a weight moves, in learning rates, by its gradient, its memory and the step's number from 1.
 * @typedef {(g: number, s: Memory, t: number) => number} Rule
 */

/** @type {Rule} */
const sgd = (g) => g

/** @type {Rule} */
function momentum(g, s) {
  s.v = 0.9 * s.v + g
  return s.v
}

/** @type {Rule} */
function nesterov(g, s) {
  s.v = 0.9 * s.v + g
  return g + 0.9 * s.v
}

/** @type {Rule} */
function adagrad(g, s) {
  s.q += g * g
  return g / (Math.sqrt(s.q) + 1e-10)
}

/** @type {Rule} */
function rmsprop(g, s) {
  s.q = 0.99 * s.q + 0.01 * g * g
  return g / (Math.sqrt(s.q) + 1e-8)
}

/** @type {Rule} */
function adam(g, s, t) {
  s.m = 0.9 * s.m + 0.1 * g
  s.q = 0.999 * s.q + 0.001 * g * g
  return s.m / (1 - 0.9 ** t) / (Math.sqrt(s.q / (1 - 0.999 ** t)) + 1e-8)
}

/** The rules, each with the page's learning rate. @type {Record<string, { rate: number, rule: Rule }>} */
export const RULES = {
  sgd: { rate: 0.8, rule: sgd },
  momentum: { rate: 0.15, rule: momentum },
  nesterov: { rate: 0.15, rule: nesterov },
  adagrad: { rate: 1.5, rule: adagrad },
  rmsprop: { rate: 0.1, rule: rmsprop },
  adam: { rate: 0.6, rule: adam },
}

/**
 * Where an optimiser was before the first step and after each.
 * @param {string} name @param {number} rate @param {number} [steps]
 */
export function path(name, rate, steps = STEPS) {
  const memory = START.map(() => ({ v: 0, q: 0, m: 0 }))
  const way = [START]
  for (let t = 1; t <= steps; t++) {
    const last = way[way.length - 1]
    const slope = gradient(last)
    way.push(/** @type {Point} */ (last.map((at, axis) => at - rate * RULES[name].rule(slope[axis], memory[axis], t))))
  }
  return way
}

/**
 * The optimisers after some steps, the lowest first.
 * @param {number} step @param {number} factor times the page's rates
 */
export const standing = (step, factor) =>
  Object.entries(RULES)
    .map(([name, { rate }]) => ({ name, error: energy(path(name, rate * factor)[step]) }))
    .sort((one, other) => one.error - other.error)

/** @param {HTMLElement} place */
export function mount(place) {
  const { controls, stage, say } = figure(
    place,
    "Six optimisers on E = 0.05·x² + y², a long valley with steep walls. The star is its lowest point."
  )
  const shown = new Set(["sgd", "momentum", "adam"])
  let step = 0
  let factor = 1
  function show() {
    const axes = plot("Paths down the valley, seen from above", [-10.5, 5], [-3.6, 3.6], {
      xs: [],
      ys: [],
      height: 220,
    })
    const contours = Array.from({ length: 9 }, (_, i) => 0.05 * 240 ** (i / 8)).map((level) =>
      drawn("ellipse", {
        cx: axes.x(0),
        cy: axes.y(0),
        rx: axes.x(Math.sqrt(level / 0.05)) - axes.x(0),
        ry: axes.y(0) - axes.y(Math.sqrt(level)),
        class: "contour",
      })
    )
    const paths = Object.entries(RULES).flatMap(([name, { rate }], i) => {
      if (!shown.has(name)) return []
      const way = path(name, rate * factor).slice(0, step + 1)
      const [x, y] = way[step]
      const kind = `c${i}`
      return [
        axes.line(way, { class: `line ${kind}` }),
        ...way.map(([a, b]) => drawn("circle", { cx: axes.x(a), cy: axes.y(b), r: 2, class: `dot ${kind}` })),
        drawn("circle", { cx: axes.x(x), cy: axes.y(y), r: 5, class: `dot ${kind}` }),
        drawn("text", { x: axes.x(x) + 8, y: axes.y(y) + 4, class: "small halo" }, name),
      ]
    })
    axes.svg.append(
      ...contours,
      drawn("text", { x: axes.x(0), y: axes.y(0) + 6, "text-anchor": "middle" }, "★"),
      ...paths
    )
    stage.replaceChildren(axes.svg)
    const error = (/** @type {number} */ e) => (e < 1e-4 ? "below 0.0001" : e > 1e4 ? "out of the valley" : written(e))
    say(
      `After ${step} steps, E: ${
        standing(step, factor)
          .filter(({ name }) => shown.has(name))
          .map(({ name, error: e }) => `${name} ${error(e)}`)
          .join(", ") || "no optimiser is chosen"
      }.`
    )
  }
  const go = (/** @type {number} */ to) => {
    step = to
    steps.set(to)
    show()
  }
  const steps = slider("Step", [0, STEPS], 0, go)
  const boxes = Object.keys(RULES).map((name, i) => {
    const box = element("input", {
      type: "checkbox",
      change: () => {
        if (box.checked) shown.add(name)
        else shown.delete(name)
        show()
      },
    })
    box.checked = shown.has(name)
    return element("label", {}, box, element("span", { class: `key c${i}` }), `${name} (${written(RULES[name].rate)})`)
  })
  controls.append(
    steps.label,
    ...player(() => go((step + 1) % (STEPS + 1)), 250),
    slider(
      "Learning rates, times",
      [0.2, 2],
      1,
      (value) => {
        factor = value
        show()
      },
      0.1
    ).label,
    ...boxes
  )
  go(12)
}
