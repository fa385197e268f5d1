// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { Microphone } from "../../../striate/page/static/microphone.js"

/** @param {() => void} changed */
function made(changed) {
  const button = { disabled: false, setAttribute() {} }
  const place = /** @type {any} */ ({ querySelector: () => button })
  return { button, microphone: new Microphone(place, changed) }
}

test("a dialog for files that is cancelled changes nothing", async () => {
  let changes = 0
  const { microphone } = made(() => void changes++)
  const before = microphone.blob()
  await microphone.take(undefined)
  assert.equal(microphone.blob(), before)
  assert.equal(changes, 0)
})

test("the button can't be pressed again while the browser asks whether it may listen", async () => {
  const { button, microphone } = made(() => {})
  const getUserMedia = () => {
    assert.ok(button.disabled)
    return Promise.reject(Object.assign(new Error("no"), { name: "NotAllowedError" }))
  }
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia } }, configurable: true })
  await assert.rejects(microphone.listen(), /the microphone was refused/)
  assert.equal(button.disabled, false)
})
