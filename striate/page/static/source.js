// @ts-check
/** Where the page gets the network from: a server, or the page itself; what shows it knows nothing else of it. */
import { frameOf } from "./frame.js"

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./network.js").Graph} Graph
 * @typedef {import("./zoom.js").Work} Work
 * @typedef {{
 *   graph: (opened: string[]) => Promise<Graph>,
 *   look: (image: Blob, shown: number[]) => Promise<Frame>,
 *   map: (frame: number, value: number, map: number) => Promise<Float32Array>,
 *   work: (frame: number, call: number, at: number[]) => Promise<Work>,
 *   lessons?: (place: HTMLElement, acts: import("./learning.js").Acts) => Promise<void>,
 * }} Source `lessons` is there where the network can learn; a promise is rejected with an error whose message is for the user
 */

/** What the page holds, or the server's. @returns {Promise<Source>} */
export async function opened() {
  const held = document.getElementById("held")
  return held ? (await import("./inpage.js")).opened(held.textContent ?? "") : new Served()
}

/** @implements {Source} */
export class Served {
  /** The network as it runs, with the folds that are opened. @param {string[]} opened @returns {Promise<Graph>} */
  async graph(opened) {
    return (await this.asked("graph", opened.map((path) => ["open", path]))).json()
  }

  /** What it makes of an image. @param {Blob} image @param {number[]} shown values that are sent @returns {Promise<Frame>} */
  async look(image, shown) {
    return frameOf(await (await this.asked("look", [["shown", String(shown)]], image)).arrayBuffer())
  }

  /** A map with all its entries. @param {number} frame @param {number} value @param {number} map */
  async map(frame, value, map) {
    const answer = await this.asked("map", Object.entries({ frame, value, map }))
    return new Float32Array(await answer.arrayBuffer())
  }

  /** The arithmetic of an entry. @param {number} frame @param {number} call @param {number[]} at @returns {Promise<Work>} */
  async work(frame, call, at) {
    return (await this.asked("work", Object.entries({ frame, call, at }))).json()
  }

  /** @param {string} path @param {any[][]} words @param {Blob} [body] @returns {Promise<Response>} */
  async asked(path, words, body) {
    const address = `${path}?${new URLSearchParams(words.map(([name, value]) => [name, String(value)]))}`
    const answer = await fetch(address, body ? { method: "POST", body } : {}).catch(() => null)
    if (!answer) throw new Error("the server has ended; start `striate see` again")
    if (!answer.ok) throw new Error((await answer.json()).error)
    return answer
  }
}
