// @ts-check
/** A line plot as SVG: a few lines over the epochs, on a linear scale or, for losses of several decades, a logarithmic one. */

/**
 * @typedef {{name: string, kind: string, points: [number, number][]}} Line `kind` is its class in the style sheet
 * @typedef {{title: string, lines: Line[], epochs: number, share?: boolean, log?: boolean, kept?: number | null, now?: [number, number]}} Plot
 */

const SVG = "http://www.w3.org/2000/svg"
const WIDE = 340, HIGH = 240, LEFT = 48, RIGHT = 8, TOP = 42, BOTTOM = 34
const MOST_MARKED = 30, DECADES = 20

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
function element(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  if (text) made.textContent = text
  return made
}

/** About five round numbers from low to high. @param {number} low @param {number} high @returns {number[]} */
function round(low, high) {
  const rough = (high - low) / 4 || 1, power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough
  const found = []
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + 1e-9 * step; at += step) found.push(at)
  return found
}

/** 1, 2 and 5 times the powers of ten. @param {number} low @param {number} high @returns {number[]} */
function decades(low, high) {
  const found = []
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++)
    for (const factor of [1, 2, 5]) if (factor * 10 ** power >= low && factor * 10 ** power <= high) found.push(factor * 10 ** power)
  return found.length > 1 && found.length < 8 ? found : found.filter((one) => Math.log10(one) % 1 === 0)
}

/** @param {Plot} plot @returns {SVGElement} */
export function drawn(plot) {
  const all = plot.lines.flatMap((line) => line.points.map(([, y]) => y)).concat(plot.now ? [plot.now[1]] : [])
  const log = Boolean(plot.log) && Math.min(...all) > 0 && Math.max(...all) > DECADES * Math.min(...all)
  const [low, high] = log ? [Math.min(...all), Math.max(...all)] : [plot.share ? Math.min(...all) : 0, Math.max(...all)]
  const scale = log ? Math.log10 : (/** @type {number} */ y) => y
  const span = scale(high) - scale(low) || 1
  const x = (/** @type {number} */ epoch) => LEFT + ((WIDE - LEFT - RIGHT) * epoch) / plot.epochs
  const y = (/** @type {number} */ value) => HIGH - BOTTOM - ((HIGH - TOP - BOTTOM) * (scale(value) - scale(low))) / span
  const said = (/** @type {number} */ value) => (plot.share ? `${+(100 * value).toPrecision(4)}%` : String(+value.toPrecision(3)))

  const last = plot.lines.filter((line) => line.points.length).map((line) => `${line.name} ${said(line.points[line.points.length - 1][1])}`)
  const made = /** @type {SVGElement} */ (element("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "plot", role: "img", "aria-label": `${plot.title}: ${last.join(", ") || "nothing yet"}` }))
  made.append(element("text", { x: 0, y: 13, class: "title" }, plot.title + (log ? " (logarithmic scale)" : "")))
  if (!all.length) return made
  for (const value of log ? decades(low, high) : round(low, high)) {
    made.append(element("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(value), y2: y(value) }))
    made.append(element("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, said(value)))
  }
  for (const epoch of round(0, plot.epochs).filter((one) => one % 1 === 0))
    made.append(element("text", { x: x(epoch), y: HIGH - BOTTOM + 16, "text-anchor": "middle" }, String(epoch)))
  made.append(element("text", { x: (LEFT + WIDE) / 2, y: HIGH - 2, "text-anchor": "middle" }, "epochs done"))
  if (plot.kept) made.append(element("line", { x1: x(plot.kept), x2: x(plot.kept), y1: TOP, y2: HIGH - BOTTOM, class: "kept" }))
  plot.lines.forEach((line, place) => {
    const points = line.points.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`)
    made.append(element("polyline", { points: points.join(" "), class: line.kind }))
    if (points.length <= MOST_MARKED)
      for (const [epoch, value] of line.points) made.append(element("circle", { cx: x(epoch), cy: y(value), r: 2.5, class: line.kind }))
    made.append(element("line", { x1: LEFT + 96 * place, x2: LEFT + 96 * place + 18, y1: 28, y2: 28, class: line.kind, "stroke-width": 2 }))
    made.append(element("text", { x: LEFT + 96 * place + 24, y: 32 }, line.name))
  })
  if (plot.kept) {
    made.append(element("line", { x1: 250, x2: 266, y1: 28, y2: 28, class: "kept" }))
    made.append(element("text", { x: 272, y: 32 }, `kept: ${plot.kept}`))
  }
  if (plot.now) made.append(element("circle", { cx: x(plot.now[0]), cy: y(plot.now[1]), r: 4, class: `${plot.lines[0].kind} now` }))
  return made
}
