// @ts-check
/** The receptive field: what an entry of a map sees in every map before it. */
import { roam } from "./grid.js"
import { choice, drawn, figure } from "./parts.js"

/**
 * @typedef {{ name: string, k: number, s: number, d: number }} Window
 * @typedef {{ name: string, size: number, jump: number, start: number }} Row
 */

/** @type {Record<string, Window[]>} */
export const CHAINS = {
  "convolution, pool, convolution": [
    { name: "conv 3", k: 3, s: 1, d: 1 },
    { name: "pool 2", k: 2, s: 2, d: 1 },
    { name: "conv 3", k: 3, s: 1, d: 1 },
  ],
  "three convolutions of 3": Array.from({ length: 3 }, () => ({ name: "conv 3", k: 3, s: 1, d: 1 })),
  "dilation 1, 2, 3": [1, 2, 3].map((d) => ({ name: `dilate ${d}`, k: 3, s: 1, d })),
}
export const ENTRIES = 14

/**
 * The maps from the input on: how many entries, how far apart they look, and where the first one looks.
 * @param {Window[]} chain @returns {Row[]}
 */
export function maps(chain) {
  const made = [{ name: "input", size: ENTRIES, jump: 1, start: 0 }]
  for (const { name, k, s, d } of chain) {
    const { size, jump, start } = made[made.length - 1]
    made.push({
      name,
      size: Math.floor((size - d * (k - 1) - 1) / s) + 1,
      jump: jump * s,
      start: start + (jump * d * (k - 1)) / 2,
    })
  }
  return made
}

/**
 * What an entry sees, map by map from the input to its own.
 * @param {Window[]} chain @param {number} level of its map, the input's is 0 @param {number} entry
 */
export function seen(chain, level, entry) {
  let entries = [entry]
  const rows = [entries]
  for (const { k, s, d } of chain.slice(0, level).reverse()) {
    const inputs = entries.flatMap((one) => Array.from({ length: k }, (_, tap) => one * s + tap * d))
    entries = [...new Set(inputs)].sort((a, b) => a - b)
    rows.unshift(entries)
  }
  return rows
}

/**
 * The receptive field in words: the part of the input between the first and the last entry seen.
 * @param {Window[]} chain @param {number} level @param {number} entry
 */
export function said(chain, level, entry) {
  const row = maps(chain)[level]
  const [inputs] = seen(chain, level, entry)
  const reach = inputs[inputs.length - 1] - inputs[0] + 1
  const gaps = inputs.length < reach ? `, ${inputs.length} of them through a weight` : ""
  const part = `${reach} of the input, from ${inputs[0]} to ${inputs[inputs.length - 1]}${gaps}`
  return `${row.name}, entry ${entry}: it sees ${part}. Neighbours look ${row.jump} apart.`
}

/** @param {HTMLElement} place */
export function mount(place) {
  const { controls, stage, say } = figure(
    place,
    "Choose an entry: what it sees lights up in every map before it, down to the input."
  )
  const draw = (/** @type {Window[]} */ chain) => {
    const rows = maps(chain)
    const high = 46 * rows.length
    const at = (/** @type {number} */ level, /** @type {number} */ entry) =>
      52 + 21 * (rows[level].start + entry * rows[level].jump)
    const y = (/** @type {number} */ level) => high - 34 - 46 * level
    const wires = drawn("g", {})
    const boxes = rows.map((row, level) =>
      Array.from({ length: row.size }, (_, entry) =>
        drawn("rect", {
          x: at(level, entry),
          y: y(level),
          width: 18,
          height: 18,
          class: "entry",
          role: "button",
          "aria-label": `${row.name}, entry ${entry}`,
        })
      )
    )
    const show = (/** @type {number} */ level, /** @type {number} */ entry) => {
      const lit = seen(chain, level, entry)
      boxes.forEach((row, l) =>
        row.forEach((box, e) => box.setAttribute("class", lit[l]?.includes(e) ? "entry lit" : "entry"))
      )
      wires.replaceChildren(
        ...lit.slice(1).flatMap((entries, below) =>
          entries.flatMap((one) => {
            const { k, s, d } = chain[below]
            return Array.from({ length: k }, (_, tap) =>
              drawn("line", {
                x1: at(below + 1, one) + 9,
                y1: y(below + 1) + 18,
                x2: at(below, one * s + tap * d) + 9,
                y2: y(below),
                class: "wire",
              })
            )
          })
        )
      )
      say(said(chain, level, entry))
    }
    const reversed = [...boxes].reverse()
    roam(reversed, (row, entry) => show(rows.length - 1 - row, entry))
    const names = rows.map((row, level) => drawn("text", { x: 46, y: y(level) + 14, "text-anchor": "end" }, row.name))
    stage.replaceChildren(
      drawn(
        "svg",
        { viewBox: `0 0 350 ${high}`, role: "group", "aria-label": "The maps, the input lowest" },
        wires,
        ...names,
        ...reversed.flat()
      )
    )
    show(rows.length - 1, 1)
  }
  controls.append(choice("Layers", Object.keys(CHAINS), (name) => draw(CHAINS[name])))
  draw(Object.values(CHAINS)[0])
}
