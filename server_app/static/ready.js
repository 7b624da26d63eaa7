// Once, when the page is there: visibility, keys, the URL, light and dark, names for the sliders, a lost connection.
const dark = matchMedia("(prefers-color-scheme: dark)")

function paint_theme(doc) {
  const mode = dark.matches ? "dark" : "light"
  for (const model of doc._all_models.values()) {
    const tag = model.tags.find((tag) => tag?.light)
    if (tag == null) continue
    model.setv(Object.fromEntries(tag.fields.map((field) => [field, {value: tag[mode]}])), {sync: false})
  }
  for (const view of all_views()) view.request_paint?.()
}

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

const all_views = () => [...Bokeh.index.query(() => true)]

// noUiSlider's handles and a spinner's buttons have no name of their own; the handles speak of logarithms
function name_controls() {
  for (const view of all_views()) {
    const label = view.el?.getAttribute?.("aria-label")  // Bokeh puts it around the button, where nobody hears it
    if (label != null) view.shadow_el?.querySelector("button")?.setAttribute("aria-label", label)
    for (const way of ["up", "down"]) {
      view.shadow_el?.querySelector(`.bk-spin-btn-${way}`)?.setAttribute("aria-label", `${view.model.title} ${way}`)
    }
    const handle = view.slider_el?.querySelector(".noUi-handle")
    if (handle == null) continue
    handle.setAttribute("aria-label", view.model.title)
    const tell = () => handle.setAttribute("aria-valuetext", view.model.value_text ?? view.pretty(view.model.value))
    tell()
    if (!view.named) {
      view.named = true
      view.model.properties.value.change.connect(() => queueMicrotask(tell))
    }
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

export default ({screen}, _obj, _data, _context) => {
  const doc = screen.query.document
  const show_query = () => history.replaceState(null, "", `?${screen.query.value}`)
  screen.query.properties.value.change.connect(show_query)
  if (screen.query.value != "") show_query()

  const look = () => { screen.visible.active = document.visibilityState == "visible" }
  document.addEventListener("visibilitychange", look)
  addEventListener("pagehide", () => { screen.visible.active = false })
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload() })

  document.addEventListener("keydown", on_key)
  document.addEventListener("click", (event) => on_click(event, doc))
  document.querySelector("#show-keys")?.addEventListener("click", () => document.querySelector("#key-list").showModal())

  // left to itself, Bokeh lets go of what was replaced after half a minute without a message, which is never
  for (const name of ["plots", "lanes"]) {
    doc.get_model_by_name(name)?.properties.children.change.connect(() => doc._recompute_all_models())
  }

  const settle = () => { name_controls(); paint_theme(doc) }
  dark.addEventListener("change", settle)
  screen.layout.properties.value.change.connect(() => setTimeout(settle, 50))
  settle()
  look()
}
