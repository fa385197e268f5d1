// @ts-check
/** For the projector: one idea on the screen, as large as it fits; arrow keys turn to the next, Escape ends. */

const SCREENS = "#given, #overlays:not([hidden]), #network .card, #zoom:not([hidden])", LEAST = 1.25, MARGIN = 90
const TURNS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }

export class Presenting {
  /** @param {HTMLElement} button begins and ends it @param {HTMLElement} said which screen this is */
  constructor(button, said) {
    this.button = button
    this.said = said
    this.number = 0
    this.on = false
    button.addEventListener("click", () => this.turn(!this.on))
    document.addEventListener("keydown", (event) => this.key(event))
    addEventListener("resize", () => this.show())
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.on || (event.target instanceof HTMLElement && event.target.matches("input, select"))) return
    const by = TURNS[/** @type {keyof typeof TURNS} */ (event.key)]
    if (event.key === "Escape") this.turn(false)
    if (!by) return
    event.preventDefault()
    this.number += by
    this.show()
  }

  /** @param {boolean} on */
  turn(on) {
    this.on = on
    this.number = 0
    this.show()
  }

  /** Shows the screen once more, as after a change of the page. */
  show() {
    document.body.classList.toggle("presenting", this.on)
    this.button.setAttribute("aria-pressed", String(this.on))
    this.said.hidden = !this.on
    for (const old of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".stage"))) {
      old.classList.remove("stage")
      old.style.removeProperty("zoom")
    }
    if (!this.on) return
    const screens = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(SCREENS))
    this.number = Math.max(0, Math.min(screens.length - 1, this.number))
    const stage = screens[this.number]
    stage.classList.add("stage")
    const wide = (innerWidth - MARGIN / 2) / stage.scrollWidth, fits = Math.min(wide, (innerHeight - MARGIN) / stage.offsetHeight)
    stage.style.setProperty("zoom", String(Math.max(fits, Math.min(LEAST, wide))))
    this.said.textContent = `${this.number + 1} of ${screens.length}; arrow keys turn, Escape ends`
  }
}
