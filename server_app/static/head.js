// The newest point of a trail, for its marker: the last that is finite, in the browser alone.
export default ({source, head, columns}) => {
  const values = columns.map((name) => source.get_column(name) ?? [])
  let last = values[0].length - 1
  while (last >= 0 && !values.every((column) => Number.isFinite(column[last]))) last -= 1
  const data = Object.fromEntries(columns.map((name, i) => [name, last < 0 ? [] : [values[i][last]]]))
  head.setv({data}, {sync: false})
}
