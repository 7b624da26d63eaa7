// Every panel follows the newest tick again.
export default ({screen, button, ranges}) => {
  for (const range of ranges) range.held = false
  button.setv({disabled: true}, {sync: false})
  screen.follow.value += 1
}
