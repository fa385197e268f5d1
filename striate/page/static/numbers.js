// @ts-check
/** Numbers as people read them. */

/** In few digits, with a real minus sign. @param {number} value @param {number} [digits] */
export const short = (value, digits = 3) => String(Number(value.toPrecision(digits)) + 0).replace("-", "−")
