// Owns the proof of merging: order changes nothing, the narrower wins, and what is taken away gives back what it hid.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { appliesTo, type DesiredItem, desiredOf, desiredScopes } from '../../../core/domain/desired/index.ts'

const station = { stationId: 's1', siteId: 'p1', vendor: 'Volt', model: 'One', firmware: '1.2.3' }
const none = { siteId: null, vendor: null, model: null, firmwarePrefix: null, stationId: null }
const scope = fc.oneof(
  fc.constant({ ...none, scope: 'organization' as const }),
  fc.constantFrom('p1', 'p2').map((siteId) => ({ ...none, scope: 'site' as const, siteId })),
  fc.constantFrom('s1', 's2').map((stationId) => ({ ...none, scope: 'station' as const, stationId })),
  fc.record({
    scope: fc.constant('model' as const),
    siteId: fc.constant(null),
    stationId: fc.constant(null),
    vendor: fc.constantFrom('volt', 'VOLT', 'Amp'),
    model: fc.constantFrom(null, 'one', 'Two'),
    firmwarePrefix: fc.constantFrom(null, '1', '1.2', '2'),
  }),
)
const items = fc.array(fc.tuple(scope, fc.constantFrom('a', 'b'), fc.boolean()), { maxLength: 12 }).map((drawn) =>
  drawn.map(
    ([where, key, enabled], i): DesiredItem => ({
      ...where,
      kind: 'setting',
      key,
      value: { value: String(i) },
      enabled,
      itemId: `i${String(i).padStart(2, '0')}`,
    }),
  ),
)

describe('what one station is to have', () => {
  test('does not depend on the order of items', () => {
    const shuffled = items.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length })),
    )
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(desiredOf(station, other)).toEqual(desiredOf(station, list))
      }),
    )
  })

  test('is of the narrowest scope that applies, one for each key that any enabled item has', () => {
    fc.assert(
      fc.property(items, (list) => {
        const live = list.filter((item) => item.enabled && appliesTo(item, station))
        const chosen = desiredOf(station, list)
        expect(chosen.map(({ key }) => key)).toEqual([...new Set(live.map(({ key }) => key))].sort())
        for (const item of chosen) {
          const rank = (one: DesiredItem) => desiredScopes.indexOf(one.scope)
          const narrowest = Math.max(...live.filter(({ key }) => key === item.key).map(rank))
          expect(rank(item)).toBe(narrowest)
        }
      }),
    )
  })

  test('comes back from the wider scope when the narrower is taken away, and nothing else moves', () => {
    fc.assert(
      fc.property(items, (list) => {
        for (const gone of desiredOf(station, list)) {
          const rest = list.filter((item) => item !== gone)
          const after = desiredOf(station, rest)
          const others = (chosen: DesiredItem[]) => chosen.filter(({ key }) => key !== gone.key)
          expect(others(after)).toEqual(others(desiredOf(station, list)))
          const next = after.find(({ key }) => key === gone.key)
          const heirs = rest.filter((item) => item.enabled && item.key === gone.key && appliesTo(item, station))
          expect(next === undefined).toBe(heirs.length === 0)
        }
      }),
    )
  })
})

test('a model is known whatever the case, and its firmware by how it begins', () => {
  const model = { ...none, scope: 'model' as const, vendor: 'VOLT', model: 'one', firmwarePrefix: '1.2' }
  expect(appliesTo(model, station)).toBe(true)
  expect(appliesTo({ ...model, firmwarePrefix: '1.3' }, station)).toBe(false)
  expect(appliesTo(model, { ...station, firmware: null })).toBe(false)
  expect(appliesTo({ ...model, model: 'On' }, station)).toBe(false)
})
