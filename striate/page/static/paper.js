// @ts-check
/** The paper: strokes of a pen, an eraser, or an image that is put on it. */
import { fileOf } from "./bytes.js"
import { fieldOf, linkOn } from "./placing.js"
import { pixelsOf } from "./reading.js"

const WIDTH = 22

export class Paper {
  /** @param {HTMLCanvasElement} canvas @param {() => void | Promise<void>} changed */
  constructor(canvas, changed) {
    this.canvas = canvas
    this.changed = changed
    this.erases = false
    this.x = this.y = 0 // where the pen was last
    /** @type {Blob | null} an image file that is shown instead of a drawing, as it was given */
    this.file = null
    this.image = /** @type {ImageBitmap | null} */ (null) // what the file shows
    this.field = /** @type {import("./placing.js").Box | null} */ (null) // the part of it that is read, once it was asked for
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
    this.blank()
    canvas.addEventListener("pointerdown", (event) => this.begin(event))
    canvas.addEventListener("pointermove", (event) => event.buttons && this.draw(event))
  }

  blank() {
    this.file = this.image = this.field = null
    this.used(false)
    this.context.fillStyle = "#fff"
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height)
  }

  /** What may be done here is said while nothing is. @param {boolean} used */
  used(used) {
    this.canvas.parentElement?.classList.toggle("used", used)
  }

  clear() {
    this.blank()
    this.changed()
  }

  /** @param {Blob} file */
  async show(file) {
    const image = await createImageBitmap(file)
    this.blank()
    const { scale, left, top } = this.placeOf(image)
    this.context.drawImage(image, left, top, image.width * scale, image.height * scale)
    Object.assign(this, { file, image })
    this.used(true)
    await this.changed()
  }

  /** How much smaller an image is here, and where. @param {{width: number, height: number}} image */
  placeOf({ width, height }) {
    const scale = Math.min(this.canvas.width / width, this.canvas.height / height)
    return { scale, left: (this.canvas.width - width * scale) / 2, top: (this.canvas.height - height * scale) / 2 }
  }

  /** Rows and columns of what is read, on the paper; null where they are beyond its edge. @param {{rows: number[], columns: number[]}} link @param {import("./placing.js").Way} way */
  linkOn(link, way) {
    const { width, height } = this.canvas, image = this.image ?? this.canvas, { scale, left, top } = this.placeOf(image)
    this.field ??= fieldOf(this.image ? pixelsOf(this.image) : this.context.getImageData(0, 0, width, height), way)
    const read = linkOn(this.field, link, way.shape.slice(1))
    const rows = read.rows.map((row) => clamped(top + scale * row, height)), columns = read.columns.map((column) => clamped(left + scale * column, width))
    return rows[0] < rows[1] && columns[0] < columns[1] ? { rows, columns } : null
  }

  /** What is sent: the file as it was given, or the drawing. */
  blob() {
    if (this.file) return this.file
    return fileOf(this.canvas, "image/png")
  }

  /** @param {PointerEvent} event */
  begin(event) {
    this.canvas.setPointerCapture(event.pointerId)
    if (this.file) this.blank()
    ;[this.x, this.y] = this.at(event)
    this.draw(event)
  }

  /** @param {PointerEvent} event */
  draw(event) {
    const [x, y] = this.at(event), context = this.context
    this.field = null
    this.used(true)
    Object.assign(context, { lineWidth: WIDTH, lineCap: "round", strokeStyle: this.erases ? "#fff" : "#000" })
    context.beginPath()
    context.moveTo(this.x, this.y)
    context.lineTo(x, y)
    context.stroke()
    ;[this.x, this.y] = [x, y]
    this.changed()
  }

  /** @param {PointerEvent} event @returns {[number, number]} */
  at(event) {
    const box = this.canvas.getBoundingClientRect()
    const scale = this.canvas.width / box.width
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale]
  }
}

/** @param {number} at @param {number} most */
const clamped = (at, most) => Math.min(most, Math.max(0, at))
