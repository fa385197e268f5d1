// @ts-check
/** Axes for curves and points. */
import { drawn, element, written } from "./parts.js"

/** @typedef {import("./parts.js").Attributes} Attributes */

/**
 * Axes in a drawing: `x` and `y` say where a number stands on it.
 * @param {string} words what is drawn @param {[number, number]} from @param {[number, number]} up
 * @param {{ xs: number[], ys: number[], height?: number, said?: (y: number) => string }} ticks
 */
export function plot(words, [left, right], [low, high], { xs, ys, height = 210, said = written }) {
  const width = 340
  const edge = 46
  const wide = width - edge - 8
  const x = (/** @type {number} */ at) => edge + ((at - left) / (right - left)) * wide
  const y = (/** @type {number} */ at) => height - 22 - ((at - low) / (high - low)) * (height - 32)
  const svg = drawn(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words },
    ...xs.map((at) => drawn("text", { x: x(at), y: height - 6, "text-anchor": "middle" }, written(at))),
    ...ys.flatMap((at) => [
      drawn("line", { x1: x(left), x2: x(right), y1: y(at), y2: y(at), class: "rule" }),
      drawn("text", { x: edge - 6, y: y(at) + 4, "text-anchor": "end" }, said(at)),
    ])
  )
  /** @param {[number, number][]} points @param {Attributes} attributes */
  const line = (points, attributes) =>
    drawn("polyline", {
      ...attributes,
      points: points.map(([across, up]) => `${x(across).toFixed(1)},${y(up).toFixed(1)}`).join(" "),
    })
  /** The number below the pointer. @param {PointerEvent} event */
  const across = (event) => {
    const box = svg.getBoundingClientRect()
    const place = ((event.clientX - box.left) / box.width) * width
    return Math.max(left, Math.min(right, left + ((place - edge) / wide) * (right - left)))
  }
  return { svg, x, y, line, across }
}

/** What the lines of a plot mean. @param {[string, string][]} lines each one's classes and words */
export const keys = (...lines) =>
  element(
    "p",
    { class: "legend" },
    ...lines.map(([kind, words]) => element("span", {}, element("span", { class: `key ${kind}` }), ` ${words}`))
  )
