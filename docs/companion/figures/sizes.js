// @ts-check
/** How large the output is: an entry for each place at which the window fits. */
import { drawn, figure, slider } from "./parts.js"

/**
 * @typedef {{ n: number, k: number, s: number, p: number, d: number }} Sizes entries, window, stride, padding, dilation
 */

/** How far a window reaches. @param {Sizes} sizes */
export const reach = ({ k, d }) => d * (k - 1) + 1

/** Where the windows begin on the padded input. @param {Sizes} sizes */
export function begins(sizes) {
  const { n, s, p } = sizes
  const last = n + 2 * p - reach(sizes)
  return last < 0 ? [] : Array.from({ length: Math.floor(last / s) + 1 }, (_, i) => i * s)
}

/** The formula with its numbers. @param {Sizes} sizes */
export function formula(sizes) {
  const { n, k, s, p, d } = sizes
  const entries = begins(sizes)
  const over = n + 2 * p - reach(sizes)
  if (over < 0) return `The window reaches over ${reach(sizes)} entries, and there are ${n + 2 * p}: it fits nowhere.`
  const left = over % s ? `; ${over % s} at the end ${over % s > 1 ? "are" : "is"} left over` : ""
  return `⌊(${n} + 2·${p} − (${d}·(${k} − 1) + 1)) / ${s}⌋ + 1 = ${entries.length}${left}`
}

/** @param {Sizes} sizes */
function picture(sizes) {
  const { n, k, p, d, s } = sizes
  const cell = 20
  const wide = Math.max(12, n + 2 * p)
  const starts = begins(sizes)
  const left = ((wide - n - 2 * p) / 2) * cell + 1
  const end = (starts.at(-1) ?? 0) + reach(sizes)
  const box = (
    /** @type {number} */ at,
    /** @type {number} */ y,
    /** @type {number} */ height,
    /** @type {string} */ kind
  ) => drawn("rect", { x: left + at * cell + 1, y, width: cell - 2, height, class: kind })
  const kind = (/** @type {number} */ at) => (at < p || at >= n + p ? "pad" : at >= end && s > 1 ? "left" : "entry")
  const middle = (/** @type {number} */ start) => start + (reach(sizes) - 1) / 2
  const below = 34 + 12 * starts.length
  return drawn(
    "svg",
    {
      viewBox: `0 0 ${wide * cell + 2} ${below + 26}`,
      role: "img",
      "aria-label": `${starts.length} windows over ${n + 2 * p} entries`,
    },
    ...Array.from({ length: n + 2 * p }, (_, at) => box(at, 2, cell, kind(at))),
    ...starts.flatMap((start, row) => [
      drawn("line", {
        x1: left + start * cell + 3,
        x2: left + (start + reach(sizes)) * cell - 3,
        y1: 34 + 12 * row,
        y2: 34 + 12 * row,
        class: "rule",
      }),
      ...Array.from({ length: k }, (_, tap) => box(start + tap * d, 30 + 12 * row, 8, row % 2 ? "even" : "odd")),
    ]),
    ...starts.map((start, row) => box(middle(start), below, cell, row % 2 ? "even" : "odd"))
  )
}

/** @param {HTMLElement} place */
export function mount(place) {
  const { controls, stage, say } = figure(
    place,
    "Top: the input, its padding dashed. Below it: each place of the window. Bottom: the output."
  )
  const sizes = { n: 7, k: 3, s: 3, p: 0, d: 1 }
  function show() {
    stage.replaceChildren(picture(sizes))
    say(formula(sizes))
  }
  const control = (
    /** @type {string} */ words,
    /** @type {keyof Sizes} */ name,
    /** @type {[number, number]} */ range
  ) =>
    slider(words, range, sizes[name], (value) => {
      sizes[name] = value
      show()
    }).label
  controls.append(
    control("Input n", "n", [4, 14]),
    control("Window k", "k", [1, 5]),
    control("Stride s", "s", [1, 4]),
    control("Padding p", "p", [0, 3]),
    control("Dilation d", "d", [1, 3])
  )
  show()
}
