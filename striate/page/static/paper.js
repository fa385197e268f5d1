// @ts-check
/** The paper: strokes of a pen, an eraser, or an image that is put on it. */
import { fileOf } from "./bytes.js"

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
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
    this.blank()
    canvas.addEventListener("pointerdown", (event) => this.begin(event))
    canvas.addEventListener("pointermove", (event) => event.buttons && this.draw(event))
  }

  blank() {
    this.file = null
    this.context.fillStyle = "#fff"
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height)
  }

  clear() {
    this.blank()
    this.changed()
  }

  /** @param {Blob} file */
  async show(file) {
    const image = await createImageBitmap(file)
    this.blank()
    const scale = Math.min(this.canvas.width / image.width, this.canvas.height / image.height)
    const [width, height] = [image.width * scale, image.height * scale]
    this.context.drawImage(image, (this.canvas.width - width) / 2, (this.canvas.height - height) / 2, width, height)
    this.file = file
    await this.changed()
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
