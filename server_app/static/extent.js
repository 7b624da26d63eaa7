// A landscape shows what the server says it shall, in its tag, unless a person has moved it.
export default ({x_range, y_range}, figure) => {
  const [extent] = figure.tags
  for (const [range, [start, end]] of [[x_range, extent.x], [y_range, extent.y]]) {
    if (!range.held) range.setv({start, end}, {sync: false})
  }
}
