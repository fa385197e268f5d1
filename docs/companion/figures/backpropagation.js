// @ts-check
/** A small network forward, then backward, one step at a time. */
import { descended, INPUT, NET, RATE, run, STEPS, TARGET, told } from "./chain.js"
import { button, drawn, figure, player, slider, written } from "./parts.js"

/** @typedef {import("./chain.js").Net} Net @typedef {import("./chain.js").Pass} Pass */

/** @param {Net} net @param {Pass} all @param {number} step */
function picture(net, all, step) {
  const rows = [
    ["input", all.x, all.byX, 9],
    ["fc1", all.sums, all.bySums, 8],
    ["relu", all.hidden, all.byHidden, 7],
    ["fc2", all.scores, all.byScores, 6],
    ["softmax", all.shares, null, 99],
  ]
  const y = (/** @type {number} */ row) => 24 + 62 * row
  const across = [145, 225]
  const wire = (/** @type {number} */ row, /** @type {number} */ from, /** @type {number} */ to) =>
    drawn("line", {
      x1: across[from],
      y1: y(row),
      x2: across[to],
      y2: y(row + 1),
      class: step > row && step !== 10 ? "wire" : "rule",
    })
  const wires = [0, 1, 2, 3].flatMap((row) =>
    [0, 1].flatMap((from) => (row === 1 ? [from] : [0, 1]).map((to) => wire(row, from, to)))
  )
  const labels = [0, 2].flatMap((row) =>
    [0, 1].flatMap((from) =>
      [0, 1].map((to) => {
        const weight = net[row / 2].weights[to][from]
        const share = from === to ? 0.5 : 0.24
        return drawn(
          "text",
          {
            x: across[from] + share * (across[to] - across[from]) + (from ? 4 : -4),
            y: y(row) + share * 62 + 4,
            class: "small halo",
            "text-anchor": from ? "start" : "end",
          },
          written(weight)
        )
      })
    )
  )
  const nodes = rows.flatMap(([name, values, gradients, from], row) => [
    drawn("text", { x: 2, y: y(row) + 4 }, String(name)),
    ...[0, 1].flatMap((unit) => {
      const x = across[unit] + (unit ? 18 : -18)
      const anchor = unit ? "start" : "end"
      const value = /** @type {number[]} */ (values)[unit]
      return [
        drawn("circle", { cx: across[unit], cy: y(row), r: 11, class: step >= row ? "unit lit" : "unit" }),
        drawn("text", { x, y: y(row) - 2, "text-anchor": anchor }, step >= row ? written(value) : ""),
        drawn(
          "text",
          { x, y: y(row) + 14, "text-anchor": anchor, class: "b" },
          gradients && step >= Number(from) ? `↑ ${written(/** @type {number[]} */ (gradients)[unit])}` : ""
        ),
      ]
    }),
  ])
  const end = [
    drawn("text", { x: 2, y: y(5) - 6 }, "error"),
    drawn("text", { x: 185, y: y(5) - 6, "text-anchor": "middle" }, step >= 5 ? written(all.error) : ""),
  ]
  return drawn(
    "svg",
    {
      viewBox: "0 0 350 345",
      role: "img",
      "aria-label": "The network, the input above, with the values and gradients so far",
    },
    ...wires,
    ...labels,
    ...nodes,
    ...end
  )
}

/** @param {HTMLElement} place */
export function mount(place) {
  const { controls, stage, say } = figure(
    place,
    "Forward from the input to the error, then every gradient (↑) on its way back."
  )
  let net = NET
  let step = 0
  let rate = RATE
  const x = [...INPUT]
  function show() {
    const all = run(net, x, TARGET)
    stage.replaceChildren(picture(net, all, step))
    say(told(step, net, all, TARGET, rate))
  }
  const go = (/** @type {number} */ to) => {
    step = to
    steps.set(to)
    show()
  }
  const steps = slider("Step", [0, STEPS], 0, go)
  const entry = (/** @type {number} */ i) =>
    slider(
      `x${i + 1}`,
      [-3, 3],
      x[i],
      (value) => {
        x[i] = value
        show()
      },
      0.5
    ).label
  controls.append(
    steps.label,
    ...player(() => go((step + 1) % (STEPS + 1)), 1500),
    entry(0),
    entry(1),
    slider(
      "Rate",
      [0.02, 0.5],
      RATE,
      (value) => {
        rate = value
        show()
      },
      0.02
    ).label,
    button("Take the step", () => {
      net = descended(net, run(net, x, TARGET), rate)
      go(5)
    }),
    button("First weights", () => {
      net = NET
      go(0)
    })
  )
  show()
}
