// @ts-check
/** From an image to what the network reads, as `Run.read` makes it: to the data's form, then by the run's recipe. */
import { FILTERS, reduced, resized } from "./resampling.js"

/**
 * @typedef {import("./resampling.js").Plane} Plane
 * @typedef {{source: number[], shape: number[], fit: "as is" | "pad" | "resize", background: number[], mean: number[],
 *   std: number[], ink: {box: number, centre: number[]} | null}} Recipe
 */

const FAINT = Math.fround(0.1) // share of the full contrast from which a pixel is ink
const LONGEST = 2048 // pixels of the longer side to which a page is reduced to find its drawing
const KEPT = 3 // pixels per result pixel, along each side, to which a large image is first averaged
const LUMINANCE = [0.299, 0.587, 0.114]

/** The pixels of an image file. @param {Blob} file @returns {Promise<ImageData>} */
export const pixelsIn = async (file) => pixelsOf(await createImageBitmap(file, { colorSpaceConversion: "none" }))

/** The pixels of an image, on white. @param {ImageBitmap} image @returns {ImageData} */
export function pixelsOf(image) {
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height })
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }))
  context.fillStyle = "#fff"
  context.fillRect(0, 0, image.width, image.height)
  context.drawImage(image, 0, 0)
  return context.getImageData(0, 0, image.width, image.height)
}

/** What the network reads of an image. @param {ImageData} image @param {Recipe} recipe @returns {Float32Array} */
export function read(image, recipe) {
  const [channels, rows, columns] = recipe.source
  const planes = recipe.ink ? [drawing(planesOf(image, 1)[0], recipe)] : planesOf(image, channels).map((one) => covering(one, columns, rows))
  return prepared(planes, recipe)
}

/** @param {ImageData} image @param {number} channels @returns {Plane[]} grey, or red, green and blue */
export function planesOf({ data, width, height }, channels) {
  return Array.from({ length: channels }, (_, channel) => {
    const pixels = new Uint8Array(width * height)
    for (let i = 0; i < pixels.length; i++) {
      const at = 4 * i
      pixels[i] = channels > 1 ? data[at + channel] : (data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 + 32768) >> 16
    }
    return { width, height, pixels }
  })
}

/** The middle of an image that is scaled to cover the data's size. @param {{width: number, height: number}} image @param {number} width @param {number} height */
export function middleOf(image, width, height) {
  const scale = Math.min(image.width / width, image.height / height)
  return { scale, left: Math.max(0, image.width - scale * width) / 2, top: Math.max(0, image.height - scale * height) / 2 }
}

/** Scaled until it covers the data's size, its middle cut out. @param {Plane} plane @param {number} width @param {number} height */
function covering(plane, width, height) {
  if (plane.width === width && plane.height === height) return plane
  const middle = middleOf(plane, width, height), { scale } = middle, factor = Math.max(1, Math.trunc(scale / KEPT))
  const small = reduced(plane, factor), left = middle.left / factor, top = middle.top / factor
  const [right, bottom] = [Math.min(plane.width / factor - left, small.width), Math.min(plane.height / factor - top, small.height)]
  return resized(small, width, height, FILTERS.cubic, [left, top, right, bottom])
}

/** A drawing as the data's own are: centred by its ink. @param {Plane} grey @param {Recipe} recipe @returns {Plane} */
function drawing(grey, recipe) {
  const [, height, width] = recipe.source, dark = recipe.background[0] < 0.5, { page } = searched(grey)
  if (page.width === width && page.height === height) {
    const [paper, mean] = [median(border(page)), meanOf(page.pixels)]
    const inverted = dark ? paper >= 128 && mean < paper : paper < 128 && mean > paper
    return inverted ? { width, height, pixels: page.pixels.map((one) => 255 - one) } : page
  }
  const field = placed(page, recipe)
  return { width, height, pixels: Uint8Array.from(field, (one) => even(Math.fround((dark ? one : Math.fround(1 - one)) * 255))) }
}

/** A page as it is searched for a drawing, and how many of its pixels became one along each side. @param {Plane} grey */
export function searched(grey) {
  const factor = Math.max(1, Math.ceil(Math.max(grey.width, grey.height) / LONGEST))
  return { page: reduced(grey, factor), factor }
}

/** @param {Plane} page @param {Recipe} recipe @returns {Float32Array} how much ink each pixel of the field has */
function placed(page, recipe) {
  const [, height, width] = recipe.source, field = new Float32Array(height * width), place = placement(page, recipe)
  if (!place) return field
  const { inked, wide, high, top, left } = place
  for (let row = 0; row < high; row++) field.set(inked.subarray(row * wide, (row + 1) * wide), (top + row) * width + left)
  return field
}

