// @ts-check
/** Where the page gets the training from: the one place that knows the server. */

/**
 * @typedef {{name: string, words: string, share: boolean}} Metric
 * @typedef {Record<string, number>} Row an epoch's figures
 * @typedef {{title: string, unit: string, epochs: number, examples: number, metric: Metric, history: Row[], kept: number | null,
 *   now: {epoch: number, done: number, loss?: number} | null, left: number | null, said: string[], report: boolean, copies: number}} Numbers
 * @typedef {{name: string, said: string, extent: number, uris: string[], width?: number}} Sheet
 */

/** @param {string} path @returns {Promise<Response>} rejected with an error whose message is for the user */
async function asked(path) {
  const answer = await fetch(path).catch(() => null)
  if (!answer) throw new Error("the training's program has ended; this is the last that was seen of it")
  if (!answer.ok) throw new Error((await answer.json()).error)
  return answer
}

/** All figures so far. @returns {Promise<Numbers>} */
export const numbers = async () => (await asked("numbers")).json()

/** The filters of the first convolutions. @returns {Promise<Sheet[]>} */
export const filters = async () => (await asked("filters")).json()

/** The most wrong validation examples of the newest epoch, as HTML. @returns {Promise<string>} */
export const worst = async () => (await asked("worst")).text()
