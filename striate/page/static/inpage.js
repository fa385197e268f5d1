// @ts-check
/** The network in the page itself: the same answers as the server's, from WebAssembly. */
import { worked } from "./working.js"
import { bytesOf } from "./bytes.js"
import { Engine } from "./engine.js"
import { kept } from "./keeping.js"
import { Learner } from "./learner.js"
import { sources } from "./reaching.js"
import { pixelsIn, read } from "./reading.js"

/**
 * @typedef {import("./network.js").Graph} Graph
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./arithmetic.js").Work} Work
 * @typedef {{place: string, softmax: boolean}} Where a value of the network: a layer's, or the softmax of it
 * @typedef {{weight: string, bias: string, texts: string[]}} Last the layer that gives the classes, and the network's text
 *   with each number of them from the first on
 * @typedef {{facts: Record<string, string>, tensors: Record<string, {dtype: string, shape: number[], bytes?: string}>}} File
 * @typedef {{content: string, labels: number[], low: number, high: number}} Examples
 * @typedef {{graph: Graph, folded: any[], where: Where[], rules: any[], recipe: import("./reading.js").Recipe,
 *   classes: string[], layout: import("./engine.js").Layout, code: string, weights: string, buffers: string,
 *   last: Last | null, rule: import("./engine.js").Rule, examples: Examples | null, file: File}} Held
 */

/** What the page holds, opened. @param {string} text JSON @returns {Promise<InPage>} */
export async function opened(text) {
  /** @type {Held} */
  const held = JSON.parse(text)
  const engine = await Engine.of(await inflated(held.code), held.layout, floatsOf(held.weights), floatsOf(held.buffers))
  return new InPage(held, engine, new Learner(engine, held, held.examples && (await unpacked(held.examples, held.layout.read))))
}

/** @implements {Source} @typedef {import("./source.js").Source} Source */
export class InPage {
  /** @param {Held} held @param {Engine} engine @param {Learner} learner */
  constructor(held, engine, learner) {
    this.held = held
    this.engine = engine
    this.learner = learner
    this.frames = 0
    this.spots = new Map(held.layout.values.map((spot) => [spot.name, spot]))
  }

  /** Folded, or with everything open: one that is opened opens all. @param {string[]} opened @returns {Promise<Graph>} */
  async graph(opened) {
    const { graph, folded } = this.held, calls = graph.calls.map((call, i) => ({ ...call, shape: this.shape(graph.calls[i].gives[0]) }))
    return { ...graph, calls, way: this.held.recipe, cards: opened.length ? graph.cards : folded }
  }

  /** The shape of a value, with the classes that were added. @param {number} value @returns {number[]} */
  shape(value) {
    const { graph, classes, last } = this.held, call = graph.calls.find((one) => one.gives.includes(value))
    const shape = call ? call.shape : graph.shape, names = this.spots.get(this.held.where[value].place)
    const grows = last && call && names?.name === last.weight.replace(/\.weight$/, "")
    return grows ? shape.map((size) => (size === classes.length ? this.learner.classes.length : size)) : shape
  }

  /** What it reads of an image. @param {Blob} image */
  async read(image) {
    return read(await pixelsIn(image), this.held.recipe)
  }

  /** @param {Blob} image @param {number[]} shown @returns {Promise<Frame>} */
  async look(image, shown) {
    const input = await this.read(image), began = performance.now()
    this.engine.evaluate(input)
    const seconds = (performance.now() - began) / 1000
    this.values = new Map(this.held.where.map((_, number) => [number, this.value(number)]))
    const values = new Map(shown.map((number) => [number, this.shown(number)]))
    const shares = softmax(this.value(this.held.graph.outputs[0], false)), { classes } = this.learner
    const answer = [...shares].map((probability, i) => ({ label: classes[i], probability })).sort((a, b) => b.probability - a.probability)
    return { frame: ++this.frames, version: this.held.graph.version, seconds, answer: answer.slice(0, 10), values }
  }

