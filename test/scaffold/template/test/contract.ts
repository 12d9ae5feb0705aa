// Owns the proof that this plugin keeps the hub's contract: the suites that every plugin and every parking system has to pass.
// Must not be weakened to make a case pass; a failing case says what to mend.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type AnyPlugin, type ParkingFact, parcsTraitFaults } from 'baywatt/plugin'
import { exerciseParcs, exercisePlugin } from 'baywatt/testing'
import { startVendor, vendorSecret } from '../sim/vendor.ts'
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

const told = (fact: ParkingFact) => ({
  no: fact.id,
  version: fact.revision,
  kind: 'ENTRY' as const,
  when: fact.occurredAt.toISOString(),
  ticket: fact.stayRef ?? '',
  gate: fact.lane ?? '',
  plate: 'BAY1',
})

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
      vendor.pending = list.map(told)
      await tester.runSchedule('feed').catch(() => undefined)
      return list.filter(({ id, revision }) => vendor.confirmed.has(`${id}#${revision}`))
    },
    malformed: [
      broken('no JSON', '{"events": ['),
      broken('no list', '{"events": 7}'),
      broken('events that are none', '{"events": [null, 7, {"no": "E-9", "version": 1, "kind": "ENTRY"}]}'),
    ],
  })
  for (const { name, run } of cases) test(name, run)
})
