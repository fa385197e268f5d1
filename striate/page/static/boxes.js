// @ts-check
/** Many small boxes and some lines by WebGL: one box drawn once for every entry, coloured by its value. */
import { ABOVE, BELOW, ZERO } from "./colours.js"

/** @typedef {import("./matrix.js").Vector} Vector */

const THICK = 0.35 // of a box along x, of its side
const FACES = [ // two axes of a face and the third, on which it lies
  [1, 2, 0],
  [2, 0, 1],
  [0, 1, 2],
]

const BOX = `#version 300 es
in vec3 corner, normal, place;
in float cell, value;
in vec4 number;
uniform mat4 camera;
uniform vec3 eye, below, zero, above;
uniform bool picking;
out vec4 colour;
void main() {
  vec3 towards = mix(vec3(1.0), sign(eye - place), normal); // of two opposite faces the one that the eye sees
  gl_Position = camera * vec4(place + cell * 0.92 * corner * towards, 1.0);
  float light = 0.82 + 0.18 * normal.x;
  colour = picking ? number : vec4(light * mix(zero, value < 0.0 ? below : above, min(1.0, abs(value))), 1.0);
}`
const LINE = `#version 300 es
in vec3 place;
in vec4 tint;
uniform mat4 camera;
out vec4 colour;
void main() { gl_Position = camera * vec4(place, 1.0); colour = tint; }`
const PAINT = `#version 300 es
precision mediump float;
in vec4 colour;
out vec4 seen;
void main() { seen = colour; }`

