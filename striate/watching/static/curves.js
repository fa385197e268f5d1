// @ts-check
/** A line plot as SVG: a few lines over the epochs, on a linear scale or, for losses of several decades, a logarithmic one. */

import { short } from "../../page/static/numbers.js"
import { decades, drawn, plot, round } from "../../page/static/plot.js"

/**
 * @typedef {{name: string, kind: string, points: [number, number][]}} Line `kind` is its class in the style sheet
 * @typedef {{title: string, lines: Line[], epochs: number, share?: boolean, log?: boolean, kept?: number | null, now?: [number, number]}} Plot
 */

const HIGH = 240, TOP = 42, BOTTOM = 34
const MOST_MARKED = 30, DECADES = 20
const BESIDE = 96, KEPT = 250, KEY = 28 // from name to name; where the kept epoch's begins; how far down

/** @param {Plot} asked @returns {SVGElement} */
export function curves(asked) {
  const all = asked.lines.flatMap((line) => line.points.map(([, y]) => y)).concat(asked.now ? [asked.now[1]] : [])
  const log = Boolean(asked.log) && Math.min(...all) > 0 && Math.max(...all) > DECADES * Math.min(...all)
  const [low, high] = !all.length ? [0, 1] : log || asked.share ? [Math.min(...all), Math.max(...all)] : [0, Math.max(...all)]
  const said = (/** @type {number} */ value) => (asked.share ? `${short(100 * value, 4)}%` : short(value))
  const last = asked.lines.filter((line) => line.points.length).map((line) => `${line.name} ${said(line.points[line.points.length - 1][1])}`)
  const xs = round(0, asked.epochs).filter((one) => one % 1 === 0), ys = log ? decades(low, high) : round(low, high), words = `${asked.title}: ${last.join(", ") || "nothing yet"}`
  const ticks = all.length ? { xs, ys } : { xs: [], ys: [] }
  const { svg, x, y, line } = plot(words, [0, asked.epochs], [low, high], { ...ticks, height: HIGH, top: TOP, bottom: BOTTOM, log, said })
  svg.setAttribute("class", "plot")
  svg.append(drawn("text", { x: 0, y: 13, class: "title" }, asked.title + (log ? " (logarithmic scale)" : "")))
  if (!all.length) return svg
  svg.append(drawn("text", { x: x(asked.epochs / 2), y: HIGH - 2, "text-anchor": "middle" }, "epochs done"))
  if (asked.kept) svg.append(drawn("line", { x1: x(asked.kept), x2: x(asked.kept), y1: TOP, y2: HIGH - BOTTOM, class: "kept" }))
  asked.lines.forEach(({ name, kind, points }, place) => {
    svg.append(line(points, { class: kind }))
    if (points.length <= MOST_MARKED) svg.append(...points.map(([epoch, value]) => drawn("circle", { cx: x(epoch), cy: y(value), r: 2.5, class: kind })))
    svg.append(...key(x(0) + BESIDE * place, kind, name))
  })
  if (asked.kept) svg.append(...key(KEPT, "kept", `kept: ${asked.kept}`))
  if (asked.now) svg.append(drawn("circle", { cx: x(asked.now[0]), cy: y(asked.now[1]), r: 4, class: `${asked.lines[0].kind} now` }))
  return svg
}

/** What a line means. @param {number} left @param {string} kind @param {string} name */
const key = (left, kind, name) => [
  drawn("line", { x1: left, x2: left + 18, y1: KEY, y2: KEY, class: kind, "stroke-width": 2 }),
  drawn("text", { x: left + 24, y: KEY + 4 }, name),
]
