// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { Microphone } from "../../../striate/page/static/microphone.js"

/** @param {() => void} changed */
function made(changed) {
  /** @type {Record<string, string>} */
  const said = {}
  const button = { setAttribute: (/** @type {string} */ name, /** @type {string} */ value) => Object.assign(said, { [name]: value }) }
  const place = /** @type {any} */ ({ querySelector: () => button })
  return { said, microphone: new Microphone(place, changed) }
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
  const { said, microphone } = made(() => {})
  let asked = 0, began = 0
  const getUserMedia = async () => {
    asked++
    assert.equal(said["aria-disabled"], "true")
    await microphone.listen(() => void began++)
    return Promise.reject(Object.assign(new Error("no"), { name: "NotAllowedError" }))
  }
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia } }, configurable: true })
  await assert.rejects(microphone.listen(() => void began++), /the microphone was refused/)
  assert.deepEqual([asked, began, said["aria-disabled"]], [1, 0, "false"])
})
