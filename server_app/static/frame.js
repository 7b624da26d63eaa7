// After each change of a panel's data: move the ranges, show the newest values, and acknowledge what was painted.
// Ranges are the browser's own business ({sync: false}): the server never waits for them.
const local = {sync: false}

function extent(columns) {
  let low = Infinity
  let high = -Infinity
  for (const column of columns) {
    for (const value of column) {
      if (value < low && value > -Infinity) low = value
      if (value > high && value < Infinity) high = value
    }
  }
  return [low, high]
}

// Grow at once, shrink only when the data has become much smaller: an axis that jumps is hard to read.
function fit(range, [low, high]) {
  if (!(low <= high)) return
  const height = (high - low) || Math.max(Math.abs(high), 1)
  const room = (range.end - range.start) / 1.2
  if (low >= range.start && high <= range.end && height > 0.6 * room) return
  range.setv({start: low - 0.1 * height, end: high + 0.1 * height}, local)
}

function shown(value) {
  if (Number.isInteger(value)) return value.toLocaleString("en-US")
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf"
  const size = Math.abs(value)
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : value.toFixed(4)
}

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
      x_range.setv({start: end - screen.window.value, end}, local)
    }
  }
  if (!fixed && !y_range.held) fit(y_range, extent(columns.map((name) => source.get_column(name) ?? [])))
  if (acknowledge) {
    // the plots paint in the coming animation frame, before or after this callback; a timer then runs after both
    requestAnimationFrame(() => setTimeout(() => { screen.painted.value += 1 }, 0))
  }
}