  /** A value's numbers after the newest look. @param {number} number @param {boolean} [whole] whether with a softmax @returns {Float32Array} */
  value(number, whole = true) {
    const { place, softmax: last } = this.held.where[number]
    const spot = /** @type {import("./engine.js").Spot} */ (this.spots.get(place))
    const numbers = this.engine.value(spot).slice(0, this.shape(number).reduce((a, b) => a * b, 1))
    return whole && last ? softmax(numbers) : numbers
  }

  /** @param {number} number @returns {import("./frame.js").Value} as (maps, rows, columns) */
  shown(number) {
    const shape = this.shape(number), numbers = this.seen(number), dims = shape.length
    const columns = dims > 1 ? shape[dims - 1] : 1, maps = dims > 2 ? shape[0] : 1
    const [low, high] = [numbers.reduce((a, b) => Math.min(a, b), Infinity), numbers.reduce((a, b) => Math.max(a, b), -Infinity)]
    return { number, shape, sent: [maps, numbers.length / maps / columns, columns], low, high, numbers }
  }

  /** @param {number} number @returns {Float32Array} */
  seen(number) {
    const found = this.values?.get(number)
    if (!found) throw new Error("there is no such value")
    return found
  }

  /** @param {number} _frame @param {number} value @param {number} map */
  async map(_frame, value, map) {
    const { sent: [, rows, columns], numbers } = this.shown(value)
    return numbers.subarray(map * rows * columns, (map + 1) * rows * columns)
  }

  /** @param {number} _frame @param {number} call @param {number[]} at @returns {Promise<Work>} */
  async work(_frame, call, at) {
    const { name, reads, gives } = this.held.graph.calls[call], shape = this.shape(gives[0])
    const inputs = reads.map((number) => ({ shape: this.shape(number), numbers: this.seen(number) }))
    const made = { shape, numbers: this.seen(gives[0]) }
    return worked(name, this.held.rules[call], inputs, reads, made, at, (tensor) => this.engine.rows(tensor))
  }

  /** @param {number} _frame @param {number} value @param {number[]} at @param {number[]} shown */
  async links(_frame, value, at, shown) {
    return sources(this.held.graph.calls, this.held.rules, (one) => this.shape(one), value, at).filter(({ number }) => shown.includes(number))
  }

  /** @param {HTMLElement} place @param {import("./learning.js").Acts} acts */
  async lessons(place, acts) {
    new (await import("./learning.js")).Lessons(place, this, acts)
  }

  /** The weights as they are now, for `striate`. */
  async file() {
    const { file: { facts, tensors }, last, classes } = this.held, { learner } = this, config = JSON.parse(facts.config)
    config.task.classes = learner.classes
    if (learner.said) config.decisions = [...(config.decisions ?? []), learner.said]
    const found = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
      if (bytes !== undefined) return [name, { dtype, shape, bytes: bytesOf(bytes) }]
      const grows = last && [last.weight, last.bias].includes(name), all = grows ? [learner.classes.length, ...shape.slice(1)] : shape
      const rows = this.engine.rows(name).slice(0, all[0]), made = new Float32Array(all.reduce((a, b) => a * b, 1))
      rows.forEach((row, i) => made.set(row, i * row.length))
      return [name, { dtype, shape: all, bytes: new Uint8Array(made.buffer) }]
    })
    const net = last ? last.texts[learner.classes.length - classes.length] : facts.net
    return kept(Object.fromEntries(found), { ...facts, net, config: JSON.stringify(config) })
  }
}

/** @param {Float32Array} logits */
export function softmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity), powers = logits.map((one) => Math.exp(one - most))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((one) => one / sum)
}

/** @param {string} text base64 of little-endian float32 */
function floatsOf(text) {
  return new Float32Array(bytesOf(text).buffer)
}

/** @param {string} text base64 of what zlib has compressed */
async function inflated(text) {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("deflate"))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** Examples as the network reads them. @param {Examples} packed @param {number} size */
async function unpacked({ content, labels, low, high }, size) {
  const levels = await inflated(content)
  return labels.map((label, i) => ({ label, input: Float32Array.from(levels.subarray(i * size, (i + 1) * size), (one) => low + ((high - low) * one) / 255) }))
}
