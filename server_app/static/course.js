// After each change of a lane's numbers: move the ranges, and show the newest value in the legend.
export default ({sources, column, lane, log, least, legend, x_range, y_range}, _obj, _data, {index}) => {
  const columns = (of) => sources.map((source) => source.get_column(of) ?? [])
  const newest = Math.max(...columns("t").map((ticks) => ticks[ticks.length - 1] ?? 0))
  if (!x_range.held) x_range.setv({start: 0, end: Math.max(newest + 1, least)}, local)
  if (!y_range.held) fit(y_range, columns(column), log)
  const values = columns(column)[lane]
  const cell = index.find_one(legend)?.shadow_el?.querySelector(`output[data-lane="${lane}"]`)
  if (cell != null) cell.textContent = values.length == 0 ? "–" : shown(values[values.length - 1])
}
