// @ts-check
/** Where the page gets the network from: a server here; the page knows nothing else of it. */
import { frameOf } from "./frame.js"

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Values} Values
 * @typedef {import("./network.js").Graph} Graph
 * @typedef {import("./arithmetic.js").Work} Work
 * @typedef {import("./links.js").Link} Link
 * @typedef {import("./patches.js").Patches} Patches
 * @typedef {import("./touch.js").Changes} Changes
 * @typedef {import("./touch.js").Touched} Touched
 * @typedef {{label: string, probability: number, box: [number, number, number, number]}} Found
 *   the box is left, top, right, bottom, in pixels of the image
 * @typedef {{
 *   graph: (opened: string[]) => Promise<Graph>,
 *   look: (image: Blob, shown: number[]) => Promise<Frame>,
 *   map: (frame: number, value: number, map: number) => Promise<Float32Array>,
 *   work: (frame: number, call: number, at: number[]) => Promise<Work>,
 *   maps?: (frame: number, value: number, map: number, count: number) => Promise<Float32Array>,
 *   links?: (frame: number, value: number, at: number[], shown: number[]) => Promise<Link[]>,
 *   overlay?: (frame: number, method: string, aim: number[]) => Promise<Values>,
 *   gradients?: (frame: number, label: number, shown: number[]) => Promise<Values>,
 *   filters?: (frame: number, call: number, channel: number) => Promise<Values>,
 *   patches?: (value: number, map: number) => Promise<Patches>,
 *   diagram?: () => Promise<Blob>,
 *   slide?: (image: Blob) => Promise<Found[]>,
 *   lessons?: (place: HTMLElement, acts: import("./learning.js").Acts) => Promise<void>,
 *   touch?: (changes: Changes) => Promise<Touched>,
 * }} Source a promise is rejected with an error whose message is for the user, or with `Changed`; the page hides the
 *   controls of what a source lacks
 */

/** The picture has changed since the question: a newer one of this page is on its way, or another page has sent one. */
export class Changed extends Error {
  /** @param {number} frame the one that was asked about */
  constructor(frame) {
    super()
    this.frame = frame
  }
}

/**
 * An answer; null where there is none, which the user is told unless the picture has only changed, which the page is told.
 * @template T @param {Promise<T>} asked @returns {Promise<T | null>}
 */
export async function answered(asked) {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Changed) document.dispatchEvent(new CustomEvent("changed", { detail: error.frame }))
    else tell(/** @type {Error} */ (error).message)
    return null
  }
}

/** @param {string} text what the user is told */
export function tell(text) {
  const status = /** @type {HTMLElement} */ (document.getElementById("status"))
  status.textContent = text
}

/** What the page holds, or the server's. @returns {Promise<Source>} */
export async function opened() {
  const held = document.getElementById("held")
  return held ? (await import("./inpage.js")).opened(held.textContent ?? "") : new Served()
}

/** Why a request is refused: in JSON, or in a line of text by what stands before the application. @param {Response} answer */
async function refusal(answer) {
  return answer.headers.get("content-type")?.startsWith("application/json") ? (await answer.json()).error : (await answer.text()).trim()
}

/** @implements {Source} */
export class Served {
  /** The network as it runs, with the folds that are opened. @param {string[]} opened @returns {Promise<Graph>} */
  async graph(opened) {
    return (await this.asked("graph", opened.map((path) => ["open", path]))).json()
  }

  /** What it makes of an image or a sentence. @param {Blob} image @param {number[]} shown values that are sent @returns {Promise<Frame>} */
  async look(image, shown) {
    return frameOf(await (await this.asked("look", { shown }, image)).arrayBuffer())
  }

  /** All that it finds in an image, and where. @param {Blob} image @returns {Promise<Found[]>} */
  async slide(image) {
    return (await this.asked("slide", {}, image)).json()
  }

  /** A map with all its entries. @param {number} frame @param {number} value @param {number} map */
  map(frame, value, map) {
    return this.maps(frame, value, map, 1)
  }

  /** Maps in a row, fewer at the end. @param {number} frame @param {number} value @param {number} map the first @param {number} count */
  async maps(frame, value, map, count) {
    const answer = await this.asked("map", { frame, value, map, count })
    return new Float32Array(await answer.arrayBuffer())
  }

  /** The arithmetic of an entry. @param {number} frame @param {number} call @param {number[]} at @returns {Promise<Work>} */
  async work(frame, call, at) {
    return (await this.asked("work", { frame, call, at })).json()
  }

  /** What an entry comes from and goes to. @param {number} frame @param {number} value @param {number[]} at @param {number[]} shown @returns {Promise<Link[]>} */
  async links(frame, value, at, shown) {
    return (await this.asked("links", { frame, value, at, shown })).json()
  }

  /** Where an answer comes from. @param {number} frame @param {string} method @param {number[]} aim a label, a call and its map, or nothing @returns {Promise<Values>} */
  async overlay(frame, method, aim) {
    return frameOf(await (await this.asked("overlay", { frame, how: method, ...(aim.length ? { aim } : {}) })).arrayBuffer())
  }

  /** The loss's gradients at values, if a label is right. @param {number} frame @param {number} label @param {number[]} shown @returns {Promise<Values>} */
  async gradients(frame, label, shown) {
    return frameOf(await (await this.asked("gradients", { frame, label, shown })).arrayBuffer())
  }

  /** The weights with which each filter reads a channel. @param {number} frame @param {number} call @param {number} channel @returns {Promise<Values>} */
  async filters(frame, call, channel) {
    return frameOf(await (await this.asked("filters", { frame, call, channel })).arrayBuffer())
  }

  /** What excites a map most, once it is found. @param {number} value @param {number} map @returns {Promise<Patches>} */
  async patches(value, map) {
    return frameOf(await (await this.asked("patches", { value, map })).arrayBuffer())
  }

  /** The network as papers draw it, in SVG. */
  async diagram() {
    return new Blob([await (await this.asked("diagram", {})).arrayBuffer()], { type: "image/svg+xml" })
  }

  /** Changes the trained network, in place of all changes before. @param {Changes} changes @returns {Promise<Touched>} */
  async touch(changes) {
    return (await this.asked("touch", {}, new Blob([JSON.stringify(changes)]))).json()
  }

  /** @param {string} path @param {Record<string, any> | any[][]} words @param {Blob} [body] @returns {Promise<Response>} */
  async asked(path, words, body) {
    const pairs = Array.isArray(words) ? words : Object.entries(words)
    const address = `${path}?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`
    const answer = await fetch(address, body ? { method: "POST", body } : {}).catch(() => null)
    if (!answer) throw new Error("the server has ended; start `striate see` again")
    if (answer.status === 204) throw new Changed(/** @type {any} */ (words).frame)
    if (!answer.ok) throw new Error(await refusal(answer))
    return answer
  }
}
