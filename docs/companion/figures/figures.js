// @ts-check
/** Every figure by its name, and where a page has room for it: `<div data-figure="pooling">`. */
import * as activations from "./activations.js"
import * as backpropagation from "./backpropagation.js"
import * as connections from "./connections.js"
import * as convolution from "./convolution.js"
import * as field from "./field.js"
import * as overfitting from "./overfitting.js"
import * as pooling from "./pooling.js"
import * as sizes from "./sizes.js"
import * as training from "./training.js"

/** @type {Record<string, { mount: (place: HTMLElement) => void }>} */
export const FIGURES = {
  activations,
  backpropagation,
  connections,
  convolution,
  field,
  overfitting,
  pooling,
  sizes,
  training,
}

for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-figure]")))
  FIGURES[place.dataset.figure ?? ""].mount(place)
