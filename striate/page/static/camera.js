// @ts-check
/** The camera: frames go to the network as fast as they are answered, one at a time. */
import { fileOf } from "./bytes.js"

/**
 * @typedef {import("./source.js").Found} Found
 * @typedef {{slide?: (image: Blob) => Promise<Found[] | null>, whole: (image: Blob) => Promise<void>}} Acts
 *   what a frame is given to: the finds in it, or the page itself as if it were a picture
 */

const LONGEST = 640, QUALITY = 0.9, FRAMES = 10
const REASONS = /** @type {Record<string, string>} */ ({
  NotAllowedError: "the camera was refused; allow it for this page in the browser",
  NotFoundError: "this machine has no camera",
  NotReadableError: "the camera is used by another program",
})

export class Camera {
  /** @param {HTMLElement} place a section with a video, a canvas over it, a select, an output and a button @param {Acts} acts */
  constructor(place, acts) {
    this.place = place
    this.acts = acts
    this.video = /** @type {HTMLVideoElement} */ (place.querySelector("video"))
    this.over = /** @type {HTMLCanvasElement} */ (place.querySelector("canvas"))
    this.way = /** @type {HTMLSelectElement} */ (place.querySelector("select"))
    this.rate = /** @type {HTMLOutputElement} */ (place.querySelector("output"))
    place.querySelector("button")?.addEventListener("click", () => this.close())
    addEventListener("pagehide", () => this.close())
    /** @type {MediaStream | undefined} */
    this.stream = undefined
    this.opening = false // the user is being asked
  }

  /** Whether several characters can be read at once. @param {boolean} slides */
  offer(slides) {
    const [several] = this.way.options
    several.hidden = several.disabled = !slides || !this.acts.slide
    if (several.hidden) this.way.value = "whole"
  }

  /** Shows the camera until it is closed. Throws an error whose message is for the user. */
  async open() {
    if (this.stream || this.opening) return
    this.opening = true
    const devices = navigator.mediaDevices
    if (!devices) throw new Error("the browser gives no camera to this address")
    try {
      this.stream = await devices.getUserMedia({ video: { width: LONGEST, facingMode: "environment" } })
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error)
      throw new Error(REASONS[name] ?? `the camera can't be used: ${message}`)
    } finally {
      this.opening = false
    }
    this.place.hidden = false
    this.video.srcObject = this.stream
    await this.video.play()
    try {
      await this.run(this.stream)
    } finally {
      this.close()
    }
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop()
    this.stream = undefined
    this.video.srcObject = null
    this.place.hidden = true
  }

  /** One frame after the other. @param {MediaStream} stream */
  async run(stream) {
    const canvas = document.createElement("canvas"), context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
    const times = [performance.now()]
    while (this.stream === stream) {
      const scale = Math.min(1, LONGEST / this.video.videoWidth)
      Object.assign(canvas, { width: this.video.videoWidth * scale, height: this.video.videoHeight * scale })
      context.drawImage(this.video, 0, 0, canvas.width, canvas.height)
      await this.look(canvas)
      await new Promise(requestAnimationFrame)
      times.push(performance.now())
      if (times.length > FRAMES) times.shift()
      this.rate.value = `${((1000 * (times.length - 1)) / (times[times.length - 1] - times[0])).toFixed(1)} frames a second`
    }
  }

  /** @param {HTMLCanvasElement} frame */
  async look(frame) {
    const image = fileOf(frame, "image/jpeg", QUALITY)
    if (this.way.value === "slide" && this.acts.slide) return this.draw(frame, (await this.acts.slide(image)) ?? [])
    await this.acts.whole(image)
    this.draw(frame, [])
  }

  /** Boxes and labels over the video. @param {HTMLCanvasElement} frame @param {Found[]} found */
  draw(frame, found) {
    Object.assign(this.over, { width: frame.width, height: frame.height })
    const context = /** @type {CanvasRenderingContext2D} */ (this.over.getContext("2d"))
    Object.assign(context, { lineWidth: 2, strokeStyle: "#d6006c", font: "bold 22px system-ui, sans-serif", textBaseline: "bottom" })
    for (const { label, box: [left, top, right, bottom] } of found) {
      context.strokeRect(left, top, right - left, bottom - top)
      const width = context.measureText(label).width + 8, line = Math.max(26, top)
      context.fillStyle = "#d6006c"
      context.fillRect(left - 1, line - 26, width, 26)
      context.fillStyle = "#fff"
      context.fillText(label, left + 3, line)
    }
    this.over.setAttribute("aria-label", `Found: ${found.map(({ label }) => label).join(" ") || "nothing"}`)
    this.place.dataset.found = found.map(({ label }) => label).join("")
  }
}
