// After each change of a lane's values: move the ranges, and show the newest value in the legend.
const local = {sync: false}

function shown(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf"
  const size = Math.abs(value)
  return value != 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential(2) : value.toFixed(4)
}

// Grow at once, shrink only when the data has become much smaller; `there` and `back` are the axis' scale.
function fit(range, columns, log) {
  const [there, back] = log ? [Math.log, Math.exp] : [(x) => x, (x) => x]
  let low = Infinity
  let high = -Infinity
  for (const column of columns) {
    for (const value of column) {
      const at = there(value)
      if (at < low && at > -Infinity) low = at
      if (at > high && at < Infinity) high = at
    }
  }
  if (!(low <= high)) return
  const height = (high - low) || (log ? 1 : Math.max(Math.abs(high), 1))
  const [start, end] = [there(range.start), there(range.end)]
  if (low >= start && high <= end && height > 0.6 * (end - start) / 1.2) return
  range.setv({start: back(low - 0.1 * height), end: back(high + 0.1 * height)}, local)
}

export default ({sources, lane, log, least, legend, x_range, y_range}, _obj, _data, {index}) => {
  const column = (name) => sources.map((source) => source.get_column(name) ?? [])
  const newest = Math.max(...column("t").map((ticks) => ticks[ticks.length - 1] ?? 0))
  if (!x_range.held) x_range.setv({start: 0, end: Math.max(newest + 1, least)}, local)
  if (!y_range.held) fit(y_range, column("value"), log)
  const values = column("value")[lane]
  const cell = index.find_one(legend)?.shadow_el?.querySelector(`output[data-lane="${lane}"]`)
  if (cell != null) cell.textContent = values.length == 0 ? "–" : shown(values[values.length - 1])
}
