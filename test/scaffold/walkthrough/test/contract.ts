// Owns the proof that this plugin keeps the hub's contract: the suites that every plugin and every parking system has to pass.
// Must not be weakened to make a case pass; a failing case says what to mend.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type AnyPlugin, type ParkingFact, parcsTraitFaults } from 'baywatt/plugin'
import { exerciseParcs, exercisePlugin } from 'baywatt/testing'
import { framed, startVendor, vendorSecret } from '../sim/vendor.ts'
import plugin from '../src/index.ts'

const vendor = await startVendor()
after(() => vendor.close())

const options = {
  siteId: '00000000-0000-7000-8000-0000000000aa',
  config: { baseUrl: vendor.url },
  secrets: { vendor: vendorSecret },
  fetch,
}

/** What the vendor tells, as the hub should have it. */
const facts: ParkingFact[] = [1, 2].map((revision) => ({
  id: 'E-1',
  revision,
  type: 'gate.passed',
  occurredAt: new Date(Date.UTC(2019, 2, 10, 7, revision)),
  backfilled: false,
  stayRef: 'T-1',
  lane: 'north',
  data: { direction: 'entry', credentials: [{ kind: 'plate', value: 'BAY1' }] },
}))

const told = ({ id, revision, occurredAt, stayRef, lane }: ParkingFact) =>
  [id, revision, '+', occurredAt.toISOString(), stayRef, lane, 'BAY1'].join('|')

test('the traits say in the agreed words what the vendor can do', () => {
  assert.deepEqual(parcsTraitFaults(plugin.traits), [])
})

describe('as any plugin', () => {
  const cases = exercisePlugin(plugin as AnyPlugin, { ...options, badConfigs: [{ config: {}, pointer: '/baseUrl' }] })
  for (const { name, run } of cases) test(name, run)
})

describe('as a parking system', () => {
  const broken = (name: string, text: string) => ({
    name,
    async send(tester: { runSchedule(name: string): Promise<void> }) {
      vendor.instead = text
      await tester.runSchedule('feed')
    },
  })
  const cases = exerciseParcs(plugin as AnyPlugin, {
    ...options,
    facts,
    async send(tester, list) {
      vendor.confirmed.clear()
      vendor.pending = []
      for (const fact of list) vendor.tell(told(fact))
      await tester.runSchedule('feed').catch(() => undefined)
      return list.filter((fact) => vendor.confirmed.has(told(fact)))
    },
    malformed: [
      broken('no frame', 'hello'),
      broken('a frame that ends too early', '400:1|E-9'),
      broken('another sum', framed('1|E-9|1|+|2019-03-10T07:01:00Z|T-9|north|X').replace(/..,$/, 'ZZ,')),
      broken('a record of half its fields', framed('1|E-9|1|+')),
      broken('a record without a place', framed('x|E-9|1|+|2019-03-10T07:01:00Z|T-9|north|X')),
    ],
  })
  for (const { name, run } of cases) test(name, run)
})
