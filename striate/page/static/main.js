// @ts-check
/** The page: what is drawn goes to the server, and what the network makes of it comes back. */
import { Camera } from "./camera.js"
import { drawColours, drawMap, pictureLegend, signedLegend } from "./colours.js"
import { most } from "./frame.js"
import { framed, Links } from "./links.js"
import { Microphone } from "./microphone.js"
import { NetworkView } from "./network.js"
import { short } from "./numbers.js"
import { Backward, Overlays } from "./overlays.js"
import { Paper } from "./paper.js"
import { Presenting } from "./presenting.js"
import { save, savePicture } from "./saving.js"
import { Sentence } from "./sentence.js"
import { answered, opened as openedSource, tell } from "./source.js"
import { Space } from "./space.js"
import { Touch } from "./touch.js"
import { Zoom } from "./zoom.js"

/** @typedef {import("./frame.js").Frame} Frame */

const BEGINS = { image: "stroke", text: "sentence", sound: "sound" }
const SOUND = "What the network reads: red is how loud each band is, green how fast that changes, blue how fast the change itself changes"

/** @param {string} id @returns {any} */
const one = (id) => document.getElementById(id)

const source = await openedSource()

/** @type {string[]} */
const opened = []
/** @type {import("./network.js").Graph} */
let graph
/** @type {Frame | undefined} */
let frame
/** @type {NetworkView} */
let network
/** @type {Space | undefined} the view in three dimensions, while it is open */
let space

const links = new Links(source, () => network.shown, (found) => {
  network.mark(found)
  markInput(found.find((link) => link.number === 0))
})
const touch = new Touch(one("touch"), one("touchlayer"), source, () => answered(load().then(look)))
const zoom = new Zoom(one("zoom"), source, (entry) => links.show(entry), (call, map) => touch.look(call, map))
const overlays = new Overlays(one("overlays"), source, () => zoom.place, () => frame && overlays.draw(frame))
const backward = new Backward(one("backward"), source, () => frame && drawMaps(frame))
const presenting = new Presenting(one("present"), one("screen"))

/** What a value reads of the input: on what the network reads, on the paper, or among the words. @param {import("./links.js").Link | undefined} link */
function markInput(link) {
  for (const old of /** @type {NodeListOf<HTMLElement>} */ (one("given").querySelectorAll(".mark"))) old.remove()
  const [first, end] = link?.rows ?? [0, 0]
  for (const [number, word] of [...one("words").children].entries()) word.classList.toggle("read", number >= first && number < end)
  if (!link || graph.reads === "text") return
  framed(one("read").parentElement, link, graph.shape.slice(1))
  const there = graph.way && graph.reads !== "sound" && paper.linkOn(link, graph.way), { height, width } = paper.canvas
  if (there) framed(one("paper").parentElement, { ...link, ...there }, [height, width])
}

/** The network, with what was opened. */
async function load() {
  graph = await source.graph(opened)
  document.title = one("name").textContent = graph.name
  document.body.dataset.reads = graph.reads ?? "image"
  camera.offer(Boolean(graph.slides))
  one("picture").classList.toggle("halves", Boolean(graph.halves))
  if (graph.reads === "sound") one("readsaid").textContent = SOUND
  zoom.of(graph)
  network = new NetworkView(one("network"), graph, {
    choose: async (place) => {
      if (!frame) return
      await zoom.open(place, frame)
      if (overlays.aim.value === "open") overlays.draw(frame)
    },
    hover: (entry) => frame && links.show(entry && { frame: frame.frame, ...entry }),
    open: (path) => {
      opened.push(...path.split(","))
      answered(load().then(look))
    },
  })
  for (const view of [overlays, backward]) view.offer(graph.labels)
  touch.offer(graph)
  one("view").querySelector("[value=diagram]").hidden = !source.diagram || !graph.diagram
  presenting.show()
  if (space) turn(true)
}

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
        frame = await source.look(givenNow().blob(), network.shown)
        if (frame.version !== graph.version) { // it was touched, here or on another page
          await load()
          again = true
          continue
        }
      } catch (error) {
        tell(/** @type {Error} */ (error).message)
        continue
      }
      show(frame)
      const took = performance.now() - began
      document.body.dataset.took = took.toFixed(1)
      tell(`${took.toFixed(0)} ms from ${BEGINS[graph.reads ?? "image"]} to picture, ${(1000 * frame.seconds).toFixed(0)} ms of it the network`)
    } while (again)
  } finally {
    waiting = false
    document.body.dataset.waiting = "false"
  }
}

document.addEventListener("changed", (event) => {
  const asked = /** @type {CustomEvent<number>} */ (event).detail
  if (!waiting && asked === frame?.frame) look() // else a newer one is here, or on its way
})

