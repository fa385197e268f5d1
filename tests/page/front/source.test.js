// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { Changed, Served } from "../../../striate/page/static/source.js"

/** @param {Response} answer */
const answering = (answer) => Object.defineProperty(globalThis, "fetch", { value: async () => answer, configurable: true })

test("a refusal is told, in JSON or in a line of text", async () => {
  answering(Response.json({ error: "no image" }, { status: 422 }))
  await assert.rejects(new Served().look(new Blob(), []), /^Error: no image$/)
  answering(new Response("a request has 32 bytes at most\n", { status: 413, headers: { "content-type": "text/plain; charset=utf-8" } }))
  await assert.rejects(new Served().look(new Blob(), []), /^Error: a request has 32 bytes at most$/)
})

test("a picture that has changed says which was asked about", async () => {
  answering(new Response(null, { status: 204 }))
  await assert.rejects(new Served().map(7, 0, 0), (error) => error instanceof Changed && error.frame === 7)
})
