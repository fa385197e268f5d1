// @ts-check
/** A picture of any view to save: what is on the page, drawn once more on one canvas. */

const MOST = 8000, CONTROLS = "button:not(#all button):not(#where button), select, input, label, progress, .tools, #touch, #touchlayer, fieldset legend"
const EDGE = 8

/** Saves a view as a PNG file. @param {HTMLElement} place @param {string} name of the file, without its end */
export async function savePicture(place, name) {
  const canvas = pictureOf(place)
  const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ made) => canvas.toBlob(made, "image/png"))
  if (blob) save(blob, `${name}.png`)
}

/** @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

/** All of a view, also what is scrolled out of sight; controls are left out. @param {HTMLElement} place @returns {HTMLCanvasElement} */
export function pictureOf(place) {
  const box = place.getBoundingClientRect(), width = place.scrollWidth + 2 * EDGE, height = place.scrollHeight + 2 * EDGE
  const scale = Math.min(2, MOST / Math.max(width, height))
  const canvas = Object.assign(document.createElement("canvas"), { width: width * scale, height: height * scale })
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  context.scale(scale, scale)
  context.fillStyle = getComputedStyle(document.body).backgroundColor
  context.fillRect(0, 0, width, height)
  context.translate(EDGE + place.scrollLeft - box.left, EDGE + place.scrollTop - box.top)
  for (const element of place.querySelectorAll("*")) {
    if (!element.closest(CONTROLS) && element.getClientRects().length) drawElement(context, element, box, place)
  }
  return canvas
}

/** @param {CanvasRenderingContext2D} context @param {Element} element @param {DOMRect} box @param {HTMLElement} place */
function drawElement(context, element, box, place) {
  const { left, top, width, height } = element.getBoundingClientRect(), style = getComputedStyle(element)
  if (element instanceof SVGPathElement) {
    context.save()
    context.translate(box.left - place.scrollLeft, box.top - place.scrollTop)
    Object.assign(context, { strokeStyle: style.stroke, lineWidth: 1.2, globalAlpha: Number(style.opacity) })
    context.stroke(new Path2D(element.getAttribute("d") ?? ""))
    return context.restore()
  }
  if (style.backgroundColor !== "rgba(0, 0, 0, 0)") {
    context.fillStyle = style.backgroundColor
    context.fillRect(left, top, width, height)
  }
  if (element instanceof HTMLCanvasElement && element.width && element.height) {
    context.imageSmoothingEnabled = false
    context.drawImage(element, left, top, width, height)
  }
  if (element instanceof HTMLMeterElement) {
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--bar")
    context.fillRect(left, top + height / 4, width * element.value, height / 2)
  }
  if (parseFloat(style.borderTopWidth)) {
    Object.assign(context, { strokeStyle: style.borderTopColor, lineWidth: parseFloat(style.borderTopWidth) })
    context.strokeRect(left, top, width, height)
  }
  Object.assign(context, { fillStyle: style.color, font: `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`, textBaseline: "middle" })
  for (const node of element.childNodes) if (node instanceof Text) drawWords(context, node)
}

/** Each word where the page has it. @param {CanvasRenderingContext2D} context @param {Text} node */
function drawWords(context, node) {
  const range = document.createRange()
  for (const word of node.data.matchAll(/\S+/g)) {
    range.setStart(node, word.index)
    range.setEnd(node, word.index + word[0].length)
    const { left, top, height, width } = range.getBoundingClientRect()
    if (width) context.fillText(word[0], left, top + height / 2)
  }
}
