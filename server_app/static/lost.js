// The server has gone, or this session has: a page that looks alive but isn't would lie.
export default () => {
  document.querySelector("#lost")?.removeAttribute("hidden")
}
