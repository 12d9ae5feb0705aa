// Owns where in a JSON text each value stands, by its pointer (RFC 6901), so that a problem can be shown in place.
// Must not be given text that JSON.parse refuses.

/** Pointer → [start, end) */
export function placesOf(text) {
  const places = new Map()
  let at = 0
  const blank = () => {
    while (/\s/.test(text[at] ?? '')) at++
  }
  const string = () => {
    const start = at++
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    at++
    return JSON.parse(text.slice(start, at))
  }
  const members = (close, each) => {
    at++
    blank()
    for (let i = 0; text[at] !== close; i++) {
      each(i)
      blank()
      if (text[at] === ',') at++
      blank()
    }
    at++
  }
  const value = (pointer) => {
    blank()
    const start = at
    if (text[at] === '{') {
      members('}', () => {
        const name = string()
        blank()
        at++
        value(`${pointer}/${pointerPart(name)}`)
      })
    } else if (text[at] === '[') members(']', (i) => value(`${pointer}/${i}`))
    else if (text[at] === '"') string()
    else while (at < text.length && !/[\s,\]}]/.test(text[at])) at++
    places.set(pointer, [start, at])
  }
  value('')
  return places
}

export const pointerPart = (name) => String(name).replaceAll('~', '~0').replaceAll('/', '~1')

/** The place of the value, or of the nearest one around it that is there. */
export function nearestPlace(places, pointer) {
  for (let one = pointer; ; one = one.slice(0, one.lastIndexOf('/'))) {
    const place = places.get(one)
    if (place || one === '') return place ?? null
  }
}
