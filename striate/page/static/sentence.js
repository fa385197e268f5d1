// @ts-check
/** A sentence that is typed, in the paper's place for networks that read words. */

export class Sentence {
  /** @param {HTMLTextAreaElement} area @param {() => void} changed */
  constructor(area, changed) {
    this.area = area
    area.addEventListener("input", changed)
  }

  /** What is sent. */
  blob() {
    return new Blob([this.area.value])
  }
}