/** The corners of three faces of a box around zero, and the axis that each face stands on: 18 times six numbers. */
export function corners() {
  const numbers = []
  for (const [a, b, c] of FACES) {
    for (const [u, v] of [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) {
      const corner = [0, 0, 0], normal = [0, 0, 0]
      corner[a] = u
      corner[b] = v
      corner[c] = 0.5
      corner[0] *= THICK
      normal[c] = 1
      numbers.push(...corner, ...normal)
    }
  }
  return Float32Array.from(numbers)
}

/** A number as a colour, so that the box under the pointer is read back. @param {number} number @returns {number[]} */
export const coded = (number) => [number & 255, (number >> 8) & 255, (number >> 16) & 255, 255]

/** @param {ArrayLike<number>} colour @returns {number} -1 where there is no box */
export const decoded = (colour) => (colour[3] ? colour[0] + 256 * colour[1] + 65536 * colour[2] : -1)

export class Boxes {
  /** @param {HTMLCanvasElement} canvas @throws {Error} where the browser has no WebGL */
  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: true, alpha: true, preserveDrawingBuffer: true })
    if (!gl) throw new Error("this browser draws nothing in three dimensions: it has no WebGL 2")
    this.gl = gl
    this.canvas = canvas
    this.count = this.ends = 0
    this.boxes = this.program(BOX)
    this.lines = this.program(LINE)
    this.shape = this.layout(this.boxes, [["corner", 3, 24, 0], ["normal", 3, 24, 12]], corners())
    this.at = this.layout(this.boxes, [["place", 3, 16, 0], ["cell", 1, 16, 12]], null, 1)
    this.values = this.layout(this.boxes, [["value", 1, 4, 0]], null, 1)
    this.numbers = this.layout(this.boxes, [["number", 4, 4, 0]], null, 1, gl.UNSIGNED_BYTE)
    this.strokes = this.layout(this.lines, [["place", 3, 28, 0], ["tint", 4, 28, 12]], null)
    gl.enable(gl.DEPTH_TEST)
    this.aside = gl.createFramebuffer()
    this.colours = gl.createRenderbuffer()
    this.depth = gl.createRenderbuffer()
  }

  /** @param {string} vertex @returns {{program: WebGLProgram, array: WebGLVertexArrayObject}} */
  program(vertex) {
    const gl = this.gl, program = /** @type {WebGLProgram} */ (gl.createProgram())
    for (const [kind, text] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, PAINT]])) {
      const shader = /** @type {WebGLShader} */ (gl.createShader(kind))
      gl.shaderSource(shader, text)
      gl.compileShader(shader)
      gl.attachShader(program, shader)
    }
    gl.linkProgram(program)
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "WebGL failed")
    return { program, array: /** @type {WebGLVertexArrayObject} */ (gl.createVertexArray()) }
  }

  /**
   * A buffer and where a program finds its numbers.
   * @param {{program: WebGLProgram, array: WebGLVertexArrayObject}} of
   * @param {[string, number, number, number][]} parts name, numbers, bytes from one to the next, bytes before
   * @param {Float32Array | null} numbers @param {number} each whether it goes on with the box instead of the corner
   * @param {number} kind
   */
  layout(of, parts, numbers, each = 0, kind = this.gl.FLOAT) {
    const gl = this.gl, buffer = /** @type {WebGLBuffer} */ (gl.createBuffer())
    gl.bindVertexArray(of.array)
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer)
    if (numbers) gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.STATIC_DRAW)
    for (const [name, size, stride, offset] of parts) {
      const place = gl.getAttribLocation(of.program, name)
      gl.enableVertexAttribArray(place)
      gl.vertexAttribPointer(place, size, kind, kind !== gl.FLOAT, stride, offset)
      gl.vertexAttribDivisor(place, each)
    }
    return buffer
  }

  /** @param {WebGLBuffer} buffer @param {Float32Array | Uint8Array} numbers */
  fill(buffer, numbers) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer)
    this.gl.bufferData(this.gl.ARRAY_BUFFER, numbers, this.gl.DYNAMIC_DRAW)
  }

  /** Where the boxes stand. @param {Float32Array} places of each: x, y, z and its side */
  place(places) {
    this.count = places.length / 4
    this.fill(this.at, places)
    this.fill(this.numbers, Uint8Array.from({ length: 4 * this.count }, (_, i) => coded(i >> 2)[i & 3]))
  }

  /** @param {Float32Array} values of each box, -1 to 1 */
  colour(values) {
    this.fill(this.values, values)
  }

  /** @param {Float32Array} ends of lines, two each: x, y, z, red, green, blue, opacity (0 to 1) */
  link(ends) {
    this.ends = ends.length / 7
    this.fill(this.strokes, ends)
  }

  /** @param {Float32Array} camera @param {Vector} eye */
  draw(camera, eye) {
    const gl = this.gl
    gl.bindFramebuffer(gl.FRAMEBUFFER, null)
    gl.viewport(0, 0, this.canvas.width, this.canvas.height)
    this.paint(camera, eye, false)
    if (!this.ends) return
    gl.useProgram(this.lines.program)
    gl.bindVertexArray(this.lines.array)
    gl.uniformMatrix4fv(gl.getUniformLocation(this.lines.program, "camera"), false, camera)
    gl.enable(gl.BLEND)
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    gl.drawArrays(gl.LINES, 0, this.ends)
    gl.disable(gl.BLEND)
  }

  /** @param {Float32Array} camera @param {Vector} eye @param {boolean} picking */
  paint(camera, eye, picking) {
    const gl = this.gl, { program, array } = this.boxes
    gl.clearColor(0, 0, 0, 0)
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT)
    gl.useProgram(program)
    gl.bindVertexArray(array)
    gl.uniformMatrix4fv(gl.getUniformLocation(program, "camera"), false, camera)
    gl.uniform1i(gl.getUniformLocation(program, "picking"), Number(picking))
    for (const [name, colour] of /** @type {[string, number[]][]} */ ([["below", BELOW], ["zero", ZERO], ["above", ABOVE]])) {
      gl.uniform3fv(gl.getUniformLocation(program, name), colour.map((one) => one / 255))
    }
    gl.uniform3fv(gl.getUniformLocation(program, "eye"), eye)
    gl.drawArraysInstanced(gl.TRIANGLES, 0, 18, this.count)
  }

  /**
   * The number of the box that is seen at a pixel of the canvas, from its top left; -1 for none.
   * @param {number} x @param {number} y @param {Float32Array} camera @param {Vector} eye
   */
  pick(x, y, camera, eye) {
    const gl = this.gl, { width, height } = this.canvas, colour = new Uint8Array(4)
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.aside)
    for (const [buffer, format, use] of /** @type {[WebGLRenderbuffer, number, number][]} */ ([
      [this.colours, gl.RGBA8, gl.COLOR_ATTACHMENT0],
      [this.depth, gl.DEPTH_COMPONENT16, gl.DEPTH_ATTACHMENT],
    ])) {
      gl.bindRenderbuffer(gl.RENDERBUFFER, buffer)
      gl.renderbufferStorage(gl.RENDERBUFFER, format, width, height)
      gl.framebufferRenderbuffer(gl.FRAMEBUFFER, use, gl.RENDERBUFFER, buffer)
    }
    gl.viewport(0, 0, width, height)
    this.paint(camera, eye, true)
    gl.readPixels(x, height - 1 - y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, colour)
    gl.bindFramebuffer(gl.FRAMEBUFFER, null)
    return decoded(colour)
  }
}
