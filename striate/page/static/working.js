// @ts-check
/** How a layer comes to one of its values, as the server says it, from the values and weights in the page. */
import { entryAt, placeAt } from "./bytes.js"

/**
 * @typedef {import("./arithmetic.js").Work} Work
 * @typedef {import("./arithmetic.js").Term} Term
 * @typedef {{how: string, name?: string, weight?: string, bias?: string | null, mean?: string, variance?: string,
 *   eps?: number, kernel?: number[], stride?: number[], padding?: number[], dilation?: number[], groups?: number}} Rule
 *   what a layer does, and which tensors it has
 * @typedef {{shape: number[], numbers: Float32Array}} Map a value that the layer reads
 * @typedef {(name: string) => Float32Array[]} Rows the rows of a tensor
 */

const FEW = 4 // terms at the beginning and at the end of a long line

/** @type {Record<string, {formula: string, of: (x: number) => number}>} */
const FUNCTIONS = {
  relu: { formula: "max(0, x)", of: (x) => Math.max(0, x) },
  tanh: { formula: "tanh(x)", of: Math.tanh },
  sigmoid: { formula: "σ(x)", of: (x) => 1 / (1 + Math.exp(-x)) },
  same: { formula: "x", of: (x) => x },
}

/** @type {Record<string, (rule: any, inputs: Map[], at: number[], rows: Rows, shape: number[]) => {how: string, terms: Term[], bias?: number | null, formula?: string}>} */
const WAYS = {
  convolution: (rule, inputs, [number, ...place], rows) => {
    const row = rows(rule.weight)[number], per = inputs[0].shape[0] / rule.groups
    const first = Math.floor(number / (rows(rule.weight).length / rule.groups)) * per, inside = windowOf(rule, place)
    const terms = Array.from({ length: per }, (_, k) => inside.map((where, i) => term(inputs, 0, [first + k, ...where], row[k * inside.length + i])))
    return { how: "sum", terms: terms.flat(), bias: biasOf(rule, number, rows) }
  },
  dense: (rule, inputs, [unit], rows) => {
    const terms = Array.from(rows(rule.weight)[unit], (times, i) => term(inputs, 0, [i], times))
    return { how: "sum", terms, bias: biasOf(rule, unit, rows) }
  },
  largest: (rule, inputs, [channel, ...place]) => {
    const all = windowOf(rule, place).map((where) => [channel, ...where])
    return { how: "largest", terms: all.filter((one) => isInside(one, inputs[0].shape)).map((one) => term(inputs, 0, one)) }
  },
  mean: (rule, inputs, [channel, ...place]) => {
    const all = windowOf(rule, place)
    return { how: "sum", terms: all.map((where) => term(inputs, 0, [channel, ...where], 1 / all.length)), bias: 0 }
  },
  average: (_rule, inputs, [channel]) => {
    const [, rows, columns] = inputs[0].shape, all = Array.from({ length: rows * columns }, (_, i) => placeAt(i, [rows, columns]))
    return { how: "sum", terms: all.map((where) => term(inputs, 0, [channel, ...where], 1 / all.length)), bias: 0 }
  },
  norm: (rule, inputs, at, rows) => {
    const number = (/** @type {string | undefined} */ name, /** @type {number} */ other) => (name ? rows(name)[at[0]][0] : other)
    const [mean, variance, scale, shift] = [number(rule.mean, 0), number(rule.variance, 1), number(rule.weight, 1), number(rule.bias, 0)]
    const formula = `(x - ${short(mean)})/√(${short(variance)} + ${rule.eps})·${short(scale)} + ${short(shift)}`
    return { how: "one", terms: [term(inputs, 0, at)], formula }
  },
  function: (rule, inputs, at) => ({ how: "one", terms: [term(inputs, 0, at)], formula: FUNCTIONS[rule.name].formula }),
  moved: (_rule, inputs, at, _rows, shape) => {
    const place = placeAt(entryAt(at, shape), inputs[0].shape)
    return { how: "one", terms: [term(inputs, 0, place)], formula: "x" }
  },
  added: (_rule, inputs, at) => ({ how: "sum", terms: inputs.map((_, read) => term(inputs, read, at)) }),
}

/**
 * @param {string} name the layer's @param {Rule} rule @param {Map[]} inputs what it reads @param {number[]} reads their numbers
 * @param {Map} made what it gives @param {number[]} at where @param {Rows} rows @returns {Work}
 */
export function worked(name, rule, inputs, reads, made, at, rows) {
  const way = WAYS[rule.how]
  if (!way) throw new Error(`the arithmetic of ${name} is shown by \`striate see\` only`)
  const { how, terms, bias = null, formula = "x" } = way(rule, inputs, at, rows, made.shape), value = made.numbers[entryAt(at, made.shape)]
  return { said: `${said(how, terms, bias, formula)} = ${digits(value)}`, how, bias, value, count: terms.length, terms, reads }
}

/** @param {string} how @param {Term[]} terms @param {number | null} bias @param {string} formula */
function said(how, terms, bias, formula) {
  const values = terms.map((one) => short(one.value))
  if (how === "largest") return `max(${few(values).join(", ")})`
  if (how === "one") return formula.replace("x", () => values[0])
  const products = values.map((one, i) => (terms[i].times === 1 ? one : `${one}·${short(terms[i].times)}`))
  return [...few(products), ...(bias === null ? [] : [short(bias)])].join(" + ")
}

/** Where the entries of a window are in the map. @param {any} rule @param {number[]} place @returns {number[][]} */
function windowOf({ kernel, stride, padding, dilation }, [row, column]) {
  const places = []
  for (let r = 0; r < kernel[0]; r++)
    for (let c = 0; c < kernel[1]; c++)
      places.push([row * stride[0] - padding[0] + r * dilation[0], column * stride[1] - padding[1] + c * dilation[1]])
  return places
}

/** @param {number[]} place @param {number[]} shape */
const isInside = (place, shape) => place.every((one, i) => one >= 0 && one < shape[i])

/** An entry that is read; 0 outside of the map. @param {Map[]} inputs @param {number} read @param {number[]} place @returns {Term} */
function term(inputs, read, place, times = 1) {
  const { shape, numbers } = inputs[read]
  return { read, place, value: isInside(place, shape) ? numbers[entryAt(place, shape)] : 0, times }
}

/** @param {any} rule @param {number} number @param {Rows} rows */
const biasOf = (rule, number, rows) => (rule.bias ? rows(rule.bias)[number][0] : null)

/** @param {number} value */
const digits = (value) => Number(value.toPrecision(4)).toString()

/** @param {number} value */
const short = (value) => (value < 0 ? `(${digits(value)})` : digits(value))

/** @param {string[]} words */
const few = (words) => (words.length <= 2 * FEW + 1 ? words : [...words.slice(0, FEW), "…", ...words.slice(-FEW)])
