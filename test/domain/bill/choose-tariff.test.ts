// Owns the proof of the plan's reading and of settings: what is most closely aimed, when it holds, and what was known then.
// Must not repeat what the billing of real rows shows.
import { describe, expect, test } from 'vitest'
import {
  billingSettings,
  chooseTariff,
  type PlanAssignment,
  subjectOf,
  type TariffPlan,
  type TariffQuestion,
} from '../../../core/domain/bill/index.ts'

const day = (n: number) => new Date(Date.UTC(2024, 5, n))
const assignment = (tariffId: string, more: Partial<PlanAssignment> = {}): PlanAssignment => ({
  assignmentId: tariffId,
  tariffId,
  scope: 'charging',
  groupId: null,
  areaId: null,
  parkerKind: null,
  priority: 0,
  validFrom: null,
  validUntil: null,
  createdAt: day(1),
  archivedAt: null,
  ...more,
})
const ask: TariffQuestion = {
  scope: 'charging',
  at: day(10),
  asOf: day(20),
  groupIds: ['staff'],
  areaId: 'roof',
  parkerKind: 'member',
}
const choose = (
  assignments: PlanAssignment[],
  more: Partial<TariffQuestion> = {},
  versions?: TariffPlan['versions'],
) => {
  const first = assignments.map(({ tariffId }) => ({ tariffId, version: 1, validFrom: day(1), createdAt: day(1) }))
  return chooseTariff({ assignments, versions: versions ?? first }, { ...ask, ...more })?.tariffId ?? null
}

describe('which tariff', () => {
  test('the most closely aimed: group, then area, then kind of parker, then priority', () => {
    const all = [
      assignment('any', { priority: 100 }),
      assignment('member', { parkerKind: 'member' }),
      assignment('roof', { areaId: 'roof' }),
      assignment('staff', { groupId: 'staff' }),
    ]
    expect(choose(all)).toBe('staff')
    expect(choose(all, { groupIds: [] })).toBe('roof')
    expect(choose(all, { groupIds: [], areaId: null })).toBe('member')
    expect(choose(all, { groupIds: [], areaId: null, parkerKind: 'transient' })).toBe('any')
    expect(choose([assignment('a', { priority: 1 }), assignment('b', { priority: 2 })])).toBe('b')
    expect(choose([assignment('a'), assignment('b', { createdAt: day(2) })])).toBe('b')
  })

  test('only for its scope and time, and only if it was known', () => {
    expect(choose([assignment('a')], { scope: 'parking' })).toBeNull()
    expect(choose([assignment('a', { validFrom: day(10), validUntil: day(11) })])).toBe('a')
    expect(choose([assignment('a', { validFrom: day(11) })])).toBeNull()
    expect(choose([assignment('a', { validUntil: day(10) })])).toBeNull()
    expect(choose([assignment('a', { archivedAt: day(9) })])).toBeNull()
    expect(choose([assignment('a', { createdAt: day(21) })])).toBeNull()
  })

  test('the version that held at the start, as it was known; a first one also holds for what began before it', () => {
    const version = (n: number, from: Date, created = from) => ({
      tariffId: 'a',
      version: n,
      validFrom: from,
      createdAt: created,
    })
    const plan = (versions: TariffPlan['versions'], more: Partial<TariffQuestion> = {}) =>
      chooseTariff({ assignments: [assignment('a')], versions }, { ...ask, ...more })?.version
    expect(plan([version(1, day(1)), version(2, day(5)), version(3, day(15))])).toBe(2)
    expect(plan([version(1, day(1)), version(2, day(5), day(25))])).toBe(1)
    expect(plan([version(1, day(15))])).toBe(1)
    expect(plan([version(1, day(15), day(12))])).toBeUndefined()
  })

  test('one without a version gives way to the next', () => {
    const versions = [{ tariffId: 'any', version: 1, validFrom: day(1), createdAt: day(1) }]
    expect(choose([assignment('any'), assignment('staff', { groupId: 'staff' })], {}, versions)).toBe('any')
  })
})

test('settings that make no sense are as if they were not there', () => {
  const standard = billingSettings({}, 'P1')
  expect(standard).toMatchObject({
    settleDelayMs: 900_000,
    reviewHoldMs: 259_200_000,
    billParking: true,
    numbering: { bill: { prefix: 'P1-' } },
  })
  expect(
    billingSettings({ settle_delay_minutes: -1, review_hold_hours: '3', rounding: 'toString', bill_series: '' }, 'P1'),
  ).toEqual(standard)
  expect(billingSettings(null, 'P1')).toEqual(standard)
  expect(billingSettings({ settle_delay_minutes: 0, rounding: 'group_half_up' }, 'P1')).toMatchObject({
    settleDelayMs: 0,
    rounding: { name: 'group_half_up' },
  })
})

test('subjects are named by what they are', () => {
  const id = '0190b5a0-0000-7000-8000-000000000001'
  expect(subjectOf(`stay:${id}`)).toEqual({ kind: 'stay', id })
  expect(subjectOf('stay:')).toBeNull()
  expect(subjectOf(`bay:${id}`)).toBeNull()
})
