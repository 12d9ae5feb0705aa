// Owns comparing values of settings as stations write them.
// Must not know a setting's meaning beyond that.

/** `60` and `60.0`, `true` and `True`, lists with and without blanks say the same. */
export function sameSetting(a: string, b: string): boolean {
  const [x, y] = [plain(a), plain(b)]
  if (x === y) return true
  return x !== '' && y !== '' && decimal.test(x) && decimal.test(y) && Number(x) === Number(y)
}

const decimal = /^-?\d{1,15}(\.\d{1,6})?$/

function plain(value: string): string {
  const text = value.trim().replace(/\s*,\s*/g, ',')
  return /^(true|false)$/i.test(text) ? text.toLowerCase() : text
}