/** The drawing on a page, made small, and where it goes in the field; null where there is none. @param {Plane} page @param {Recipe} recipe */
export function placement(page, { source: [, height, width], ink }) {
  const { box, centre } = /** @type {{box: number, centre: number[]}} */ (ink), cut = cropped({ ...page, pixels: strength(page) })
  if (!cut) return null
  const scale = Math.min(box, height, width) / Math.max(cut.width, cut.height)
  const [wide, high] = [cut.width, cut.height].map((side) => Math.max(1, even(side * scale)))
  const small = resized(cut, wide, high, scale < 1 ? FILTERS.box : FILTERS.cubic), most = largest(small.pixels, (one) => one)
  const inked = Float32Array.from(small.pixels, (one) => Math.min(1, Math.max(0, one / most)))
  const total = inked.reduce((a, b) => a + b, 0)
  const middle = (/** @type {(i: number) => number} */ along) => inked.reduce((sum, one, i) => sum + one * along(i), 0) / total
  const corner = (/** @type {number} */ at, /** @type {number} */ most) => Math.min(most, Math.max(0, even(at)))
  const top = corner(centre[0] - middle((i) => Math.floor(i / wide)), height - high)
  const left = corner(centre[1] - middle((i) => i % wide), width - wide)
  return { cut, inked, wide, high, top, left }
}

/** How much ink each pixel has, 0 to 1: what stands out from the paper by more than its noise. @param {Plane} page */
function strength(page) {
  const edge = border(page), paper = median(edge), sign = meanOf(page.pixels) >= paper ? 1 : -1
  const most = largest(page.pixels, (one) => sign * (one - paper))
  const noise = Math.fround(Math.min(2 * percentile(edge.map((one) => Math.abs(one - paper)), 0.95), most / 2)), made = new Float32Array(page.pixels.length)
  if (most <= noise) return made
  page.pixels.forEach((one, i) => {
    const share = Math.fround(Math.fround(sign * (one - paper) - noise) / Math.fround(most - noise)) // as NumPy rounds it
    made[i] = share <= FAINT ? 0 : Math.min(1, share)
  })
  return made
}

/** @param {Plane} plane @returns {Plane & {left: number, top: number} | null} the smallest rectangle around what is not 0 */
function cropped({ width, height, pixels }) {
  let [left, top, right, bottom] = [width, height, 0, 0]
  pixels.forEach((one, i) => {
    if (!one) return
    const [row, column] = [Math.floor(i / width), i % width]
    ;[left, top, right, bottom] = [Math.min(left, column), Math.min(top, row), Math.max(right, column + 1), Math.max(bottom, row + 1)]
  })
  if (!right) return null
  const made = new Float32Array((right - left) * (bottom - top))
  for (let row = top; row < bottom; row++) made.set(pixels.subarray(row * width + left, row * width + right), (row - top) * (right - left))
  return { width: right - left, height: bottom - top, pixels: made, left, top }
}

/** By the recipe: channels, size, scale. @param {Plane[]} planes @param {Recipe} recipe @returns {Float32Array} */
function prepared(planes, { shape: [channels, rows, columns], fit, background, mean, std }) {
  let given = planes.map((one) => ({ ...one, pixels: Float32Array.from(one.pixels, (pixel) => pixel / 255) }))
  if (given.length < channels) given = Array(channels).fill(given[0])
  if (given.length > channels) given = [{ ...given[0], pixels: given[0].pixels.map((_, i) => LUMINANCE.reduce((sum, part, k) => sum + part * given[k].pixels[i], 0)) }]
  const made = new Float32Array(channels * rows * columns)
  given.forEach((plane, channel) => {
    const small = fit === "resize" ? resized(plane, columns, rows, FILTERS.triangle) : plane
    const field = made.subarray(channel * rows * columns, (channel + 1) * rows * columns).fill(background[channel])
    const [top, left] = [Math.floor((rows - small.height) / 2), Math.floor((columns - small.width) / 2)]
    for (let row = 0; row < small.height; row++)
      field.set(small.pixels.subarray(row * small.width, (row + 1) * small.width), (top + row) * columns + left)
    field.forEach((one, i) => (field[i] = Math.fround(one - mean[channel]) / std[channel]))
  })
  return made
}

/** @param {Plane} plane @returns {number[]} its outermost pixels */
function border({ width, height, pixels }) {
  const found = [...pixels.subarray(0, width), ...pixels.subarray(Math.max(width, width * (height - 1)))]
  for (let row = 1; row < height - 1; row++) found.push(...(width > 1 ? [pixels[row * width], pixels[(row + 1) * width - 1]] : [pixels[row]]))
  return found
}

/** @param {ArrayLike<number>} numbers */
function meanOf(numbers) {
  let sum = 0
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]
  return sum / numbers.length
}

/** @param {ArrayLike<number>} numbers @param {(one: number) => number} of */
function largest(numbers, of) {
  let found = -Infinity
  for (let i = 0; i < numbers.length; i++) found = Math.max(found, of(numbers[i]))
  return found
}

/** @param {number[]} numbers */
function median(numbers) {
  return percentile(numbers, 0.5)
}

/** Between two numbers, what lies so far on the way. @param {number[]} numbers @param {number} share */
function percentile(numbers, share) {
  const sorted = Float64Array.from(numbers).sort(), at = (sorted.length - 1) * share, below = Math.floor(at)
  return sorted[below] + (at - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below])
}

/** Rounded, halves to the even number, as Python does. @param {number} number */
function even(number) {
  const below = Math.floor(number), rest = number - below
  return rest === 0.5 ? below + (below % 2 && 1) : Math.round(number)
}
