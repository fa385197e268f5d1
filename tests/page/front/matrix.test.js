// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { cross, dot, looking, perspective, product, seen, unit } from "../../../striate/page/static/matrix.js"

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function near(a, b) {
  assert.equal(a.length, b.length)
  for (let i = 0; i < a.length; i++) assert.ok(Math.abs(a[i] - b[i]) < 1e-5, `${[...Array.from(a)]} and ${[...Array.from(b)]}`)
}

test("what the eye looks at is in the middle, also from beneath", () => {
  for (const eye of /** @type {[number, number, number][]} */ ([[5, 3, 2], [-4, -1, 7], [0, 0, 3]])) {
    const camera = product(perspective(0.8, 1.5, 0.1, 100), looking(eye, [1, 1, -1]))
    near(seen(camera, [1, 1, -1]).slice(0, 2), [0, 0])
  }
})

test("up is up, right is right, and near things cover far ones", () => {
  const camera = product(perspective(0.8, 1, 0.1, 100), looking([0, 0, 10], [0, 0, 0]))
  assert.ok(seen(camera, [0, 1, 0])[1] > 0)
  assert.ok(seen(camera, [1, 0, 0])[0] > 0)
  assert.ok(seen(camera, [0, 0, 5])[2] < seen(camera, [0, 0, 0])[2])
})

test("the angle of the view is from its lower to its upper border", () => {
  const camera = product(perspective(Math.PI / 2, 1, 0.1, 100), looking([0, 0, 10], [0, 0, 0]))
  near(seen(camera, [0, 10, 0]).slice(0, 2), [0, 1])
})

test("near and far are the ends of the depth", () => {
  const camera = product(perspective(1, 1, 2, 50), looking([0, 0, 0], [0, 0, -1]))
  near([seen(camera, [0, 0, -2])[2], seen(camera, [0, 0, -50])[2]], [-1, 1])
})

test("a product with the unit matrix is the other matrix; vectors", () => {
  const one = Float32Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0)), some = Float32Array.from({ length: 16 }, (_, i) => i * i - 3)
  near(product(one, some), some)
  near(product(some, one), some)
  near(cross([1, 0, 0], [0, 1, 0]), [0, 0, 1])
  near(unit([3, 0, 4]), [0.6, 0, 0.8])
  assert.equal(dot([1, 2, 3], [4, -5, 6]), 12)
})
