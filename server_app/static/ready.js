// Once, when the page is there: visibility, keys, what is written in place of the page, a lost connection.
const all_views = () => [...Bokeh.index.query(() => true)]

// The readout's entries hide and show their series, in both panels
function on_click(event, doc) {
  const entry = event.composedPath().find((node) => node.dataset?.series)
  if (entry == null) return
  const shown = entry.getAttribute("aria-pressed") != "true"
  entry.setAttribute("aria-pressed", shown)
  for (const model of doc._all_models.values()) {
    if (model.type == "GlyphRenderer" && model.name == entry.dataset.series) model.visible = shown
  }
}

function press(name) {
  const host = all_views().find((view) => view.model.name == name)
  host?.shadow_el?.querySelector("button")?.click()
}

const KEYS = {" ": "play", "ArrowRight": "step", "ArrowLeft": "back", "r": "reset", "f": "follow"}

// Whether the key is the focused element's own: a field's or a slider's are, a button's is the one that presses it
function typing(event) {
  const target = event.composedPath()[0]
  if (/^button$/i.test(target?.tagName ?? "")) return event.key == " "
  return /^(input|select|textarea)$/i.test(target?.tagName ?? "") || target?.getAttribute?.("role") == "slider"
}

function on_key(event) {
  if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key == "?") {
    document.querySelector("#key-list")?.showModal?.()
    event.preventDefault()
  } else if (event.key in KEYS) {
    press(KEYS[event.key])
    event.preventDefault()
  }
}

export default ({visible, notice}) => {
  const doc = visible.document
  const written = document.querySelector("#notice")
  notice.properties.value.change.connect(() => { written.textContent = notice.value })

  const look = () => { visible.active = document.visibilityState == "visible" }
  document.addEventListener("visibilitychange", look)
  addEventListener("pagehide", () => { visible.active = false })
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload() })

  document.addEventListener("keydown", on_key)
  document.addEventListener("click", (event) => on_click(event, doc))
  document.querySelector("#show-keys")?.addEventListener("click", () => document.querySelector("#key-list").showModal())
  look()
}
