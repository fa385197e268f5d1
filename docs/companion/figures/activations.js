// @ts-check
/** Activations and their slopes at a point that the reader moves. */
import { plot } from "../../../striate/page/static/plot.js"
import { choice, drawn, figure, keys, slider, written } from "./parts.js"

const sigmoid = (/** @type {number} */ x) => 1 / (1 + Math.exp(-x))
const density = (/** @type {number} */ x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)

/**
 * The share of a normal distribution below x (Abramowitz and Stegun 26.2.17; off by less than 1e-7).
 * @param {number} x
 */
function normal(x) {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const tail =
    density(x) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return x < 0 ? tail : 1 - tail
}

/**
 * The function and its slope, by the notation's words.
 * @type {Record<string, [(x: number) => number, (x: number) => number]>}
 */
export const ACTIVATIONS = {
  sigmoid: [sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x))],
  tanh: [Math.tanh, (x) => 1 - Math.tanh(x) ** 2],
  relu: [(x) => Math.max(0, x), (x) => Number(x > 0)],
  "leaky 0.1": [(x) => (x > 0 ? x : 0.1 * x), (x) => (x > 0 ? 1 : 0.1)],
  elu: [(x) => (x > 0 ? x : Math.expm1(x)), (x) => (x > 0 ? 1 : Math.exp(x))],
  swish: [(x) => x * sigmoid(x), (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x)))],
  gelu: [(x) => x * normal(x), (x) => normal(x) + x * density(x)],
}
const ALONG = Array.from({ length: 161 }, (_, i) => -4 + i / 20)

/** @param {HTMLElement} place */
export function mount(place) {
  const { controls, stage, say } = figure(
    place,
    "An activation and its slope. Move x with the slider, or draw the point along the curve."
  )
  let name = "sigmoid"
  let x = 1
  let across = (/** @type {PointerEvent} */ _event) => x
  function show() {
    const [f, slope] = ACTIVATIONS[name]
    const axes = plot(`${name} and its slope from −4 to 4`, [-4, 4], [-1.4, 2.4], {
      xs: [-4, -2, 0, 2, 4],
      ys: [-1, 0, 1, 2],
    })
    const curve = (/** @type {(x: number) => number} */ of, /** @type {string} */ kind) =>
      axes.line(
        ALONG.map((at) => /** @type {[number, number]} */ ([at, of(at)])).filter(([, value]) => value <= 2.4),
        { class: kind }
      )
    const tangent = [x - 0.8, x + 0.8].map((at) => /** @type {[number, number]} */ ([at, f(x) + slope(x) * (at - x)]))
    axes.svg.append(
      curve(f, "line a"),
      curve(slope, "line b dashed"),
      axes.line(tangent, { class: "rule thick" }),
      drawn("circle", { cx: axes.x(x), cy: axes.y(f(x)), r: 6, class: "dot a" }),
      drawn("circle", { cx: axes.x(x), cy: axes.y(slope(x)), r: 5, class: "dot b" })
    )
    across = axes.across
    stage.replaceChildren(axes.svg, key)
    say(
      `${name}(${written(x)}) = ${written(f(x))}, slope ${written(slope(x))}. ` +
        `Ten such slopes in a row multiply a gradient by ${written(slope(x) ** 10)}.`
    )
  }
  const key = keys(["a", "the function"], ["b dashed", "its slope"])
  const control = slider(
    "x",
    [-4, 4],
    x,
    (value) => {
      x = value
      show()
    },
    0.1
  )
  function drag(/** @type {PointerEvent} */ event) {
    if (event.type === "pointermove" && !event.buttons) return
    x = Math.round(10 * across(event)) / 10
    control.set(x)
    show()
  }
  stage.addEventListener("pointerdown", drag)
  stage.addEventListener("pointermove", drag)
  controls.append(
    choice("Activation", Object.keys(ACTIVATIONS), (chosen) => {
      name = chosen
      show()
    }),
    control.label
  )
  show()
}
