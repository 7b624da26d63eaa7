// After each change of a panel's data: move the ranges, show the newest values, and acknowledge what was painted.

function read_out(view, source, columns) {
  const cells = view?.shadow_el?.querySelectorAll("output") ?? []
  for (const cell of cells) {
    const values = source.get_column(cell.dataset.column)
    const value = values?.[values.length - 1]
    cell.textContent = value == null ? "–" : cell.dataset.column == "t" ? value.toLocaleString("en-US") : shown(value)
  }
}

export default ({screen, source, x_range, y_range, readout, columns, fixed, rolling, acknowledge}, _obj, _data, {index}) => {
  const ticks = source.get_column("t") ?? []
  if (rolling) {
    read_out(index.find_one(readout), source, columns)
    if (!x_range.held) {
      const end = Math.max((ticks[ticks.length - 1] ?? 0) + 1, screen.window.value)
      x_range.setv({start: end - screen.window.value - 1, end}, local)
    }
  }
  if (!fixed && !y_range.held) fit(y_range, columns.map((name) => source.get_column(name) ?? []), false)
  if (acknowledge) {
    // the plots paint in the coming animation frame, before or after this callback; a timer then runs after both
    requestAnimationFrame(() => setTimeout(() => { screen.painted.value += 1 }, 0))
  }
}
