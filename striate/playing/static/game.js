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
  if (now.said) return now.said
  const lives = now.lives ? `, ${now.lives} lives` : ""
  return `move ${now.move.toLocaleString("en")}, score ${now.score}${lives}: ${now.action}`
}

/** @param {string} action @param {number} share @param {boolean} taken @returns {Element[]} */
function row(action, share, taken) {
  const name = document.createElement("dt"), bar = document.createElement("meter"), number = document.createElement("dd")
  name.textContent = action
  name.className = taken ? "taken" : ""
  bar.value = share
  number.textContent = `${(100 * share).toFixed(1)}%`
  return [name, bar, number]
}

/** @param {Now} now */
function show(now) {
  one("title").textContent = now.name
  if (!now.move) return
  one("status").textContent = status(now)
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
    one("status").textContent = "the program has ended; this is the last that was seen of the game"
    return
  }
  const now = await answer.json()
  show(now)
  setTimeout(ask, now.said ? 1000 : EVERY)
}

ask()
