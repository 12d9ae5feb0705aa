// Owns changing values inside rules by their place, and telling what differs between two sets of rules.
// Must not change what it was given.
import { pointerPart } from './json-places.js'

/** A copy with the value at `path` set; undefined takes it away. Arrays and objects on the way are copied. */
export function withValue(rules, [first, ...rest], value) {
  if (Array.isArray(rules)) {
    if (rest.length === 0 && value === undefined) return rules.filter((_, i) => i !== first)
    const copy = [...rules]
    copy[first] = rest.length === 0 ? value : withValue(rules[first], rest, value)
    return copy
  }
  const { [first]: old, ...others } = rules ?? {}
  const next = rest.length === 0 ? value : withValue(old, rest, value)
  if (next === undefined) return others
  // What was there keeps its place among the others.
  return old === undefined ? { ...others, [first]: next } : { ...rules, [first]: next }
}

/** `{ pointer, before, after }` of every value that one has and the other has not, or has otherwise; undefined where there is none. */
export function differences(before, after, pointer = '') {
  if (before === after) return []
  const inside = (value) => value !== null && typeof value === 'object'
  if (!inside(before) || !inside(after) || Array.isArray(before) !== Array.isArray(after)) {
    return [{ pointer, before, after }]
  }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name) => differences(before[name], after[name], `${pointer}/${pointerPart(name)}`))
}
