// @ts-check
/**
 * What the figures are made of: labelled controls, grids of numbers that keys reach, plots, and a line that is read
 * aloud.
 */

import { short } from "../../../striate/page/static/numbers.js"

/** @typedef {Record<string, string | number | ((event: any) => void)>} Attributes functions are listeners */

const SVG = "http://www.w3.org/2000/svg"
/**
 * @template {Element} T @param {T} made @param {Attributes} attributes @param {(Node | string)[]} children
 * @returns {T}
 */
export function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value)
    else made.setAttribute(name, String(value))
  }
  made.append(...children)
  return made
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name @param {Attributes} [attributes] @param {(Node | string)[]} children
 */
export const element = (name, attributes = {}, ...children) =>
  filled(document.createElement(name), attributes, children)

/**
 * An element of a drawing.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} name @param {Attributes} [attributes] @param {(Node | string)[]} children
 */
export const drawn = (name, attributes = {}, ...children) =>
  filled(document.createElementNS(/** @type {"http://www.w3.org/2000/svg"} */ (SVG), name), attributes, children)

/** A number as short as it goes, with a real minus sign. @param {number} value */
export const written = (value) => short(value, 4)

/** The same inside a sum: a negative one in brackets. @param {number} value */
export const bracketed = (value) => (value < 0 ? `(${written(value)})` : written(value))

/**
 * A place to draw, controls above it, and below it the line that says the arithmetic.
 * @param {HTMLElement} place @param {string} title
 */
export function figure(place, title) {
  const controls = element("div", { class: "controls" })
  const stage = element("div", { class: "stage" })
  const said = element("p", { class: "said", "aria-live": "polite" })
  place.replaceChildren(
    element("figure", { class: "interactive" }, element("figcaption", {}, title), controls, stage, said)
  )
  const say = (/** @type {string} */ words) => said.replaceChildren(words)
  return { controls, stage, say }
}

/**
 * @param {string} words @param {[number, number]} range @param {number} value @param {(value: number) => void} changed
 * @param {number} [step]
 */
export function slider(words, [low, high], value, changed, step = 1) {
  const shown = element("output", { "aria-hidden": "true" }, written(value))
  const input = element("input", {
    type: "range",
    min: low,
    max: high,
    step,
    value,
    input: () => {
      shown.value = written(input.valueAsNumber)
      changed(input.valueAsNumber)
    },
  })
  const set = (/** @type {number} */ to) => {
    input.value = String(to)
    shown.value = written(to)
  }
  return { label: element("label", {}, `${words} `, input, shown), set }
}

/** @param {string} words @param {string[]} options @param {(option: string) => void} changed */
export function choice(words, options, changed) {
  const select = element(
    "select",
    { change: () => changed(select.value) },
    ...options.map((one) => element("option", {}, one))
  )
  return element("label", {}, `${words} `, select)
}

/** @param {string} words @param {() => void} pressed */
export const button = (words, pressed) => element("button", { type: "button", click: pressed }, words)

/**
 * Buttons that go on by one, and go on by themselves; who asked for less motion gets the first alone.
 * @param {() => void} next @param {number} [pause] milliseconds
 */
export function player(next, pause = 600) {
  let timer = 0
  const play = button("Play", () => {
    window.clearInterval(timer)
    timer = timer ? 0 : window.setInterval(next, pause)
    play.textContent = timer ? "Stop" : "Play"
  })
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches
  return [button("Next", next), ...(still ? [] : [play])]
}

/** What the lines of a plot mean. @param {[string, string][]} lines each one's classes and words */
export const keys = (...lines) =>
  element(
    "p",
    { class: "legend" },
    ...lines.map(([kind, words]) => element("span", {}, element("span", { class: `key ${kind}` }), ` ${words}`))
  )
