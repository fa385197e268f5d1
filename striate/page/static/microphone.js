// @ts-check
/** A word that is spoken into the microphone or opened from a file, in the paper's place for networks that hear. */

const SECONDS = 1.5 // that are recorded
const REASONS = /** @type {Record<string, string>} */ ({
  NotAllowedError: "the microphone was refused; allow it for this page in the browser",
  NotFoundError: "this machine has no microphone",
  NotReadableError: "the microphone is used by another program",
})

export class Microphone {
  /** @param {HTMLElement} place with a button that listens and an input for a file @param {() => void} changed */
  constructor(place, changed) {
    this.changed = changed
    this.button = /** @type {HTMLButtonElement} */ (place.querySelector("button"))
    this.listening = false // also while the browser asks whether it may
    this.sound = waveOf(new Float32Array(800), 8000)
  }

  /** What is sent: the newest sound; silence before there is any. */
  blob() {
    return this.sound
  }

  /** Listens for a while. Throws an error whose message is for the user. @param {() => void} began called once it listens */
  async listen(began) {
    if (this.listening) return
    const devices = navigator.mediaDevices
    if (!devices) throw new Error("the browser gives no microphone to this address")
    this.listening = true
    this.button.setAttribute("aria-disabled", "true") // a button that is disabled would lose the keyboard's focus
    let stream
    try {
      stream = await allowed(devices)
      this.button.setAttribute("aria-pressed", "true")
      began()
      await this.take(await recorded(stream))
    } finally {
      for (const track of stream?.getTracks() ?? []) track.stop()
      this.listening = false
      this.button.setAttribute("aria-disabled", "false")
      this.button.setAttribute("aria-pressed", "false")
    }
  }

  /** Takes a file of any kind that the browser can play, if one was chosen. @param {Blob | null | undefined} file */
  async take(file) {
    if (!file) return
    const context = new AudioContext()
    try {
      const heard = await context.decodeAudioData(await file.arrayBuffer())
      const mixed = new Float32Array(heard.length)
      for (let channel = 0; channel < heard.numberOfChannels; channel++)
        for (const [place, sample] of heard.getChannelData(channel).entries()) mixed[place] += sample / heard.numberOfChannels
      this.sound = waveOf(mixed, heard.sampleRate)
    } catch {
      throw new Error("this is no sound that the browser can play")
    } finally {
      await context.close()
    }
    this.changed()
  }
}

/** What the microphone hears, if the user allows it. @param {MediaDevices} devices */
async function allowed(devices) {
  try {
    return await devices.getUserMedia({ audio: { channelCount: 1, autoGainControl: false } })
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error)
    throw new Error(REASONS[name] ?? `the microphone can't be used: ${message}`)
  }
}

/** What a stream gives in the seconds to come. @param {MediaStream} stream @returns {Promise<Blob>} */
function recorded(stream) {
  const recorder = new MediaRecorder(stream)
  /** @type {Blob[]} */
  const parts = []
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data))
  const ended = new Promise((resolve) => recorder.addEventListener("stop", resolve))
  recorder.start()
  setTimeout(() => recorder.stop(), 1000 * SECONDS)
  return ended.then(() => new Blob(parts))
}

/** A wave file of 16 bits and one channel. @param {Float32Array} samples from -1 to 1 @param {number} rate */
export function waveOf(samples, rate) {
  const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length))
  /** @param {number} place @param {string} text */
  const write = (place, text) => [...text].forEach((letter, number) => void bytes.setUint8(place + number, letter.charCodeAt(0)))
  write(0, "RIFF")
  bytes.setUint32(4, 36 + 2 * samples.length, true)
  write(8, "WAVEfmt ")
  bytes.setUint32(16, 16, true)
  bytes.setUint16(20, 1, true)
  bytes.setUint16(22, 1, true)
  bytes.setUint32(24, rate, true)
  bytes.setUint32(28, 2 * rate, true)
  bytes.setUint16(32, 2, true)
  bytes.setUint16(34, 16, true)
  write(36, "data")
  bytes.setUint32(40, 2 * samples.length, true)
  for (const [place, sample] of samples.entries()) bytes.setInt16(44 + 2 * place, Math.round(32767 * Math.max(-1, Math.min(1, sample))), true)
  return new Blob([bytes.buffer], { type: "audio/wav" })
}
