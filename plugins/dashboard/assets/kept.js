// Owns what this browser remembers from one visit to the next.
// Must not fail where storage is closed to the page; then nothing is remembered.

export function keep(key, value) {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Nothing is remembered.
  }
}

export function kept(key) {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}
