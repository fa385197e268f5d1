// @ts-check
/** Learning in the page: examples that were drawn, together with some that the network has learned from before. */
import { BATCH } from "./engine.js"

/** @typedef {{input: Float32Array, label: number}} Example */

const START = 0 // bias of a class that is new

export class Learner {
  /** @param {import("./engine.js").Engine} engine @param {import("./inpage.js").Held} held @param {Example[] | null} known */
  constructor(engine, held, known) {
    this.engine = engine
    this.last = held.last
    this.rule = { ...held.rule }
    this.known = known ?? []
    this.classes = [...held.classes]
    this.first = held.classes.length
    /** @type {Example[]} */
    this.drawn = []
    /** @type {number[]} the loss of each step */
    this.losses = []
  }

  /** How many classes can be added. */
  get room() {
    return this.last ? this.first + this.last.texts.length - 1 - this.classes.length : 0
  }

  /** The label of a class, which is new where it is not known. @param {string} name @returns {number} */
  label(name) {
    const known = this.classes.indexOf(name)
    if (known >= 0) return known
    if (!this.last || !this.room) throw new Error(`this page has no room for one class more than ${this.classes.length}`)
    this.engine.rows(this.last.bias)[this.classes.length][0] = START
    return this.classes.push(name) - 1
  }

  /** @param {Float32Array} input @param {number} label */
  add(input, label) {
    this.drawn.push({ input, label })
  }

  /** One step, on as many drawn examples as known ones. @returns {number} its loss */
  step() {
    const chosen = Array.from({ length: BATCH }, (_, i) => any(i % 2 || !this.known.length ? this.drawn : this.known))
    const inputs = new Float32Array(BATCH * this.engine.layout.read)
    chosen.forEach(({ input }, i) => inputs.set(input, i * input.length))
    const loss = this.engine.step(inputs, chosen.map((one) => one.label), this.rule)
    this.losses.push(loss)
    return loss
  }

  /** Images in a step. */
  get batch() {
    return BATCH
  }

  /** How many of the drawn examples are answered right now. */
  right() {
    const { entries } = this.engine.layout
    return this.drawn.filter(({ input, label }) => {
      const outputs = this.engine.evaluate(input).subarray(0, entries)
      return outputs.indexOf(outputs.reduce((a, b) => Math.max(a, b), -Infinity)) === label
    }).length
  }

  /** What was learned, in a line; empty where nothing was. */
  get said() {
    if (!this.losses.length) return ""
    const names = [...new Set(this.drawn.map((one) => this.classes[one.label]))].join(", ")
    return `learned further in a page: ${this.losses.length} steps on ${this.drawn.length} drawings of ${names}`
  }
}

/** @template T @param {T[]} some @returns {T} */
function any(some) {
  return some[Math.floor(Math.random() * some.length)]
}
