// Zoomed or panned by hand: leave the panel's ranges alone, and offer to follow again. Bokeh's own reset follows again.
export default ({x_range, y_range, screen, follow}, event) => {
  if (event.event_name == "reset") {
    x_range.held = y_range.held = false
    screen.follow.value += 1
  } else {
    x_range.held = y_range.held = true
    follow.setv({disabled: false}, {sync: false})
  }
}
