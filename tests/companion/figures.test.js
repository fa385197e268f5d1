// @ts-check
/** The figures' numbers against those of `expected.json`, which Striate, PyTorch and NumPy computed. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { ACTIVATIONS } from "../../docs/companion/figures/activations.js"
import * as chain from "../../docs/companion/figures/chain.js"
import { counted, weights } from "../../docs/companion/figures/connections.js"
import { convolve, FILTERS, IMAGE, spelled } from "../../docs/companion/figures/convolution.js"
import { CHAINS, ENTRIES, maps, seen } from "../../docs/companion/figures/field.js"
import { errors, NOISE } from "../../docs/companion/figures/overfitting.js"
import { written } from "../../docs/companion/figures/parts.js"
import { MAPS, pooled, shifted } from "../../docs/companion/figures/pooling.js"
import { begins, formula } from "../../docs/companion/figures/sizes.js"
import { energy, path, RULES, START, standing } from "../../docs/companion/figures/training.js"

const expected = JSON.parse(readFileSync(new URL("expected.json", import.meta.url), "utf8"))

/** Numbers in lists of any depth, within a share or an amount. @param {any} actual @param {any} wanted @param {number} [off] */
function close(actual, wanted, off = 1e-9) {
  assert.equal(Array.isArray(actual), Array.isArray(wanted))
  if (!Array.isArray(actual)) return assert.ok(Math.abs(actual - wanted) <= off * Math.max(1, Math.abs(wanted)), `${actual} for ${wanted}`)
  assert.equal(actual.length, wanted.length)
  actual.forEach((one, i) => close(one, wanted[i], off))
}

test("numbers are written short, with a real minus sign", () => {
  assert.deepEqual([3, -0.25, 1 / 3, -0, 1234.56].map(written), ["3", "−0.25", "0.3333", "0", "1235"])
})

test("a convolution's maps are those of striate step, for every filter", () => {
  assert.deepEqual(IMAGE, expected.convolution.image)
  assert.deepEqual(FILTERS, expected.convolution.filters)
  for (const [name, filter] of Object.entries(FILTERS)) close(convolve(IMAGE, filter), expected.convolution.maps[name])
})

test("a convolution's sum is spelled out, without the products with 0", () => {
  assert.equal(spelled(IMAGE, FILTERS.sharpen, 0, 2), "Row 1, column 3: (−1)·8 + (−1)·0 + 5·0 + (−1)·5 + (−1)·6 = −19")
  assert.equal(spelled(IMAGE, [[0, 0, 0], [0, 0, 0], [0, 0, 0]], 0, 0), "Row 1, column 1: 0 = 0")
})

test("there are as many windows as striate explain says", () => {
  assert.ok(expected.sizes.length > 300)
  for (const { out, ...sizes } of expected.sizes) assert.equal(begins(sizes).length, out, JSON.stringify(sizes))
})

test("the formula shows its numbers, what is left over, and what does not fit", () => {
  assert.equal(formula({ n: 7, k: 3, s: 2, p: 0, d: 1 }), "⌊(7 + 2·0 − (1·(3 − 1) + 1)) / 2⌋ + 1 = 3")
  assert.match(formula({ n: 7, k: 3, s: 3, p: 0, d: 1 }), /= 2; 1 at the end is left over$/)
  assert.equal(formula({ n: 4, k: 3, s: 1, p: 0, d: 2 }), "The window reaches over 5 entries, and there are 4: it fits nowhere.")
  assert.deepEqual(begins({ n: 4, k: 3, s: 1, p: 0, d: 2 }), [])
})

test("receptive fields, jumps and what the last units see are those of striate explain", () => {
  assert.deepEqual(Object.keys(CHAINS), Object.keys(expected.field))
  for (const [name, layers] of Object.entries(CHAINS)) {
    const rows = maps(layers), { fields, seen: wanted } = expected.field[name]
    assert.equal(rows[0].size, ENTRIES)
    assert.deepEqual(rows.slice(1).map(({ jump }) => jump), fields.map((/** @type {number[]} */ [, jump]) => jump))
    const inputs = Array.from({ length: rows[layers.length].size }, (_, unit) => seen(layers, layers.length, unit)[0])
    assert.deepEqual(inputs.map((all) => [all[0], all[all.length - 1]]), wanted)
    assert.equal(inputs[0][inputs[0].length - 1] - inputs[0][0] + 1, fields[layers.length - 1][0])
  }
})

test("pools are those of striate step", () => {
  for (const { map, pooled: wanted, ...pool } of expected.pooling) {
    close(pooled(MAPS[map], pool).map((row) => row.map(({ value }) => value)), wanted)
  }
})

