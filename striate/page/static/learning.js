// @ts-check
/** The lessons: examples are drawn and named, the network learns them while one watches, and its weights are kept. */
import { drawMap } from "./colours.js"
import { plot, round } from "./plot.js"
import { save } from "./saving.js"

/**
 * @typedef {{image: () => Blob, look: () => void, grown: () => void, clear: () => void}} Acts of the page: what is on the
 *   paper; look again; there is a new class; clear the paper
 */

const SLICE = 30, REDRAW = 200 // milliseconds of steps between two looks at the user's events, and at the network
const STEPS = 200, FILTERS = 16, HEIGHT = 150
const FORM = `<h2>Teach it</h2>
<div class="tools"><label>What you drew is <select id="sign"></select></label>
<label id="naming" hidden>called <input id="sign-name" maxlength="40" size="10" autocomplete="off"></label>
<button id="add">Add example</button><button id="undo">Remove the last</button></div>
<p id="examples" role="status"></p>
<div class="tools"><label>Learning rate <input id="rate" type="number" min="0" step="any"></label>
<label>Steps <input id="steps" type="number" min="1" step="1" value="${STEPS}"></label>
<button id="learn">Learn</button><button id="keep">Keep the weights</button></div>
<p id="learned" role="status"></p>
<div class="charts"><figure id="losses"></figure>
<figure><div id="filters" role="img"></div><figcaption></figcaption></figure></div>`

export class Lessons {
  /** @param {HTMLElement} place @param {import("./inpage.js").InPage} page @param {Acts} acts */
  constructor(place, page, acts) {
    this.place = place
    this.page = page
    this.acts = acts
    this.runs = false
    place.innerHTML = FORM
    place.hidden = false
    this.one("rate").value = String(page.learner.rule.rate)
    this.one("sign").addEventListener("change", () => this.name())
    this.listen("add", () => this.add())
    this.listen("undo", async () => this.undo())
    this.listen("learn", () => this.learn())
    this.listen("keep", () => this.keep())
    this.signs(0)
    this.count()
    this.draw()
  }

  /** @param {string} id @returns {any} */
  one(id) {
    return this.place.querySelector(`#${id}`)
  }

  /** What went wrong is said where the user looks. @param {string} id @param {() => Promise<void>} act */
  listen(id, act) {
    this.one(id).addEventListener("click", () => act().catch((error) => (this.one("learned").textContent = error.message)))
  }

  /** The classes to choose from. @param {number} chosen */
  signs(chosen) {
    const { classes, room } = this.page.learner, others = room ? [new Option("a new sign", "")] : []
    this.one("sign").replaceChildren(...classes.map((name) => new Option(name, name)), ...others)
    this.one("sign").selectedIndex = chosen
    this.name()
  }

  name() {
    this.one("naming").hidden = this.one("sign").value !== ""
  }

  async add() {
    const { learner } = this.page, name = this.one("sign").value || this.one("sign-name").value.trim()
    if (!name) throw new Error("say what the new sign is called")
    const known = learner.classes.length, label = learner.label(name)
    learner.add(await this.page.read(this.acts.image()), label)
    this.signs(label)
    this.count()
    this.acts.clear()
    if (learner.classes.length > known) this.acts.grown()
  }

  undo() {
    this.page.learner.drawn.pop()
    this.count()
  }

  /** The examples so far; before the first, what a step learns from. */
  count() {
    const { drawn, classes, known } = this.page.learner
    const counts = classes.map((name, label) => [name, drawn.filter((one) => one.label === label).length])
    const said = counts.flatMap(([name, count]) => (count ? [`${name}: ${count}`] : [])).join(", ")
    const others = known.length
      ? `Half of what a step learns from is your drawings, half ${known.length} of the images that the network was trained on.`
      : "This page holds no images that the network was trained on: what it learns may displace what it knows."
    this.one("examples").textContent = said || others
  }

  /** So many steps, in slices between which the page stays alive; the same button ends them. */
  async learn() {
    const { learner } = this.page, button = this.one("learn"), wanted = Number(this.one("steps").value)
    if (this.runs || !learner.drawn.length) {
      this.runs = false
      if (!learner.drawn.length) throw new Error("add an example first")
      return
    }
    if (!(wanted >= 1)) throw new Error("say how many steps it shall learn: 1 or more")
    learner.rule.rate = Number(this.one("rate").value)
    this.runs = true
    button.textContent = "Stop"
    try {
      await this.steps(wanted)
    } finally {
      this.runs = false
      button.textContent = "Learn"
    }
  }

  /** So many steps, or until it is stopped. @param {number} wanted */
  async steps(wanted) {
    const { learner } = this.page
    let done = 0, spent = 0, drawn = performance.now()
    while (this.runs && done < wanted) {
      const began = performance.now()
      for (; done < wanted && performance.now() - began < SLICE; done++) learner.step()
      spent += performance.now() - began
      if (performance.now() - drawn > REDRAW) {
        this.draw()
        this.acts.look()
        drawn = performance.now()
      }
      await new Promise((next) => setTimeout(next))
    }
    this.draw()
    this.acts.look()
    const [loss] = learner.losses.slice(-1), speed = Math.round((1000 * learner.batch * done) / spent)
    this.one("learned").textContent = `${done} steps, loss ${loss.toPrecision(3)}, ${learner.right()} of ${learner.drawn.length} examples right, ${speed.toLocaleString("en")} images a second`
    this.place.dataset.speed = String(speed)
  }

  async keep() {
    const bytes = await this.page.file(), name = `${this.page.held.graph.name.replace(/\W+/g, "-")}.safetensors`
    save(new Blob([/** @type {BlobPart} */ (bytes)]), name)
    this.one("learned").textContent = `${name}: \`striate predict ${name} IMAGE\` opens it`
  }

  draw() {
    this.drawLosses()
    this.drawFilters()
  }

  drawLosses() {
    const { losses } = this.page.learner, most = losses.reduce((a, b) => Math.max(a, b), 0), end = Math.max(1, losses.length)
    const words = losses.length ? `Loss by step, 1 to ${end}; from 0 to ${most.toPrecision(3)}` : "Loss by step"
    const xs = round(0, end).filter((one) => one % 1 === 0)
    const { svg, line } = plot(words, [0, end], [0, most || 1], losses.length ? { xs, ys: round(0, most), height: HEIGHT } : { xs: [], ys: [], height: HEIGHT })
    svg.append(line(losses.map((loss, i) => [i + 1, loss]), {}))
    this.one("losses").replaceChildren(svg, Object.assign(document.createElement("figcaption"), { textContent: words }))
  }

  /** The filters of the first convolution, in the colours of the maps. */
  drawFilters() {
    const { rules, graph } = this.page.held, call = rules.findIndex((rule) => rule.how === "convolution"), place = this.one("filters")
    place.parentElement.hidden = call < 0
    if (call < 0) return
    const [rows, columns] = rules[call].kernel, filters = this.page.engine.rows(rules[call].weight), size = rows * columns
    const most = filters.reduce((found, one) => one.reduce((a, b) => Math.max(a, Math.abs(b)), found), 0)
    const maps = filters.flatMap((one) => Array.from({ length: one.length / size }, (_, k) => one.subarray(k * size, (k + 1) * size))).slice(0, FILTERS)
    while (place.children.length < maps.length) place.append(document.createElement("canvas"))
    maps.forEach((map, i) => drawMap(place.children[i], map, rows, columns, most))
    const said = `Filters of ${graph.calls[call].name}, in the colours of the maps`
    place.setAttribute("aria-label", said)
    place.nextElementSibling.textContent = said
  }
}
