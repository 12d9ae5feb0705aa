// Owns the choice of light, dark or as the device says, applied before the first paint so that nothing flashes.
// Must not be a module: modules run after the page has been drawn.
;(() => {
  const key = 'baywatt.theme'
  let chosen = null
  try {
    chosen = localStorage.getItem(key)
  } catch {
    // Storage may be closed to us; the device's own choice is good then.
  }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
})()
