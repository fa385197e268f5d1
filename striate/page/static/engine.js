// @ts-check
/** The network as WebAssembly: its weights, the values of its layers, and its training steps, in one memory. */

/**
 * @typedef {{name: string, shape: number[], first: number, row: number}} Tensor numbers that the network has
 * @typedef {{name: string, kept: boolean, first: number, sizes: number[], plane: number, across: number}} Spot
 *   where a layer's values are
 * @typedef {{lanes: number, size: number, read: number, entries: number, parameters: Tensor[], buffers: Tensor[],
 *   values: Spot[]}} Layout
 * @typedef {{kind: number, rate: number, decay: number, momentum: number, eps: number, beta1: number,
 *   beta2: number}} Rule an optimiser, by its number
 */

export const BATCH = 32
const RULE = 40, SEEN = 16 // bytes of the kernels' `struct rule` and `struct seen`

export class Engine {
  /** @param {any} exports @param {Layout} layout @param {Float32Array} weights @param {Float32Array} buffers */
  constructor(exports, layout, weights, buffers) {
    this.exports = exports
    this.layout = layout
    this.net = exports.create(1, BATCH)
    const { read, entries } = layout
    /** @type {Record<string, number>} */
    this.at = {}
    const sizes = { images: 4 * read * BATCH, labels: 8 * BATCH, targets: 4, over: 8, rule: RULE, seen: SEEN, outputs: 4 * entries * BATCH }
    for (const [name, bytes] of Object.entries(sizes)) this.at[name] = exports.malloc(bytes)
    if (!this.net || Object.values(this.at).includes(0)) throw new Error("the browser has not enough memory for this network")
    this.floats(exports.weights(this.net), layout.size).set(weights)
    this.floats(exports.buffers(this.net), buffers.length).set(buffers)
    this.steps = 0
  }

  /** @param {BufferSource} code @param {Layout} layout @param {Float32Array} weights @param {Float32Array} buffers */
  static async of(code, layout, weights, buffers) {
    const { instance } = await WebAssembly.instantiate(code, {})
    const exports = /** @type {any} */ (instance.exports)
    exports._initialize()
    return new Engine(exports, layout, weights, buffers)
  }

  /** Numbers in the memory, to read and to write. @param {number} at @param {number} count */
  floats(at, count) {
    return new Float32Array(this.exports.memory.buffer, at, count)
  }

  /** What the network gives for some inputs, one after another. @param {Float32Array} inputs */
  evaluate(inputs) {
    const count = inputs.length / this.layout.read
    this.floats(this.at.images, inputs.length).set(inputs)
    this.exports.evaluate(this.net, this.at.images, count, this.at.outputs)
    return this.floats(this.at.outputs, count * this.layout.entries).slice()
  }

  /** A layer's values for the first input of the newest evaluation. @param {Spot} spot */
  value({ kept, first, sizes: [channels, rows, columns], plane, across }) {
    const { lanes } = this.layout
    const base = (kept ? this.exports.kept : this.exports.scratch)(this.net) + 4 * lanes * first
    const from = this.floats(base, lanes * (channels * plane)), to = new Float32Array(channels * rows * columns)
    let i = 0
    for (let k = 0; k < channels; k++)
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++) to[i++] = from[lanes * (k * plane + r * across + c)]
    return to
  }

  /** A tensor's rows, in the memory, to read and to write. @param {string} name @returns {Float32Array[]} */
  rows(name) {
    const { parameters, buffers } = this.layout
    const parameter = parameters.find((one) => one.name === name), found = parameter ?? buffers.find((one) => one.name === name)
    if (!found) throw new Error(`there is no tensor ${name}`)
    const base = (parameter ? this.exports.weights : this.exports.buffers)(this.net)
    const [count, ...others] = found.shape, size = others.reduce((a, b) => a * b, 1)
    return Array.from({ length: count }, (_, row) => this.floats(base + 4 * (found.first + row * found.row), size))
  }

  /**
   * A step down the gradient of the mean cross-entropy of some inputs; returns that loss.
   * @param {Float32Array} inputs @param {number[]} labels @param {Rule} rule
   */
  step(inputs, labels, rule) {
    const view = new DataView(this.exports.memory.buffer), { images, targets, over, seen } = this.at
    this.steps++
    this.floats(images, inputs.length).set(inputs)
    labels.forEach((label, i) => view.setBigInt64(this.at.labels + 8 * i, BigInt(label), true))
    view.setUint32(targets, this.at.labels, true)
    view.setFloat64(over, labels.length, true)
    view.setInt32(this.at.rule, rule.kind, true)
    const { rate, decay, momentum, eps, beta1, beta2 } = rule
    const numbers = [rate, decay, 0, momentum, eps, beta1, beta2, 1 - beta1 ** this.steps, 1 - beta2 ** this.steps]
    numbers.forEach((number, i) => view.setFloat32(this.at.rule + 4 + 4 * i, number, true))
    this.exports.step(this.net, images, 0, targets, labels.length, over, this.steps, 0, this.at.rule, seen)
    return view.getFloat64(seen, true)
  }
}
