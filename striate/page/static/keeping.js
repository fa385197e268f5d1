// @ts-check
/** The weights as the file that `striate` opens: safetensors, whose header carries the network, its classes and a checksum. */

/**
 * @typedef {{dtype: string, shape: number[], bytes: Uint8Array}} Kept
 * @typedef {Record<string, string>} Facts
 */

const KEY = "sha256", BLANK = "0".repeat(64)

/** @param {Record<string, Kept>} tensors by name @param {Facts} facts @returns {Promise<Uint8Array>} */
export async function kept(tensors, facts) {
  const sums = crypto.subtle // only pages that the browser trusts have it; a file without a sum is opened too, and that is said
  const { [KEY]: _, ...others } = facts
  const bytes = written(tensors, sums ? { ...others, [KEY]: BLANK } : others)
  if (!sums) return bytes
  const found = new Uint8Array(await sums.digest("SHA-256", /** @type {BufferSource} */ (bytes)))
  const sum = Array.from(found, (one) => one.toString(16).padStart(2, "0")).join("")
  return written(tensors, { ...others, [KEY]: sum })
}

/** @param {Record<string, Kept>} tensors @param {Facts} facts */
function written(tensors, facts) {
  let end = 0
  /** @type {Record<string, any>} */
  const header = { __metadata__: facts }
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] }
    end += bytes.length
  }
  const text = new TextEncoder().encode(JSON.stringify(header)), length = Math.ceil(text.length / 8) * 8
  const made = new Uint8Array(8 + length + end).fill(32, 8, 8 + length)
  new DataView(made.buffer).setBigUint64(0, BigInt(length), true)
  made.set(text, 8)
  let at = 8 + length
  for (const { bytes } of Object.values(tensors)) {
    made.set(bytes, at)
    at += bytes.length
  }
  return made
}
