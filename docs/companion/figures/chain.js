// @ts-check
/**
 * A small network, forward and backward: `fc 2 -> relu -> fc 2 -> softmax` with cross-entropy, with the numbers that
 * `striate step` gives.
 */
import { bracketed, written } from "./parts.js"

/** @typedef {{ weights: number[][], bias: number[] }} Full @typedef {[Full, Full]} Net */

/** @type {Net} the numbers of the page */
export const NET = [
  { weights: [[0, -1], [0, 1]], bias: [0, 1] },
  { weights: [[1, -1], [0, 1]], bias: [0, -1] },
]
export const INPUT = [1, 2]
export const TARGET = 0
export const RATE = 0.1
export const STEPS = 10 // after the first picture: five forward, four back, and the descent

/** @typedef {ReturnType<typeof run>} Pass */

/** @param {Full} layer @param {number[]} input */
const full = ({ weights, bias }, input) =>
  weights.map((row, unit) => row.reduce((sum, weight, i) => sum + weight * input[i], bias[unit]))

/**
 * The gradient of a layer's input: each weight carries back what its unit got.
 * @param {Full} layer @param {number[]} upstream
 */
const back = ({ weights }, upstream) =>
  weights[0].map((_, i) => weights.reduce((sum, row, unit) => sum + row[i] * upstream[unit], 0))

/** The gradient of a layer's weights. @param {number[]} upstream @param {number[]} input */
const outer = (upstream, input) => upstream.map((by) => input.map((value) => by * value))

/**
 * Every value on the way to the error, and every gradient on the way back.
 * @param {Net} net @param {number[]} x @param {number} target
 */
export function run([first, second], x, target) {
  const sums = full(first, x)
  const hidden = sums.map((sum) => Math.max(0, sum))
  const scores = full(second, hidden)
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)))
  const total = powers.reduce((sum, power) => sum + power)
  const shares = powers.map((power) => power / total)
  const byScores = shares.map((share, i) => share - Number(i === target))
  const byHidden = back(second, byScores)
  const bySums = byHidden.map((by, i) => (sums[i] > 0 ? by : 0))
  return {
    x,
    sums,
    hidden,
    scores,
    shares,
    error: Math.log(total) - (scores[target] - Math.max(...scores)),
    byScores,
    byHidden,
    bySums,
    byX: back(first, bySums),
    byWeights: [outer(bySums, x), outer(byScores, hidden)],
    byBias: [bySums, byScores],
  }
}

/**
 * The network after a step of gradient descent.
 * @param {Net} net @param {Pass} run @param {number} rate
 */
export const descended = (net, { byWeights, byBias }, rate) =>
  /** @type {Net} */ (
    net.map(({ weights, bias }, layer) => ({
      weights: weights.map((row, unit) => row.map((weight, i) => weight - rate * byWeights[layer][unit][i])),
      bias: bias.map((value, unit) => value - rate * byBias[layer][unit]),
    }))
  )

/**
 * What happens in a step.
 * @param {number} step from 0 @param {Net} net @param {Pass} all @param {number} target
 * @param {number} rate
 */
export function told(step, [first, second], all, target, rate) {
  const list = (/** @type {number[]} */ values) => values.map(written).join(" and ")
  const product = (/** @type {number} */ weight, /** @type {number} */ value) =>
    `${bracketed(weight)}·${bracketed(value)}`
  const unit = (/** @type {Full} */ layer, /** @type {number[]} */ input, /** @type {number} */ i) =>
    [...layer.weights[i].map((weight, from) => product(weight, input[from])), bracketed(layer.bias[i])].join(" + ")
  const sums = (/** @type {Full} */ layer, /** @type {number[]} */ input, /** @type {number[]} */ output) =>
    output.map((value, i) => `${unit(layer, input, i)} = ${written(value)}`).join("; ")
  const matrix = (/** @type {number[][]} */ rows) => rows.map((row) => row.map(written).join(" ")).join("; ")
  const right = (/** @type {number} */ share, /** @type {number} */ i) =>
    `${written(share)} − ${Number(i === target)} = ${written(all.byScores[i])}`
  const [one, two] = descended([first, second], all, rate).map(({ weights }) => matrix(weights))
  return [
    `The input is ${list(all.x)}; class ${target} is right.`,
    `fc1 adds up: ${sums(first, all.x, all.sums)}.`,
    `ReLU keeps what is above 0: ${list(all.hidden)}.`,
    `fc2 adds up: ${sums(second, all.hidden, all.scores)}.`,
    `Softmax makes shares of the scores: ${list(all.shares)}.`,
    `The error is −log(${written(all.shares[target])}) = ${written(all.error)}.`,
    `Back through softmax, p − y: ${all.shares.map(right).join("; ")}.`,
    `Back through fc2, by its weights: ${list(all.byHidden)}. For the weights themselves: ${matrix(all.byWeights[1])}.`,
    `Back through ReLU, where its input was above 0: ${list(all.bySums)}.`,
    `Back through fc1: ${list(all.byX)}. For its weights: ${matrix(all.byWeights[0])}.`,
    `Each weight less ${written(rate)} times its gradient: fc1 ${one}, fc2 ${two}.`,
  ][step]
}
