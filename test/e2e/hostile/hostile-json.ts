// Owns JSON that no serialiser would write: numbers past every range, doubled names, nesting without end, half characters.
// Must not know any protocol or schema.
import fc from 'fast-check'

/** Stands for a piece of text that goes out as it is. */
class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Stands for an object one of whose names comes again. */
class Doubled {
  readonly value: object
  readonly name: string
  readonly again: unknown
  constructor(value: object, name: string, again: unknown) {
    this.value = value
    this.name = name
    this.again = again
  }
}

export function write(value: unknown): string {
  if (value instanceof Raw) return value.text
  if (value instanceof Doubled) {
    const inner = write(value.value)
    return `${inner.slice(0, -1)}${inner === '{}' ? '' : ','}${JSON.stringify(value.name)}:${write(value.again)}}`
  }
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => `${JSON.stringify(name)}:${write(inner)}`)
      .join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

const nested = (open: string, close: string, depth: number) => new Raw(open.repeat(depth) + close.repeat(depth))

/** Each is JSON; none is what was asked for. */
export const hostileValues: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      '',
      ' ',
      [],
      [[]],
      {},
      [null],
      [{}],
      { $ref: '#' },
      { toString: 1 },
      { length: 1e9 },
      0,
      -1,
      1.5,
      2 ** 31 - 1,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 53,
      2 ** 53 + 2,
      2 ** 63,
      -(2 ** 63),
      1e308,
      5e-324,
      -1e308,
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '\u0000',
      'a\u0000b',
      '\ud800',
      'a\udfffb',
      '\u202e\u0007',
      'I\u0307',
      '\ufeff',
      '__proto__',
      'constructor',
      'NaN',
      'Infinity',
      '-0',
      '1e999',
      '0x10',
      "'; drop table station; --",
      '../../../etc/passwd',
      '%00',
      '%s%n',
      '<script>alert(1)</script>',
      '9'.repeat(400),
      'x'.repeat(70_000),
      '🅿'.repeat(5_000),
      '2026-02-30T00:00:00Z',
      '0000-00-00T00:00:00Z',
      '+275760-09-13T00:00:00.001Z',
      '-000001-01-01T00:00:00Z',
      '9999-12-31T23:59:60Z',
      '1970-01-01T00:00:00Z',
      '2262-04-12T00:00:00Z',
      '294277-01-01T00:00:00Z',
      '2026-03-10T08:00:00+99:99',
      '0195f3b2-6c00-7000-8000-0a1b2c3d4e5f',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      new Raw('1e999'),
      new Raw('-1e999'),
      new Raw('-0'),
      new Raw('1E-999'),
      new Raw(`${'9'.repeat(3_000)}`),
      new Raw(`0.${'0'.repeat(3_000)}1`),
      new Raw('"\\ud800"'),
      new Raw('"\\u0000\\udc00\\ud800"'),
      new Raw('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
      new Raw('{"hasOwnProperty":1,"toJSON":2,"valueOf":3,"then":4}'),
      nested('[', ']', 10_000),
      new Raw(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
      new Raw(`[${'0,'.repeat(20_000)}0]`),
    ),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
)

type Container = Record<string, unknown> | unknown[]

function places(root: unknown): [Container, string][] {
  const found: [Container, string][] = []
  const open: unknown[] = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== 'object' || node === null || node instanceof Raw || node instanceof Doubled) continue
    for (const [name, inner] of Object.entries(node)) {
      found.push([node as Container, name])
      open.push(inner)
    }
  }
  return found
}

const edit = fc.record({
  where: fc.nat(),
  how: fc.constantFrom('set', 'set', 'set', 'drop', 'add', 'proto', 'double', 'wrap', 'unwrap'),
  value: hostileValues,
  name: fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', '', 'customData', '\u0000', 'ä'), fc.string()),
})

/** The value with one to four places broken. */
export function broken(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(values, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([given, edits]) => {
    const root = { value: structuredClone(given) }
    for (const { where, how, value: given, name } of edits) {
      // A value that is used twice must not end up inside itself.
      const value = given instanceof Raw ? given : structuredClone(given)
      const all = places(root)
      const [parent, key] = all[where % all.length] ?? [root, 'value']
      const set = (to: unknown) =>
        Object.defineProperty(parent, key, { value: to, enumerable: true, configurable: true, writable: true })
      const old = (parent as Record<string, unknown>)[key]
      const target =
        typeof old === 'object' && old !== null && !Array.isArray(old) && !(old instanceof Raw) ? old : undefined
      if (how === 'set') set(value)
      else if (how === 'drop' && parent !== root) Reflect.deleteProperty(parent, key)
      else if (how === 'wrap') set([old])
      else if (how === 'unwrap') set(Array.isArray(old) ? old[0] : { value: old })
      else if (how === 'double' && target !== undefined && !(target instanceof Doubled)) {
        set(new Doubled(target, Object.keys(target)[0] ?? 'x', value))
      } else if (target !== undefined) {
        const added = how === 'proto' ? '__proto__' : name
        Object.defineProperty(target, added, { value, enumerable: true, configurable: true, writable: true })
      } else set(value)
    }
    return root.value
  })
}

/** Text that was JSON until somebody cut or scratched it. */
export function torn(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(
      texts,
      fc.nat(),
      fc.constantFrom('cut', 'drop', 'insert'),
      fc.constantFrom('\u0000', '"', '{', ',', '\\', '\n', '\ud800'),
    )
    .map(([text, place, how, scratch]) => {
      const at = place % (text.length + 1)
      if (how === 'cut') return text.slice(0, at)
      return text.slice(0, at) + (how === 'insert' ? scratch : '') + text.slice(how === 'drop' ? at + 1 : at)
    })
}
