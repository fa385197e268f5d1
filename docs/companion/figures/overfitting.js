// @ts-check
/** Capacity against error: polynomials of degree 1 to 14 through the page's fifteen noisy points. */
import { plot } from "../../../striate/page/static/plot.js"
import { drawn, figure, keys, slider, written } from "./parts.js"

export const NOISE = [
  0.408184, -0.511133, 0.08362, -0.113554, -0.09053, -0.043119, -0.403997, -0.046386, -0.173043, 0.6646, 0.045157,
  -0.070526, -0.056257, -0.133609, -0.21103,
]
export const POINTS = NOISE.map((_, i) => i / (NOISE.length - 1))
const BETWEEN = Array.from({ length: 300 }, (_, i) => i / 299)
const LARGEST = 14
/** @param {number} x */
const curve = (x) => Math.sin(2 * Math.PI * x)
/** The noisy points. @param {number} noise times the page's */
export const noisy = (noise) => POINTS.map((x, i) => curve(x) + noise * NOISE[i])

const dot = (/** @type {number[]} */ one, /** @type {number[]} */ other) =>
  one.reduce((sum, value, i) => sum + value * other[i], 0)

/**
 * The values at `at` of the least-squares polynomials of degree 0, 1, … through the points: each adds a polynomial
 * that is orthogonal, on the points, to all before it (Forsythe 1957), which stays exact where powers of x would not.
 * @param {number[]} y @param {number[]} at @returns {number[][]}
 */
export function fits(y, at) {
  const basis = [POINTS, at].map((x) => ({ x, before: x.map(() => 0), now: x.map(() => 1) }))
  let values = at.map(() => 0)
  let norm = 1
  return Array.from({ length: LARGEST + 1 }, (_, degree) => {
    const [points, places] = basis
    const size = dot(points.now, points.now)
    const share = dot(points.now, y) / size
    values = values.map((value, i) => value + share * places.now[i])
    const shifts = points.now.map((p, i) => p * points.x[i])
    const shift = dot(points.now, shifts) / size
    const weight = degree ? size / norm : 0
    for (const one of basis)
      [one.before, one.now] = [one.now, one.now.map((p, i) => (one.x[i] - shift) * p - weight * one.before[i])]
    norm = size
    return values
  })
}

const mean = (/** @type {number[]} */ numbers) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length
const squared = (/** @type {number[]} */ values, /** @type {number[]} */ wanted) =>
  mean(values.map((value, i) => (value - wanted[i]) ** 2))

/** The mean squared errors of each degree, on the points and in between. @param {number} noise */
export function errors(noise) {
  const y = noisy(noise)
  const truth = BETWEEN.map(curve)
  const inBetween = fits(y, BETWEEN)
  return fits(y, POINTS).map((values, degree) => ({
    onPoints: squared(values, y),
    between: squared(inBetween[degree], truth),
  }))
}

/** @param {HTMLElement} place */
export function mount(place) {
  const { controls, stage, say } = figure(
    place,
    "A polynomial through fifteen noisy points, and the error of every degree: on the points, and on new ones in between."
  )
  let degree = 3
  let noise = 1
  function show() {
    const y = noisy(noise)
    const all = errors(noise)
    const best = all.slice(1).reduce((low, { between }, i) => (between < all[low].between ? i + 1 : low), 1)
    const left = plot(`The points and the fit of degree ${degree}`, [0, 1], [-2, 2], {
      xs: [0, 0.5, 1],
      ys: [-2, -1, 0, 1, 2],
    })
    const along = (/** @type {number[]} */ values) =>
      BETWEEN.map((x, i) => /** @type {[number, number]} */ ([x, Math.max(-2.05, Math.min(2.05, values[i]))]))
    left.svg.append(
      left.line(along(BETWEEN.map(curve)), { class: "rule dashed thick" }),
      left.line(along(fits(y, BETWEEN)[degree]), { class: "line a" }),
      ...y.map((value, i) => drawn("circle", { cx: left.x(POINTS[i]), cy: left.y(value), r: 4, class: "dot b" }))
    )
    const right = plot("The errors by degree, on a logarithmic scale", [1, LARGEST], [-4, 1], {
      xs: [1, 3, 5, 7, 9, 11, 14],
      ys: [-4, -3, -2, -1, 0, 1],
      said: (power) => written(10 ** power),
    })
    const log = (/** @type {number} */ error) => Math.max(-4, Math.min(1, Math.log10(error + 1e-30)))
    const line = (/** @type {"onPoints" | "between"} */ which, /** @type {string} */ kind) => [
      right.line(all.map((one, i) => /** @type {[number, number]} */ ([i, log(one[which])])).slice(1), {
        class: `line ${kind}`,
      }),
      drawn("circle", { cx: right.x(degree), cy: right.y(log(all[degree][which])), r: 5, class: `dot ${kind}` }),
    ]
    right.svg.append(...line("onPoints", "b"), ...line("between", "a dashed"))
    stage.replaceChildren(left.svg, right.svg, key)
    say(
      `Degree ${degree}: the mean squared error is ${told(all[degree].onPoints)} on the points ` +
        `and ${told(all[degree].between)} in between. In between, degree ${best} is the best.`
    )
  }
  const told = (/** @type {number} */ error) => (error < 1e-4 ? "below 0.0001" : written(error))
  const key = keys(["b", "the points; the error on them"], ["a", "the fit"], ["a dashed", "its error in between"])
  controls.append(
    slider("Degree", [1, LARGEST], degree, (value) => {
      degree = value
      show()
    }).label,
    slider(
      "Noise, times",
      [0, 2],
      noise,
      (value) => {
        noise = value
        show()
      },
      0.1
    ).label
  )
  show()
}
