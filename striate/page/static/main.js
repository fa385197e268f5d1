// @ts-check
/** The page: what is drawn goes to the server, and what the network makes of it comes back. */
import { Camera } from "./camera.js"
import { drawLegend, drawMap } from "./colours.js"
import { NetworkView } from "./network.js"
import { Paper } from "./paper.js"
import { Sentence } from "./sentence.js"
import { Served } from "./source.js"
import { Zoom } from "./zoom.js"

/** @typedef {import("./frame.js").Frame} Frame */

/** @param {string} id @returns {any} */
const one = (id) => document.getElementById(id)

/** @type {import("./source.js").Source} */
const source = new Served()

/** @type {string[]} */
const opened = []
/** @type {import("./network.js").Graph} */
let graph
drawLegend(one("legend"))

/** @type {Frame | undefined} */
let frame
/** @type {Zoom} */
let zoom
/** @type {NetworkView} */
let network

/** The network, with what was opened. */
async function load() {
  graph = await source.graph(opened)
  document.body.dataset.reads = graph.reads
  document.title = one("name").textContent = graph.name
  zoom = new Zoom(one("zoom"), graph, source)
  network = new NetworkView(one("network"), graph, {
    choose: (place) => frame && zoom.open(place, frame),
    open: (path) => {
      opened.push(...path.split(","))
      load().then(look)
    },
  })
}
await load()

let waiting = false, again = false

/** One request at a time; what is drawn meanwhile goes with the next. */
async function look() {
  if (waiting) {
    again = true
    return
  }
  waiting = true
  document.body.dataset.waiting = "true"
  try {
    do {
      again = false
      const began = performance.now()
      try {
        frame = await source.look((graph.reads === "text" ? sentence : paper).blob(), network.shown)
      } catch (error) {
        one("status").textContent = /** @type {Error} */ (error).message
        continue
      }
      show(frame)
      const took = performance.now() - began
      document.body.dataset.took = took.toFixed(1)
      one("status").textContent = `${took.toFixed(0)} ms from stroke to picture, ${(1000 * frame.seconds).toFixed(0)} ms of it the network`
    } while (again)
  } finally {
    waiting = false
    document.body.dataset.waiting = "false"
  }
}

/** @param {Frame} frame */
function show(frame) {
  network.draw(frame)
  zoom.draw(frame)
  const read = /** @type {import("./frame.js").Value} */ (frame.values.get(0)), [, rows, columns] = read.sent
  drawMap(one("read"), read.numbers.subarray(0, rows * columns), rows, columns, Math.max(Math.abs(read.low), Math.abs(read.high)))
  one("words").textContent = frame.words.join(" ")
  one("picture").hidden = !frame.picture
  if (frame.picture) one("picture").src = `data:image/png;base64,${frame.picture}`
  one("answer").replaceChildren(
    ...frame.answer.map(({ label, probability }) => {
      const line = document.createElement("li")
      const bar = Object.assign(document.createElement("meter"), { value: probability })
      bar.setAttribute("aria-label", label)
      line.append(label, bar, `${(100 * probability).toFixed(1)} %`)
      return line
    }),
  )
  document.body.dataset.frame = String(frame.frame)
}

const paper = new Paper(one("paper"), look), sentence = new Sentence(one("sentence"), look)
/** @param {boolean} erases */
function take(erases) {
  paper.erases = erases
  one("pen").setAttribute("aria-pressed", String(!erases))
  one("eraser").setAttribute("aria-pressed", String(erases))
}
one("pen").addEventListener("click", () => take(false))
one("eraser").addEventListener("click", () => take(true))
one("clear").addEventListener("click", () => paper.clear())

/** @param {Blob | null | undefined} file */
async function put(file) {
  try {
    if (file) await paper.show(file)
  } catch {
    one("status").textContent = "this is no image that the browser can show"
  }
}
const camera = new Camera(one("camera"), { slide: (image) => source.slide(image), whole: (image) => paper.show(image) })
one("film").addEventListener("click", () => {
  camera.offer(graph.slides)
  camera.open().catch((error) => (one("status").textContent = error.message))
})
one("file").addEventListener("change", () => put(one("file").files[0]))
document.addEventListener("paste", (event) => put(event.clipboardData?.files[0]))
document.addEventListener("dragover", (event) => event.preventDefault())
document.addEventListener("drop", (event) => {
  event.preventDefault()
  put(event.dataTransfer?.files[0])
})
look()
