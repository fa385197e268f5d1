// @ts-check
/** What is changed in the trained network by hand, what that costs, and the way back. */
import { answered } from "./source.js"

/**
 * @typedef {import("./network.js").Graph} Graph
 * @typedef {import("./network.js").Place} Place
 * @typedef {{noise: number, off: number[], dropout: number, padding: number | null, stride: number | null}} Change
 * @typedef {{biases: boolean, seed: number, epoch: number | null, layers: Record<string, Change>}} Changes
 * @typedef {{macs: number, parameters: number, values: number}} Costs
 * @typedef {{version: number, before: Costs, after: Costs}} Touched
 */

/** @returns {Change} */
const none = () => ({ noise: 0, off: [], dropout: 0, padding: null, stride: null })

export class Touch {
  /**
   * @param {HTMLElement} network of the whole network @param {HTMLElement} layer of a layer
   * @param {import("./source.js").Source} source @param {() => void} changed after each change
   */
  constructor(network, layer, source, changed) {
    this.network = network
    this.layer = layer
    this.source = source
    this.changed = changed
    this.last = Promise.resolve()
    /** @type {Changes} */
    this.changes = { biases: true, seed: 0, epoch: null, layers: {} }
    /** @type {{call: import("./network.js").Call, map: number} | null} */
    this.at = null
    const on = (/** @type {string} */ id, /** @type {string} */ event, /** @type {(changes: Changes, it: any) => void} */ act) =>
      this.one(id).addEventListener(event, () => this.change((changes) => act(changes, this.one(id))))
    on("nobiases", "change", (changes, box) => (changes.biases = !box.checked))
    on("again", "click", (changes) => (changes.seed += 1))
    on("epoch", "input", (changes, slider) => (changes.epoch = this.epochs[slider.value] ?? null))
    on("back", "click", (changes) => Object.assign(changes, { biases: true, seed: 0, epoch: null, layers: {} }))
    for (const name of /** @type {const} */ (["noise", "dropout", "padding", "stride"])) {
      on(name, "change", (changes, input) => (this.here(changes)[name] = Number(input.value)))
    }
    on("off", "change", (changes, box) => {
      const here = this.here(changes), map = this.at?.map ?? -1
      here.off = box.checked ? [...here.off, map] : here.off.filter((one) => one !== map)
    })
    /** @type {number[]} */
    this.epochs = []
  }

  /** @param {string} id @returns {any} */
  one(id) {
    return document.getElementById(id)
  }

  /** The change of the layer that is looked at. @param {Changes} changes @returns {Change} */
  here(changes) {
    const path = this.at?.call.path ?? ""
    changes.layers[path] ??= none()
    return changes.layers[path]
  }

  /** One after the other. @param {(changes: Changes) => void} act */
  change(act) {
    this.last = this.last.then(() => this.carryOut(act))
  }

  /** @param {(changes: Changes) => void} act */
  async carryOut(act) {
    const wanted = structuredClone(this.changes)
    act(wanted)
    this.one("touched").textContent = "Changing the network …"
    const told = await (this.source.touch && answered(this.source.touch(wanted)))
    if (told) {
      this.changes = wanted
      this.costs = told
      this.changed()
    }
    this.show()
  }

  /** @param {Graph} graph */
  offer(graph) {
    this.network.hidden = !this.source.touch
    this.changes = graph.changes ?? this.changes
    this.epochs = graph.epochs ?? []
    this.one("epochs").hidden = !this.epochs.length
    Object.assign(this.one("epoch"), { min: 0, max: this.epochs.length, step: 1 })
    this.show()
  }

  /** @param {import("./network.js").Call | null} call @param {number} map */
  look(call, map) {
    this.at = call && { call, map }
    this.show()
  }

  show() {
    const { changes, at } = this, said = told(changes)
    this.one("nobiases").checked = !changes.biases
    const epoch = changes.epoch === null ? this.epochs.length : this.epochs.indexOf(changes.epoch)
    this.one("epoch").value = String(epoch)
    this.one("epochsaid").textContent = changes.epoch === null ? "best weights" : `after epoch ${changes.epoch}`
    this.one("touched").textContent = said.length ? `Changed: ${said.join("; ")}` : "As it was trained."
    this.one("costs").textContent = said.length && this.costs ? compared(this.costs) : ""
    for (const id of ["back", "again"]) this.one(id).disabled = !said.length
    this.layer.hidden = !this.source.touch || !at?.call.path
    if (!at) return
    const here = changes.layers[at.call.path ?? ""] ?? none(), [padding, stride] = at.call.sized ?? [0, 1]
    for (const id of ["noise", "off"]) this.one(id).parentElement.hidden = !at.call.weighted
    for (const id of ["padding", "stride"]) this.one(id).parentElement.hidden = !at.call.sized
    if (at.map < 0) this.one("off").parentElement.hidden = true
    this.one("noise").value = String(here.noise)
    this.one("dropout").value = String(here.dropout)
    this.one("padding").value = String(here.padding ?? padding)
    this.one("stride").value = String(here.stride ?? stride)
    this.one("off").checked = here.off.includes(at.map)
  }
}

/** @param {Changes} changes @returns {string[]} */
function told({ biases, epoch, layers }) {
  const all = epoch === null ? [] : [`weights after epoch ${epoch}`]
  if (!biases) all.push("no biases")
  for (const [name, { noise, off, dropout, padding, stride }] of Object.entries(layers)) {
    if (noise) all.push(`${name} noise ${noise}`)
    if (off.length) all.push(`${name} without ${off.join(", ")}`)
    if (dropout) all.push(`${name} dropout ${dropout}`)
    if (padding !== null) all.push(`${name} padding ${padding}`)
    if (stride !== null) all.push(`${name} stride ${stride}`)
  }
  return all
}

/** @param {Touched} touched */
function compared({ before, after }) {
  const count = (/** @type {number} */ one) => one.toLocaleString("en")
  return `Multiply-adds ${count(before.macs)} → ${count(after.macs)}; values ${count(before.values)} → ${count(after.values)}`
}
