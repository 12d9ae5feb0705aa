// Owns the JSON text of a value as the database can take it: no NUL and no half of a surrogate pair, which no text there may hold.
// Must not refuse: doors refuse such text by name, this is the net behind them, so that one bad character never stops a commit.

const unstorable = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** @param value what `JSON.stringify` takes, and not undefined */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value)
  // Only control characters and halves of pairs are written with \u; nearly every text has none.
  return text.includes('\\u') ? JSON.stringify(JSON.parse(text), storable) : text
}

function storable(_name: string, value: unknown): unknown {
  if (typeof value === 'string') return value.replace(unstorable, '\ufffd')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (!Object.keys(value).some((name) => name.search(unstorable) !== -1)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.replace(unstorable, '\ufffd'), inner]))
}