test("a max pool's switch is the first of the largest, and a shift inside a window changes nothing", () => {
  const pool = { size: 2, stride: 2, largest: true }
  assert.deepEqual(pooled(MAPS["the map of filter 2"], pool)[0][0].from, { r: 0, c: 0, value: -1 })
  const values = (/** @type {number[][]} */ map) => pooled(map, pool).map((row) => row.map(({ value }) => value))
  const nine = MAPS["one 9 alone"]
  assert.notDeepEqual(shifted(nine), nine)
  assert.deepEqual(values(shifted(nine)), values(nine))
  assert.notDeepEqual(values(shifted(shifted(nine))), values(nine))
})

test("activations and their slopes are those of PyTorch", () => {
  assert.deepEqual(Object.keys(ACTIVATIONS), Object.keys(expected.activations))
  for (const [name, [f, slope]] of Object.entries(ACTIVATIONS)) {
    const { x, values, slopes } = expected.activations[name]
    close(x.map(f), values, 1e-6)
    close(x.map(slope), slopes, 1e-6)
  }
})

test("full, local and shared layers have the weights that striate explain counts", () => {
  for (const { weights: wanted, ...layer } of expected.connections) assert.equal(weights(layer), wanted, JSON.stringify(layer))
  const layer = { inputs: 7, k: 3, s: 2 }
  assert.deepEqual(["full", "local", "shared"].map((kind) => weights({ kind, ...layer })), [21, 9, 3])
  assert.match(counted({ kind: "shared", ...layer }), /: 3 weights, the same for all 3 units, on 9 connections/)
})

test("a network's values, gradients and step are those of striate step", () => {
  const wanted = expected.backpropagation, all = chain.run(chain.NET, chain.INPUT, chain.TARGET)
  assert.deepEqual(chain.NET, wanted.layers.map((/** @type {any} */ { W, b }) => ({ weights: W, bias: b })))
  close([all.sums, all.hidden, all.scores, all.shares], ["fc1.O", "relu1.O", "fc2.O", "softmax1.O"].map((name) => wanted[name]))
  close(all.error, wanted.E)
  close([all.byScores, all.byHidden, all.bySums, all.byX], ["softmax1", "fc2", "relu1", "fc1"].map((name) => wanted[`${name}.dE/dX`]))
  close(all.byWeights, [wanted["fc1.dE/dW"], wanted["fc2.dE/dW"]])
  close(all.byBias, [wanted["fc1.dE/db"], wanted["fc2.dE/db"]])
  const [first, second] = chain.descended(chain.NET, all, chain.RATE)
  close([first.weights, second.weights], [wanted["fc1.W'"], wanted["fc2.W'"]])
  close([first.bias, second.bias], [wanted["fc1.b'"], wanted["fc2.b'"]])
})

test("every step of the network says its arithmetic", () => {
  const all = chain.run(chain.NET, chain.INPUT, chain.TARGET)
  const words = Array.from({ length: chain.STEPS + 1 }, (_, step) => chain.told(step, chain.NET, all, chain.TARGET, chain.RATE))
  assert.equal(words[1], "fc1 adds up: 0·1 + (−1)·2 + 0 = −2; 0·1 + 1·2 + 1 = 3.")
  assert.equal(words[5], "The error is −log(0.006693) = 5.007.")
  assert.equal(new Set(words).size, chain.STEPS + 1)
})

test("twenty steps of every optimiser are those of PyTorch", () => {
  assert.deepEqual(Object.keys(RULES), Object.keys(expected.training))
  for (const [name, { rate, path: wanted }] of Object.entries(expected.training)) {
    assert.equal(RULES[name].rate, rate)
    close(path(name, rate, 20), wanted)
  }
})

test("with the page's rates all six come down the valley, with twice as much plain steps climb out of it", () => {
  const [page, twice] = [1, 2].map((factor) => new Map(standing(40, factor).map(({ name, error }) => [name, error])))
  for (const error of page.values()) assert.ok(error < 0.4 * energy(START))
  assert.ok(/** @type {number} */ (twice.get("sgd")) > 1e6)
})

test("the polynomials' errors are those of NumPy", () => {
  close(NOISE, expected.overfitting.noise, 1e-6)
  const all = errors(1).slice(1)
  close(all.map(({ onPoints }) => onPoints), expected.overfitting.onPoints, 1e-5)
  close(all.map(({ between }) => between), expected.overfitting.between, 1e-4)
})

test("without noise more capacity does no harm", () => {
  const all = errors(0)
  assert.ok(all[14].between < 1e-6 && all[14].between < all[3].between)
})