/** @param {Frame} frame */
function show(frame) {
  drawMaps(frame)
  drawRead(/** @type {import("./frame.js").Value} */ (frame.values.get(0)))
  space?.draw(frame)
  one("words").replaceChildren(...(frame.words ?? []).flatMap((textContent) => [Object.assign(document.createElement("span"), { textContent }), " "]))
  one("picture").hidden = !frame.picture
  if (graph.reads === "sound") one("picture").querySelector("img").alt = "What was heard: time goes to the right, high tones stand at the top"
  if (frame.picture) for (const image of one("picture").querySelectorAll("img")) image.src = `data:image/png;base64,${frame.picture}`
  zoom.draw(frame)
  overlays.draw(frame)
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

/** Opens the view in three dimensions in the place of the flat one, or closes it. @param {boolean} opens */
function turn(opens) {
  const view = space?.view
  space?.close()
  try {
    space = opens ? new Space(one("space"), graph, source, (place, entry) => frame && zoom.open(place, frame, entry), view) : undefined
  } catch (error) {
    tell(/** @type {Error} */ (error).message)
  }
  one("space").hidden = !space
  one("network").hidden = Boolean(space)
  one("solid").setAttribute("aria-pressed", String(Boolean(space)))
  if (space && frame) space.draw(frame)
}
one("solid").addEventListener("click", () => turn(!space))

/** The values on all maps, or the gradients there. @param {Frame} frame */
async function drawMaps(frame) {
  signedLegend(one("legend"), "−", `+ (darkest: its layer's largest ${backward.on ? "gradient" : "value"})`)
  if (!backward.on) return network.draw(frame)
  const gradients = await backward.gradients(frame, network.shown)
  if (gradients && backward.on) network.draw(gradients)
}

/** What the network reads, in colour where it has colours. @param {import("./frame.js").Value} read */
function drawRead(read) {
  const [channels, rows, columns] = read.sent
  if (channels === 3) {
    drawColours(one("read"), read.numbers, rows, columns, read.low, read.high)
    pictureLegend(one("readlegend"), short(read.low), short(read.high))
  } else {
    drawMap(one("read"), read.numbers, rows, columns, most(read))
    signedLegend(one("readlegend"), short(-most(read)), short(most(read)))
  }
}

const paper = new Paper(one("paper"), look), sentence = new Sentence(one("sentence"), look), microphone = new Microphone(one("spoken"), look)

/** What the network looks at: a sentence, a sound, or what is on the paper. */
const givenNow = () => (graph.reads === "text" ? sentence : graph.reads === "sound" ? microphone : paper)
one("listen").addEventListener("click", () => answered(microphone.listen(() => tell("listening: say the word"))))
one("sound").addEventListener("change", () => answered(microphone.take(one("sound").files[0])))

/** @param {boolean} erases */
function take(erases) {
  paper.erases = erases
  one("pen").setAttribute("aria-pressed", String(!erases))
  one("eraser").setAttribute("aria-pressed", String(erases))
}
one("pen").addEventListener("click", () => take(false))
one("eraser").addEventListener("click", () => take(true))
const edge = one("picture").querySelector("input")
edge.addEventListener("input", () => one("picture").style.setProperty("--edge", `${edge.value}%`))
one("save").addEventListener("click", async () => {
  const view = one(space && one("view").value === "network" ? "space" : one("view").value)
  if (!view) {
    const diagram = source.diagram && (await answered(source.diagram()))
    if (diagram) save(diagram, `${graph.name}.svg`)
  } else if (view.hidden) tell("choose a layer or a map first")
  else savePicture(view, `${graph.name} ${view.id}`)
})
one("clear").addEventListener("click", () => paper.clear())

/** @param {Blob | null | undefined} file */
async function put(file) {
  if (graph.reads === "sound") return answered(microphone.take(file))
  try {
    if (file) await paper.show(file)
  } catch {
    tell("this is no image that the browser can show")
  }
}
const slide = source.slide && ((/** @type {Blob} */ image) => answered(/** @type {any} */ (source).slide(image)))
const camera = new Camera(one("camera"), { slide, whole: (image) => paper.show(image) })
one("film").addEventListener("click", () => answered(camera.open()))
one("file").addEventListener("change", () => put(one("file").files[0]))
document.addEventListener("paste", (event) => put(event.clipboardData?.files[0]))
document.addEventListener("dragover", (event) => event.preventDefault())
document.addEventListener("drop", (event) => {
  event.preventDefault()
  put(event.dataTransfer?.files[0])
})
await load()
source.lessons?.(one("lessons"), { image: () => paper.blob(), look, grown: () => load().then(look), clear: () => paper.clear() })
look()
