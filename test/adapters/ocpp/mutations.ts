// Owns the arbitrary payloads of hostile-input tests: values that break naive readers, and valid payloads gone wrong.
// Must not know what the hub makes of them.
import fc from 'fast-check'

/** Values that break naive readers. */
export const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    0,
    -1,
    1e308,
    -0.5,
    2 ** 53,
    '\u0000',
    '\ud800',
    'NaN',
    '1970-01-01T00:00:00Z',
    '0000-00-00',
    '+275760-09-13T00:00:00Z',
    [],
    {},
    [[]],
    [null],
    { toString: 1 },
    'x'.repeat(3000),
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

/** A valid payload with some of its fields replaced, removed, renamed or doubled. */
export function mutated(make: (i: number) => object): fc.Arbitrary<unknown> {
  const change = fc.record({ pick: fc.nat(), how: fc.nat({ max: 4 }), value: nasty })
  return fc.tuple(fc.nat({ max: 50 }), fc.array(change, { minLength: 1, maxLength: 5 })).map(([i, changes]) => {
    const root: Record<string, unknown> = { payload: structuredClone(make(i)) }
    for (const { pick, how, value } of changes) {
      const places: [Record<string, unknown>, string][] = []
      const walk = (node: Record<string, unknown>) => {
        for (const key of Object.keys(node)) {
          places.push([node, key])
          const child = node[key]
          if (typeof child === 'object' && child !== null) walk(child as Record<string, unknown>)
        }
      }
      walk(root)
      const [parent, key] = places[pick % places.length] ?? [root, 'payload']
      if (how === 0) delete parent[key]
      else if (how === 1) parent[`${key}x`] = parent[key]
      else if (how === 2) parent[key] = [parent[key], parent[key]]
      else parent[key] = structuredClone(value)
    }
    return root.payload
  })
}
