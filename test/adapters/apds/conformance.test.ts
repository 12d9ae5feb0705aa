// Owns the proof that what the hub makes of a whole site, its stays, rights and tariffs is as the public document of APDS 4.0 has it.
// Must not test what is answered when; server.test.ts checks every answer by the same facts.
import { describe, expect, test } from 'vitest'
import { renderPlaces } from '../../../adapters/apds/server/render-place.ts'
import { renderRate } from '../../../adapters/apds/server/render-rate.ts'
import { renderRight, renderSpecs, renderStay, renderStayRight } from '../../../adapters/apds/server/render-use.ts'
import type { BookedRight, BookedSite, BookedStay } from '../../../core/plugin/index.ts'
import { type ApdsObject, faultsOf } from './apds-facts.ts'

const at = new Date('2019-03-10T12:00:00Z')
const evse = (stationIdentity: string, kinds: (string | null)[], maxPowerW: number | null) => ({
  stationIdentity,
  evse: 1,
  maxPowerW,
  state: 'free' as const,
  connectors: kinds.map((kind, i) => ({ connector: i + 1, kind })),
})
const bay = (bayId: string, areaId: string | null, more: Partial<BookedSite['bays'][number]> = {}) => ({
  bayId,
  code: bayId.toUpperCase(),
  areaId,
  occupied: null,
  since: null,
  evse: null,
  ...more,
})
const site: BookedSite = {
  siteId: 's1',
  name: 'Garage',
  zone: 'Europe/Berlin',
  currency: 'EUR',
  address: 'Weg 1',
  latitude: 52.5,
  longitude: 13.4,
  version: 7,
  updatedAt: at,
  areas: [{ areaId: 'a1', code: 'L1', name: 'Level 1' }],
  bays: [
    bay('b1', 'a1', { occupied: true, since: at, evse: evse('CP-1', ['cCCS2', 'cType2'], 150_000) }),
    bay('b2', null, { occupied: false, evse: evse('CP-2', [], null) }),
    bay('b3', 'gone', { evse: evse('CP-3', [null, 'IEC_62196_T2', 'something else'], 22_000) }),
  ],
  lanes: [{ laneId: 'l1', code: 'IN', name: 'In', direction: 'entry' }],
}
const counters = [
  { counter: 'all', category: 'total', area: null, free: 3, occupied: null, capacity: 10, at },
  { counter: 'level', category: 'total', area: 'L1', free: null, occupied: 4, capacity: null, at },
]
const operator = { id: 'operator', version: 1, className: 'ContactPoint' }
const input = (expand: boolean) => ({ site, operator, language: 'de', expand: () => expand })
const stay: BookedStay = {
  stayId: 't1',
  version: 0,
  state: 'closed',
  parkerKind: 'transient',
  enteredAt: at,
  exitedAt: at,
  credentials: ['plate', 'card', 'ticket', 'qr', 'app', 'emaid', 'phone', 'unheard'].map((kind) => ({
    kind,
    value: 'X',
  })),
  plate: 'X',
  accountNumber: null,
  paidMinor: 550,
  currency: 'EUR',
  updatedAt: at,
  bays: [
    { code: 'B1', from: at, to: at },
    { code: 'unknown', from: at, to: null },
  ],
  charging: [{ sessionId: 'c1', pluggedAt: at, unpluggedAt: null, energyWh: 12_345 }],
}
const bare: BookedStay = {
  ...stay,
  enteredAt: null,
  exitedAt: null,
  credentials: [],
  bays: [],
  charging: [],
  paidMinor: 0,
}
const right: BookedRight = {
  credentialId: 'r1',
  version: 3,
  kind: 'card',
  keys: ['K'],
  values: ['04A3'],
  accountNumber: '1',
  holder: 'Erika',
  plates: [{ text: 'B-AY 1', country: 'DE' }],
  groups: [],
  rights: ['park'],
  status: 'active',
  updatedAt: at,
  validFrom: at,
  validUntil: at,
}
const tariff = (rules: object, validUntil: Date | null = null) => ({
  tariffId: 't',
  version: 2,
  name: 'Day',
  kind: 'parking' as const,
  currency: 'EUR',
  validFrom: at,
  validUntil,
  rules,
})
const bands = [
  { untilMinutes: 60, price: '2.00' },
  { untilMinutes: 300, everyMinutes: 30, price: '1.00' },
  { price: '9.5' },
]

describe.each([true, false])('with everything expanded: %s,', (expand) => {
  const cases: [string, ApdsObject, () => readonly unknown[]][] = [
    ['places', 'place', () => renderPlaces({ ...input(expand), counters, now: at, specs: [operator] })],
    ['stays', 'session', () => [renderStay(stay, input(expand)), renderStay(bare, input(expand))]],
    ['rights of stays', 'assignedRight', () => [stay, bare].map((one) => renderStayRight(one, input(expand)))],
    [
      'standing rights',
      'assignedRight',
      () => [right, { ...right, validFrom: null, validUntil: null }].map((one) => renderRight(one, input(expand))),
    ],
    ['specifications', 'rightSpecification', () => renderSpecs(input(expand), [{ id: 'rate', version: 1 }])],
  ]
  test.each(cases)('%s are as the document has them', (_, name, made) => {
    const all = made()
    expect(all.length).toBeGreaterThan(0)
    expect(all.map((one) => faultsOf(name, one))).toEqual(all.map(() => []))
  })
})

test.each([
  ['bands', { bands, day: 'none' }],
  ['a day of at most', { bands, day: 'calendar', dayMaximum: '20.00', freeMinutes: 15 }],
  ['tax beside', { bands: [{ price: '5' }], day: 'none', tax: { included: false, percent: '19.5' } }],
  ['hours', { bands: [{ everyMinutes: 60, price: '2.50' }], day: 'none' }],
])('a tariff of %s is as the document has it', (_, rules) => {
  for (const until of [null, at]) {
    const rendered = renderRate(tariff(rules, until), 'de')
    expect(rendered).not.toBeNull()
    expect(faultsOf('rateTable', rendered)).toEqual([])
  }
})

test('the facts find what is wrong', () => {
  const good = JSON.parse(JSON.stringify(renderStay(stay, input(true))))
  const { initiator: _, ...without } = good
  expect(faultsOf('session', without)).toEqual([expect.stringContaining('initiator')])
  expect(faultsOf('session', { ...good, invented: 1 })).toEqual([expect.stringContaining('invented')])
  expect(faultsOf('session', { ...good, actualStart: 'yesterday' })).toEqual([expect.stringContaining('/actualStart')])
  expect(
    faultsOf('session', { ...good, identifiedCredentials: [{ type: 'face', identifier: { id: 'x' } }] }),
  ).toHaveLength(2)
})
