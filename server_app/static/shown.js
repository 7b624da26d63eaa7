// Whenever panels were built anew: the URL, light and dark, names for the sliders; then the page may be seen.
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

const all_views = () => [...Bokeh.index.query(() => true)]

// What was built anew is there; but a figure whose timer for painting was late stays unready for ever (Bokeh's throttle)
const LONGEST = 1000  // ms
const built = () => Promise.race([
  Promise.all(all_views().map((view) => view.ready)),
  new Promise((resolve) => setTimeout(resolve, LONGEST)),
])

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

export default async ({screen}) => {
  const doc = screen.query.document
  await null // the boxes' views hear of it as well
  await built()
  const settle = () => { name_controls(); paint_theme(doc) }
  settle()
  if (!screen.query.heeded) {
    screen.query.heeded = true
    const show_query = () => history.replaceState(null, "", `?${screen.query.value}`)
    screen.query.properties.value.change.connect(show_query)
    show_query()
    dark.addEventListener("change", settle)
    // left to itself, Bokeh lets go of what was replaced after half a minute without a message, which is never
    for (const name of ["plots_box", "lanes"]) {
      doc.get_model_by_name(name)?.properties.children.change.connect(() => doc._recompute_all_models())
    }
  }
  document.querySelector("#notice").hidden = true
  document.querySelector("main").classList.remove("waiting")
}
