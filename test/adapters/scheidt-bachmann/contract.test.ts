// Owns the proof that eConnect’s events keep the contract of a parking adapter: nothing acknowledged that is not stored.
// Must not test what an event means beyond what goes in and out.
import { describe, expect, test } from 'vitest'
import plugin from '../../../adapters/scheidt-bachmann/index.ts'
import type { AnyPlugin, ParkingFact } from '../../../core/plugin/index.ts'
import { exerciseParcs, type PluginTester } from '../../../core/testing/index.ts'
import { bomb } from '../../fixtures/scheidt-bachmann/bodies.ts'

const secret = 'a secret of the eConnect tenant'
const credentials = [{ kind: 'plate' as const, value: 'KAB1234', country: 'DE' }]
const shared = { backfilled: false, stayRef: 'T-1', revision: 1 }
const at = (minute: number) => new Date(Date.UTC(2019, 2, 10, 7, minute))
const facts: ParkingFact[] = [
  {
    ...shared,
    id: 'e1',
    type: 'gate.passed',
    occurredAt: at(1),
    lane: 'in-1',
    data: { direction: 'entry', credentials },
  },
  {
    ...shared,
    id: 'e2',
    type: 'gate.passed',
    occurredAt: at(50),
    lane: 'out-1',
    data: { direction: 'exit', credentials: [] },
  },
  {
    ...shared,
    id: 'e3',
    type: 'payment.captured',
    occurredAt: at(40),
    data: { amountMinor: 1250, currency: 'EUR', scope: 'parking', method: 'card', vendorTransaction: 'P-9' },
  },
  {
    ...shared,
    id: 'e1',
    revision: 2,
    type: 'gate.passed',
    occurredAt: at(2),
    lane: 'in-1',
    data: { direction: 'entry', credentials: [] },
  },
]

const words: Readonly<Record<string, string>> = { entry: 'ENTRY', exit: 'EXIT' }
function eventOf(fact: ParkingFact): object {
  const { id, revision, occurredAt, stayRef, lane } = fact
  const event = { id, revision, timestamp: occurredAt.toISOString(), transactionId: stayRef, lane }
  if (fact.type === 'payment.captured')
    return { ...event, type: 'PAYMENT', amount: '12,50', currency: 'EUR', method: 'card', paymentId: 'P-9' }
  if (fact.type !== 'gate.passed') throw new Error('the tenant does not tell this')
  const medium = fact.data.credentials.map(({ value }) => ({
    type: 'LICENSEPLATE',
    value,
    encoding: 'HEX',
    licencePlateRegion: { country: 'D', code: 'K' },
  }))
  return { ...event, type: words[fact.data.direction], medium }
}

describe('scheidt-bachmann, as a parking system,', () => {
  const post = (tester: PluginTester, body: string, bearer = secret) =>
    tester.inbound(
      new Request('http://hub/in/x/events', { method: 'POST', body, headers: { authorization: `Bearer ${bearer}` } }),
      'events',
    )
  const cases = exerciseParcs(plugin as AnyPlugin, {
    siteId: '00000000-0000-7000-8000-0000000000aa',
    secrets: { inbound: secret },
    facts,
    async send(tester, list) {
      const response = await post(tester, JSON.stringify({ events: list.map(eventOf) }))
      if (!response.ok) return []
      const { results } = (await response.json()) as { results: { status: string }[] }
      return list.filter((_, index) => results[index]?.status !== 'rejected')
    },
    malformed: [
      { name: 'no JSON', send: (tester) => post(tester, '{"events": [') },
      { name: 'another shape', send: (tester) => post(tester, '{"events": [[1, null], 7, "x", {"type": {}}]}') },
      { name: 'no events', send: (tester) => post(tester, '{"events": []}') },
      { name: 'a flood of events', send: (tester) => post(tester, JSON.stringify({ events: Array(1_001).fill({}) })) },
      { name: 'an entity bomb', send: (tester) => post(tester, bomb) },
      { name: 'a deep nest', send: (tester) => post(tester, `${'['.repeat(50_000)}${']'.repeat(50_000)}`) },
      { name: 'a flood', send: (tester) => post(tester, 'x'.repeat(3_000_000)) },
      {
        name: 'a stranger',
        send: async (tester) => expect((await post(tester, '{}', 'somebody else')).status).toBe(401),
      },
    ],
  })
  for (const { name, run } of cases) test(name, run)
})
