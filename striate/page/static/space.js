// @ts-check
/** The network in three dimensions: layer behind layer, to turn and to fly through; the links of a chosen value. */
import { Boxes } from "./boxes.js"
import { entryAt, placeAt } from "./bytes.js"
import { ABOVE, BELOW } from "./colours.js"
import { placeOf, plates } from "./layout.js"
import { saidPlace } from "./links.js"
import { looking, perspective, plus, product, seen, times } from "./matrix.js"

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./network.js").Graph} Graph
 * @typedef {import("./matrix.js").Vector} Vector
 * @typedef {import("./layout.js").Plate} Plate
 * @typedef {{at: Vector, turn: number, tilt: number, far: number}} View where it looks, from which side, from how far
 */

const ANGLE = 0.8, NEAR = 0.1, FAR = 2000 // of the view: radians; the space in which things are drawn
const TURN = 0.008, STEEPEST = 1.5 // radians a pixel; never from straight above
const MOST_LINKS = 2000
const LETTER = 6.5, LINE = 14 // pixels of a label: no two are drawn over each other
const FLIGHT = { w: [0, 0, 1], s: [0, 0, -1], a: [-1, 0, 0], d: [1, 0, 0], e: [0, 1, 0], q: [0, -1, 0] }

/** Where the eye is. @param {View} view @returns {Vector} */
export function eyeOf({ at, turn, tilt, far }) {
  const flat = Math.cos(tilt)
  return plus(at, times([-flat * Math.cos(turn), Math.sin(tilt), -flat * Math.sin(turn)], far))
}

/** Lines from what a value reads to itself, coloured by the sign of each product, the larger the more opaque.
 * @param {Vector} to @param {{from: Vector, product: number}[]} terms @returns {Float32Array} */
export function links(to, terms) {
  const most = Math.max(...terms.map((term) => Math.abs(term.product)), 1e-30)
  const largest = [...terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, MOST_LINKS)
  return Float32Array.from(
    largest.flatMap((term) => {
      const tint = [...(term.product < 0 ? BELOW : ABOVE).map((one) => one / 255), 0.15 + (0.85 * Math.abs(term.product)) / most]
      return [...term.from, ...tint, ...to, ...tint]
    }),
  )
}

