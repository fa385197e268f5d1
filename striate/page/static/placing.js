// @ts-check
/** Where what the network reads is on the image that it was made from: the way of `reading`, back. */
import { middleOf, placement, planesOf, searched } from "./reading.js"

/**
 * @typedef {{top: number, left: number, height: number, width: number}} Box in pixels; it may be larger than the image
 * @typedef {Pick<import("./reading.js").Recipe, "source" | "shape" | "ink"> & {fit: string}} Way how images are read; `stretch`
 *   takes the whole image, whatever its sides
 */

/** The part of an image that the network reads. @param {ImageData} image @param {Way} way @returns {Box} */
export function fieldOf(image, way) {
  const [, height, width] = way.source, [, rows, columns] = way.shape, { top, left, ...sides } = dataOf(image, way)
  if (way.fit !== "pad") return { top, left, ...sides }
  const [high, wide] = [sides.height / height, sides.width / width] // of a pixel
  return { top: top - high * Math.floor((rows - height) / 2), left: left - wide * Math.floor((columns - width) / 2), height: high * rows, width: wide * columns }
}

/** The part that has the data's form. @param {ImageData} image @param {Way} way @returns {Box} */
function dataOf(image, way) {
  const [, height, width] = way.source, all = { top: 0, left: 0, height: image.height, width: image.width }
  if (way.fit === "stretch") return all
  if (way.ink) return drawingOf(image, way) ?? all
  const { scale, top, left } = middleOf(image, width, height)
  return { top, left, height: scale * height, width: scale * width }
}

/** Of a drawing that was centred. @param {ImageData} image @param {Way} way @returns {Box | null} null where nothing was */
function drawingOf(image, way) {
  const [, height, width] = way.source, { page, factor } = searched(planesOf(image, 1)[0])
  const place = page.width === width && page.height === height ? null : placement(page, /** @type {any} */ (way))
  if (!place) return null
  const { cut, wide, high, top, left } = place, [down, across] = [(factor * cut.height) / high, (factor * cut.width) / wide]
  return { top: factor * cut.top - down * top, left: factor * cut.left - across * left, height: down * height, width: across * width }
}

/** Rows and columns of what is read, on the image. @param {Box} field @param {{rows: number[], columns: number[]}} link @param {number[]} sides */
export function linkOn(field, { rows, columns }, [high, wide]) {
  return {
    rows: rows.map((row) => field.top + (field.height * row) / high),
    columns: columns.map((column) => field.left + (field.width * column) / wide),
  }
}
