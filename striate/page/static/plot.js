// @ts-check
/** Axes for curves and points, as SVG. */
import { short } from "./numbers.js"

/** @typedef {Record<string, string | number>} Attributes */

const SVG = "http://www.w3.org/2000/svg"
const WIDTH = 340, EDGE = 46, RIGHT = 8

/** An element of a drawing. @param {string} name @param {Attributes} [attributes] @param {(Node | string)[]} children @returns {any} */
export function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value))
  made.append(...children)
  return made
}

/**
 * Axes in a drawing: `x` and `y` say where a number stands on it.
 * @param {string} words what is drawn @param {[number, number]} from @param {[number, number]} up
 * @param {{ xs: number[], ys: number[], height?: number, top?: number, bottom?: number, log?: boolean, said?: (y: number) => string }} ticks
 *   `top` and `bottom` are pixels left free; `log` is a logarithmic scale upwards
 */
export function plot(words, [left, right], [low, high], { xs, ys, height = 210, top = 10, bottom = 22, log = false, said = (y) => short(y, 4) }) {
  const wide = WIDTH - EDGE - RIGHT, scale = log ? Math.log10 : (/** @type {number} */ at) => at, span = scale(high) - scale(low) || 1
  const x = (/** @type {number} */ at) => EDGE + ((at - left) / (right - left || 1)) * wide
  const y = (/** @type {number} */ at) => height - bottom - ((scale(at) - scale(low)) / span) * (height - top - bottom)
  const svg = drawn(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": words },
    ...xs.map((at) => drawn("text", { x: x(at), y: height - bottom + 16, "text-anchor": "middle" }, short(at, 4))),
    ...ys.flatMap((at) => [
      drawn("line", { x1: x(left), x2: x(right), y1: y(at), y2: y(at), class: "rule" }),
      drawn("text", { x: EDGE - 6, y: y(at) + 4, "text-anchor": "end" }, said(at)),
    ]),
  )
  /** @param {[number, number][]} points @param {Attributes} attributes */
  const line = (points, attributes) =>
    drawn("polyline", { ...attributes, points: points.map(([across, up]) => `${x(across).toFixed(1)},${y(up).toFixed(1)}`).join(" ") })
  /** The number below the pointer. @param {PointerEvent} event */
  const across = (event) => {
    const box = svg.getBoundingClientRect(), place = ((event.clientX - box.left) / box.width) * WIDTH
    return Math.max(left, Math.min(right, left + ((place - EDGE) / wide) * (right - left)))
  }
  return { svg, x, y, line, across }
}

/** About five round numbers from low to high. @param {number} low @param {number} high @returns {number[]} */
export function round(low, high) {
  const rough = (high - low) / 4 || 1, power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough
  const found = []
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + 1e-9 * step; at += step) found.push(at)
  return found
}

/** 1, 2 and 5 times the powers of ten. @param {number} low @param {number} high @returns {number[]} */
export function decades(low, high) {
  const found = []
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++)
    for (const factor of [1, 2, 5]) if (factor * 10 ** power >= low && factor * 10 ** power <= high) found.push(factor * 10 ** power)
  return found.length > 1 && found.length < 8 ? found : found.filter((one) => Math.log10(one) % 1 === 0)
}
