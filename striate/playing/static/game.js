// @ts-check
/** The page of a game: it asks for what is newest a few times a second. */

/**
 * @typedef {{name: string, move: number, screen?: string, heat?: string, action?: string, shares?: Record<string, number>,
 *   score?: number, lives?: number, said?: string}} Now
 */

const EVERY = 70 // milliseconds: a move of four frames

/** @param {string} id @returns {any} */
const one = (id) => document.getElementById(id)

/** @param {Now} now */
function status(now) {
  const lives = now.lives ? `, ${now.lives} lives` : ""
  return `move ${now.move.toLocaleString("en")}, score ${now.score}${lives}: ${now.action}`
}

/** @param {string} action @param {number} share @param {boolean} taken @returns {Element[]} */
function row(action, share, taken) {
  const [name, held, number] = ["dt", "dd", "dd"].map((tag) => document.createElement(tag)), bar = document.createElement("meter")
  name.textContent = action
  name.className = taken ? "taken" : ""
  bar.value = share
  bar.setAttribute("aria-label", action)
  held.append(bar)
  number.textContent = `${(100 * share).toFixed(1)}%`
  return [name, held, number]
}

/** @param {Now} now */
function show(now) {
  document.title = one("title").textContent = now.name
  if (!now.move) return
  one("game").hidden = false
  one("status").textContent = status(now) // not read aloud, many times a second; how it ends is
  one("status").hidden = Boolean(now.said)
  one("said").textContent = now.said ?? ""
  one("screen").src = now.screen
  one("looked").hidden = !now.heat
  if (now.heat) one("heat").src = now.heat
  const shares = Object.entries(now.shares ?? {})
  one("sure").hidden = !shares.length
  one("shares").replaceChildren(...shares.flatMap(([action, share]) => row(action, share, action === now.action)))
}

async function ask() {
  const answer = await fetch("now").catch(() => null)
  if (!answer) {
    one("said").textContent = "the program has ended; this is the last that was seen of the game"
    return
  }
  const now = await answer.json()
  show(now)
  if (!now.said) setTimeout(ask, EVERY) // else the program ends, and would not answer
}

ask()
