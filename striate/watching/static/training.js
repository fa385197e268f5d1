// @ts-check
/** The page of a training: it asks for the figures every second, and for pictures when there are new ones. */
import { curves } from "./curves.js"
import { filters, numbers, worst } from "./source.js"

/** @typedef {import("./source.js").Numbers} Numbers */
/** @typedef {import("./source.js").Sheet} Sheet */

const EVERY = 1000 // milliseconds
const FEW = 50 // epochs

/** @param {string} id @returns {any} */
const one = (id) => document.getElementById(id)

/** @param {string} tag @param {Record<string, any>} [properties] @param {(Node | string)[]} inside @returns {any} */
function made(tag, properties = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...inside)
  return element
}

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.round(seconds), two = (/** @type {number} */ part) => String(part).padStart(2, "0")
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
}

/** @param {Numbers} seen */
function status(seen) {
  const done = seen.history.length + (seen.now ? seen.now.done / seen.examples : 0)
  one("progress").value = seen.said.length ? 1 : done / seen.epochs
  if (seen.said.length) return `training is over after ${seen.history.length} of ${seen.epochs} epochs`
  const count = seen.now ? `, ${seen.now.done.toLocaleString("en")} of ${seen.examples.toLocaleString("en")} ${seen.unit}` : ""
  const left = seen.left === null ? "" : `, about ${clock(seen.left)} left`
  return `epoch ${Math.min(seen.epochs, seen.history.length + 1)} of ${seen.epochs}${count}${left}`
}

/** How many epochs the curves have room for: all, or of very many a round number beyond those that are done. @param {number} done @param {number} all */
function shownEpochs(done, all) {
  const wanted = Math.max(FEW, 1.25 * done), power = 10 ** Math.floor(Math.log10(wanted))
  return Math.min(all, [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= wanted) ?? all)
}

/** @param {Numbers} seen */
function plots(seen) {
  const { history, metric, kept } = seen, epochs = shownEpochs(history.length, seen.epochs)
  /** @param {string} name @returns {[number, number][]} */
  const points = (name) => history.filter((row) => name in row).map((row) => [row.epoch, row[name]])
  /** @param {string} of */
  const both = (of) => [
    { name: "training", kind: "train", points: points(`train_${of}`) },
    { name: "validation", kind: "validation", points: points(`validation_${of}`) },
  ]
  /** @type {[number, number][]} */
  const rates = history.flatMap((row) => [
    ...("first_rate" in row ? [/** @type {[number, number]} */ ([row.epoch - 1, row.first_rate])] : []),
    /** @type {[number, number]} */ ([row.epoch, row.learning_rate]),
  ])
  /** @type {[number, number] | undefined} */
  const now = seen.now?.loss === undefined ? undefined : [seen.now.epoch - 1 + seen.now.done / seen.examples, seen.now.loss]
  const first = curves({ title: "loss", lines: both("loss"), epochs, log: true, kept, now })
  const second = metric.name === "loss" ? [] : [curves({ title: metric.words, lines: both(metric.name).filter((line) => line.points.length || !history.length), epochs, share: metric.share, kept })]
  const third = curves({ title: "learning rate", lines: [{ name: "learning rate", kind: "rate", points: rates }], epochs })
  one("plots").replaceChildren(first, ...second, third)
}

/** @param {Sheet[]} sheets */
function showFilters(sheets) {
  if (!sheets.length) return
  one("sheets").replaceChildren(
    ...sheets.map((sheet) => {
      const images = sheet.uris.map((uri, place) => made("img", { src: uri, alt: `filter ${place + 1} of ${sheet.name}` }))
      if (sheet.width) images[0].style.width = `${3 * sheet.width}px`
      const list = made(sheet.width ? "div" : "ol", { className: sheet.width ? "kernels" : "filters" })
      list.append(...images.map((image) => (sheet.width ? image : made("li", {}, image))))
      const extent = sheet.extent.toPrecision(3)
      const scale = made("span", { className: "weights", role: "img", ariaLabel: "from black over grey to white" })
      return made("div", {}, made("h3", {}, sheet.name), made("p", { className: "note" }, `${sheet.said}; `, made("span", {}, `−${extent} `, scale, ` +${extent}`)), list)
    }),
  )
}

/** The server's HTML, with the styles that it names. @param {string} html */
function showWorst(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html")
  for (const styled of parsed.querySelectorAll("[data-style]"))
    /** @type {HTMLElement} */ (styled).style.cssText = styled.getAttribute("data-style") ?? ""
  one("worst").replaceChildren(...parsed.body.childNodes)
}

/** @param {Numbers} seen */
function showEnd(seen) {
  one("said").replaceChildren(...seen.said.map((sentence) => made("p", {}, sentence)))
  one("verdict").hidden = !seen.said.length
  one("report").hidden = !seen.report
}

let epochs = -1, copies = -1

/** Once a second, so that the server knows that somebody looks. */
async function look() {
  try {
    const seen = await numbers()
    document.title = one("title").textContent = seen.title
    one("status").textContent = status(seen)
    plots(seen)
    if (copies !== seen.copies) showFilters(await filters())
    copies = seen.copies
    if (epochs !== seen.history.length) showWorst(await worst())
    epochs = seen.history.length
    showEnd(seen)
    document.body.dataset.epochs = String(epochs)
  } catch (error) {
    one("status").textContent = /** @type {Error} */ (error).message
    document.body.dataset.lost = "true"
  }
  setTimeout(look, EVERY)
}
look()
