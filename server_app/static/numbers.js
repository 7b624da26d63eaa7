// What `frame.js` and `course.js` share. Ranges are the browser's own business ({sync: false}): the server never waits
// for them.
const local = {sync: false}
const LARGEST = 1e300 // beyond it the height of a range overflows
const LEAST_MARGIN = 0.03 // of the data's height: what lies on an axis' end is half cut

function shown(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf"
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e9) return value.toLocaleString("en-US")
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : value.toFixed(4)
}

// Grow at once, shrink only when the data has become much smaller: an axis that jumps is hard to read. `there` and
// `back` are the axis' scale.
function fit(range, columns, log) {
  const clipped = (x) => Math.min(Math.max(x, -LARGEST), LARGEST)
  const [there, back] = log ? [(x) => Math.log(Math.min(x, LARGEST)), Math.exp] : [clipped, (x) => x]
  let low = Infinity
  let high = -Infinity
  for (const column of columns) {
    for (const value of column) {
      if (!Number.isFinite(value)) continue
      const at = there(value)
      if (at < low && at > -Infinity) low = at
      if (at > high) high = at
    }
  }
  if (!(low <= high)) return
  const height = (high - low) || (log ? 1 : Math.max(Math.abs(high), 1))
  const [start, end] = [there(range.start), there(range.end)]
  const least = LEAST_MARGIN * height
  if (low - least >= start && high + least <= end && height > 0.6 * (end - start) / 1.2) return
  range.setv({start: back(low - 0.1 * height), end: back(high + 0.1 * height)}, local)
}

