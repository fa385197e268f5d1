// @ts-check
/** The arithmetic of a value as tables: a window on each map that is read. */
import { short } from "./numbers.js"

/**
 * @typedef {{read: number, place: number[], value: number, times: number}} Term
 * @typedef {{said: string, how: string, bias: number | null, value: number, count: number, terms: Term[], reads: number[]}} Work
 */

const MOST_TABLES = 24, MOST_ROWS = 16

/** @param {Term} term */
const lineOf = (term) => term.place[term.place.length - 2]

/** A table for each map that is read, with value · factor in its cells. @param {Term[]} terms @returns {(HTMLElement | string)[]} */
export function windows(terms) {
  /** @type {Map<string, Term[]>} */
  const maps = new Map()
  for (const term of terms) {
    if (term.place.length < 2) continue
    const key = term.place.length > 2 ? `${term.read}:${term.place[0]}` : String(term.read)
    maps.set(key, [...(maps.get(key) ?? []), term])
  }
  const tables = [...maps.values()].slice(0, MOST_TABLES).map((some) => {
    const table = Object.assign(document.createElement("table"), { className: "window" })
    table.createCaption().textContent = some[0].place.length > 2 ? `map ${some[0].place[0]}: value · weight` : "value · weight"
    /** @type {Map<number, HTMLTableRowElement>} */
    const rows = new Map()
    const lines = new Set(some.map(lineOf)), left = lines.size - MOST_ROWS
    for (const term of left > 1 ? some.filter((one) => [...lines].indexOf(lineOf(one)) < MOST_ROWS) : some) {
      const line = lineOf(term), row = rows.get(line) ?? table.insertRow()
      rows.set(line, row)
      const text = short(term.value) + (term.times === 1 ? "" : ` · ${short(term.times)}`)
      row.insertCell().textContent = text
    }
    if (left > 1) table.insertRow().insertCell().textContent = `and ${left} more rows`
    return table
  })
  return maps.size > MOST_TABLES ? [...tables, `and ${maps.size - MOST_TABLES} more maps`] : tables
}