export class Space {
  /**
   * @param {HTMLElement} place @param {Graph} graph @param {import("./source.js").Source} source
   * @param {(place: import("./network.js").Place, entry: number) => void} choose
   * @param {View} [view] where it was looked from before
   */
  constructor(place, graph, source, choose, view) {
    this.graph = graph
    this.source = source
    this.choose = choose
    this.canvas = document.createElement("canvas")
    this.canvas.tabIndex = 0
    this.canvas.setAttribute("aria-label", "The network in three dimensions: drag or use the arrow keys to turn, + and - to come nearer, W A S D to fly, click a value for its links")
    this.labels = Object.assign(document.createElement("div"), { className: "labels" })
    this.said = Object.assign(document.createElement("p"), { className: "said" })
    this.said.setAttribute("role", "status")
    place.replaceChildren(this.canvas, this.labels, this.said)
    this.boxes = new Boxes(this.canvas)
    /** @type {number | undefined} the repaint that was asked for */
    this.asked = undefined
    /** @type {number | undefined} the number of the chosen entry among all */
    this.chosen = undefined
    /** @type {Plate[]} */
    this.plates = []
    /** @type {View} */
    this.view = view ?? { at: [0, 0, 0], turn: -0.75, tilt: 0.3, far: 10 } // the input is left, and one sees its face
    this.fitted = Boolean(view)
    this.canvas.addEventListener("pointermove", (event) => event.buttons && this.drag(event))
    this.canvas.addEventListener("pointerdown", (event) => this.press(event))
    this.canvas.addEventListener("click", (event) => this.click(event))
    this.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false })
    this.canvas.addEventListener("keydown", (event) => this.key(event))
    this.observer = new ResizeObserver(() => this.ask())
    this.observer.observe(place)
  }

  /** Gives back what the view holds. */
  close() {
    this.observer.disconnect()
    this.boxes.gl.getExtension("WEBGL_lose_context")?.loseContext()
  }

  /** @param {Frame} frame */
  draw(frame) {
    if (!this.plates.length || this.plates.some((plate) => !frame.values.has(plate.value))) this.arrange(frame)
    this.frame = frame
    const values = new Float32Array(this.boxes.count)
    for (const { value, first } of this.plates) {
      const { numbers, low, high } = /** @type {import("./frame.js").Value} */ (frame.values.get(value))
      const most = Math.max(Math.abs(low), Math.abs(high)) || 1
      numbers.forEach((number, i) => {
        values[first + i] = number / most
      })
    }
    this.boxes.colour(values)
    if (this.chosen !== undefined) this.link(this.chosen)
    this.ask()
  }

  /** Puts every plate in its place, and the eye where it sees them all. @param {Frame} frame */
  arrange(frame) {
    this.plates = plates(this.graph, frame)
    const places = this.plates.flatMap((plate) => {
      const count = /** @type {import("./frame.js").Value} */ (frame.values.get(plate.value)).numbers.length
      return Array.from({ length: count }, (_, entry) => [...placeOf(plate, entry), plate.cell]).flat()
    })
    this.boxes.place(Float32Array.from(places))
    const deepest = Math.max(...this.plates.map((plate) => plate.middle[0]))
    if (!this.fitted) this.fit(deepest)
    this.labels.replaceChildren(
      ...this.plates.map(({ name }) => Object.assign(document.createElement("span"), { textContent: name })),
    )
  }

  /** Goes as near as all plates can be seen from. @param {number} deepest where the last one stands */
  fit(deepest) {
    this.fitted = true
    this.view.at = [0.4 * deepest, 0, 0] // what is near is larger
    const corners = this.plates.flatMap(({ middle }) => [-6.5, 5].flatMap((y) => [-5, 5].map((z) => plus(middle, [0, y, z]))))
    const inside = () =>
      corners.every((corner) => {
        const [x, y, depth] = seen(this.camera(), corner)
        return Math.max(Math.abs(x), Math.abs(y)) < 0.97 && Math.abs(depth) < 1
      })
    this.view.far = 5
    while (!inside() && this.view.far < FAR / 4) this.view.far *= 1.05
  }

  /** From places to the screen. */
  camera() {
    const { clientWidth: width, clientHeight: height } = this.canvas
    return product(perspective(ANGLE, width / Math.max(1, height), NEAR, FAR), looking(eyeOf(this.view), this.view.at))
  }

  /** At the next repaint. */
  ask() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = undefined
      this.paint()
    })
  }

  paint() {
    const { clientWidth: width, clientHeight: height } = this.canvas, sharp = Math.min(2, devicePixelRatio)
    if (!width || !height) return
    Object.assign(this.canvas, { width: width * sharp, height: height * sharp })
    const camera = this.camera()
    this.boxes.draw(camera, eyeOf(this.view))
    /** @type {number[][]} */
    const taken = []
    this.plates.forEach(({ middle, name }, number) => {
      const [x, y, depth] = seen(camera, plus(middle, [0, -6, 0]))
      const label = /** @type {HTMLElement} */ (this.labels.children[number])
      const at = [((x + 1) / 2) * width, ((1 - y) / 2) * height, (LETTER * name.length) / 2]
      const hidden = taken.some((other) => Math.abs(other[0] - at[0]) < other[2] + at[2] && Math.abs(other[1] - at[1]) < LINE)
      label.hidden = hidden || depth > 1 || depth < -1 || Math.abs(x) > 1
      if (!label.hidden) taken.push(at)
      label.style.transform = `translate(-50%, 0) translate(${at[0]}px, ${at[1]}px)`
    })
  }

  /** @param {PointerEvent} event */
  press(event) {
    this.canvas.setPointerCapture(event.pointerId)
    this.moved = 0
  }

  /** @param {PointerEvent} event */
  drag(event) {
    this.moved = (this.moved ?? 0) + Math.abs(event.movementX) + Math.abs(event.movementY)
    this.turn(event.movementX * TURN, event.movementY * TURN)
  }

  /** @param {number} right @param {number} up radians */
  turn(right, up) {
    this.view.turn += right
    this.view.tilt = Math.max(-STEEPEST, Math.min(STEEPEST, this.view.tilt + up))
    this.ask()
  }

  /** @param {number} by */
  nearer(by) {
    this.view.far = Math.max(1, Math.min(FAR / 4, this.view.far * by))
    this.ask()
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault()
    this.nearer(Math.exp(event.deltaY / 600))
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key]
    const flight = FLIGHT[/** @type {keyof typeof FLIGHT} */ (event.key.toLowerCase())]
    if (turns) this.turn(turns[0], turns[1])
    else if (event.key === "+" || event.key === "-") this.nearer(event.key === "+" ? 0.9 : 1 / 0.9)
    else if (flight) this.fly(flight)
    else return
    event.preventDefault()
  }

  /** Moves what is looked at, and the eye with it. @param {number[]} way right, up, forward */
  fly([right, up, forward]) {
    const { turn } = this.view, step = this.view.far / 25
    const move = [forward * Math.cos(turn) - right * Math.sin(turn), up, forward * Math.sin(turn) + right * Math.cos(turn)]
    this.view.at = plus(this.view.at, times(/** @type {Vector} */ (move), step))
    this.ask()
  }

  /** @param {MouseEvent} event */
  click(event) {
    if ((this.moved ?? 0) > 4) return
    const box = this.canvas.getBoundingClientRect(), sharp = this.canvas.width / box.width
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((side) => Math.floor(side * sharp))
    const number = this.boxes.pick(x, y, this.camera(), eyeOf(this.view))
    this.chosen = number < 0 ? undefined : number
    if (this.chosen === undefined) this.unlink()
    else this.link(this.chosen, true)
    this.ask()
  }

  unlink() {
    this.boxes.link(new Float32Array())
    this.said.textContent = ""
    delete this.canvas.dataset.chosen
  }

  /** The links of an entry. @param {number} number its number among all @param {boolean} opens whether it is also shown in the zoom */
  async link(number, opens = false) {
    const plate = /** @type {Plate} */ (this.plates.findLast((one) => one.first <= number)), frame = this.frame
    if (!frame || plate.call < 0) return
    const value = /** @type {import("./frame.js").Value} */ (frame.values.get(plate.value)), entry = number - plate.first
    const at = indexOf(entry, value.shape, value.sent)
    if (!at) {
      this.said.textContent = `${plate.name} is shown smaller than it is: open it in the flat view for its values`
      return
    }
    this.canvas.dataset.chosen = plate.name
    const size = value.sent[1] * value.sent[2]
    if (opens) this.choose({ call: plate.call, value: plate.value, map: Math.floor(entry / size) }, entry % size)
    try {
      const work = await this.source.work(frame.frame, plate.call, at)
      if (this.chosen !== number) return // another was chosen meanwhile
      this.boxes.link(links(placeOf(plate, entry), this.terms(work)))
      this.said.textContent = `${plate.name}, ${saidPlace(at)}: ${work.count.toLocaleString("en")} ${work.count === 1 ? "link" : "links"}. ${work.said}`
    } catch (error) {
      this.said.textContent = /** @type {Error} */ (error).message
    }
    this.ask()
  }

  /** The terms whose values are shown, with their places. @param {import("./zoom.js").Work} work */
  terms({ terms, reads }) {
    return terms.flatMap(({ read, place, value, times: by }) => {
      const number = reads[read]
      const plate = this.plates.find((one) => one.value === number), shown = this.frame?.values.get(number)
      const entry = shown && entryOf(place, shown.shape, shown.sent)
      return plate && entry !== undefined && entry !== null ? [{ from: placeOf(plate, entry), product: value * by }] : []
    })
  }
}

/** Where an entry of what was sent is in the value; null where that was made smaller. @param {number} entry @param {number[]} shape @param {number[]} sent @returns {number[] | null} */
export function indexOf(entry, shape, sent) {
  if (shape.reduce((a, b) => a * b, 1) !== sent.reduce((a, b) => a * b, 1)) return null
  return placeAt(entry, shape)
}

/** The reverse. @param {number[]} place @param {number[]} shape @param {number[]} sent @returns {number | null} */
export function entryOf(place, shape, sent) {
  if (shape.reduce((a, b) => a * b, 1) !== sent.reduce((a, b) => a * b, 1)) return null
  return entryAt(place, shape)
}
