// @ts-check
/** Bytes from text, and places in rows of numbers. */

/** @param {string} text base64 @returns {Uint8Array<ArrayBuffer>} */
export const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))

/** A canvas as an image file. `toBlob` would wait for the browser to be idle. @param {HTMLCanvasElement} canvas @param {string} kind @param {number} [quality] */
export function fileOf(canvas, kind, quality) {
  const [, text] = canvas.toDataURL(kind, quality).split(",")
  return new Blob([bytesOf(text)])
}

/** How many entries come before a place. @param {number[]} place @param {number[]} shape */
export const entryAt = (place, shape) => place.reduce((whole, at, axis) => whole * shape[axis] + at, 0)

/** The place of an entry. @param {number} entry @param {number[]} shape @returns {number[]} */
export function placeAt(entry, shape) {
  return shape.map((size, axis) => Math.floor(entry / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % size)
}
