// Owns the proof that interceptors may refuse, hold or add within their limits, and that none of them can stop the hub.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Ctx, InterceptOptions, InterceptPoint, InterceptPoints, PricedLine } from '../../core/plugin/index.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { forgetConnections, type TestHub, testHub, testPlugin } from './hub.ts'

let database: TestDatabase
let hub: TestHub | undefined
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
afterEach(async () => {
  await hub?.stop()
  hub = undefined
  await forgetConnections(database)
})

interface Answering<P extends InterceptPoint> {
  point: P
  answer: (ask: InterceptPoints[P]['ask']) => Promise<InterceptPoints[P]['answer']>
  options?: InterceptOptions
}

/** One connection per interceptor, in order. */
async function answering<P extends InterceptPoint>(
  list: readonly Answering<P>[],
): Promise<{ hub: TestHub; ids: string[] }> {
  const plugins = list.map(({ point, answer, options = { deadlineMs: 100, onTimeout: 'skip' } }, index) =>
    testPlugin({
      id: `interceptor-${index}`,
      setup: (async (ctx: Ctx<unknown, never>) => void ctx.intercept(point, answer as never, options)) as never,
    }),
  )
  const made = await testHub(database, plugins)
  hub = made
  const ids: string[] = []
  for (const plugin of plugins) ids.push(await made.connect(plugin))
  return { hub: made, ids }
}

const place = (hub: TestHub) => ({ organizationId: hub.organizationId, siteId: null })
const gate = {
  place: 'gate' as const,
  siteId: null,
  credential: { kind: 'card' as const, value: '1' },
  accountId: null,
}
const line = (kind: string) => ({ key: kind, kind, net: '-1.00' }) as unknown as PricedLine

test('nobody there is a pass', async () => {
  const { hub } = await answering([])
  expect(await hub.host.runIntercept('authorise', gate, place(hub))).toEqual({
    answer: { kind: 'pass' },
    by: null,
    skipped: [],
  })
})

test('the first that refuses is the answer; a pass is none', async () => {
  const { hub, ids } = await answering<'authorise'>([
    { point: 'authorise', answer: async () => ({ kind: 'pass' }) },
    { point: 'authorise', answer: async () => ({ kind: 'deny', reason: 'blocked by the tenant' }) },
    { point: 'authorise', answer: async () => ({ kind: 'deny', reason: 'later' }) },
  ])
  expect(await hub.host.runIntercept('authorise', gate, place(hub))).toEqual({
    answer: { kind: 'deny', reason: 'blocked by the tenant' },
    by: ids[1],
    skipped: [],
  })
  // Of another organization nobody is asked.
  const stranger = { organizationId: '0195a5a0-0000-7000-8000-000000000000', siteId: null }
  expect((await hub.host.runIntercept('authorise', gate, stranger)).by).toBeNull()
})

test('who is late is passed over or taken for a refusal, as the operator chose, and the others are heard', async () => {
  const never = () => new Promise<never>(() => undefined)
  const { hub, ids } = await answering<'authorise'>([
    { point: 'authorise', answer: never },
    { point: 'authorise', answer: never, options: { deadlineMs: 100, onTimeout: 'deny' } },
  ])
  const waiting = hub.pace.waiting
  const asked = hub.host.runIntercept('authorise', gate, place(hub))
  await eventually(() => hub.pace.waiting === waiting + 2)
  hub.pace.advance(100)
  expect(await asked).toEqual({
    answer: { kind: 'deny', reason: 'a check that has to be made did not answer in time' },
    by: ids[1],
    skipped: [{ connectionId: ids[0], reason: 'the answer at "authorise" took longer than 100 ms' }],
  })
})

test('who fails, or answers what it may not, is passed over and named', async () => {
  const { hub, ids } = await answering<'price'>([
    {
      point: 'price',
      answer: async () => {
        throw new Error('no rebate today')
      },
    },
    { point: 'price', answer: async () => ({ kind: 'add', lines: [line('ENERGY')] }) },
    { point: 'price', answer: async () => ({ kind: 'deny' }) as never },
    { point: 'price', answer: async () => ({ kind: 'add', lines: [line('REBATE')] }) },
    { point: 'price', answer: async () => ({ kind: 'add', lines: [line('CREDIT')] }) },
  ])
  const ask = { siteId: '1', subjectKey: 'stay:1', currency: 'USD', lines: [] }
  const outcome = await hub.host.runIntercept('price', ask, place(hub))
  expect(outcome.answer).toEqual({ kind: 'add', lines: [line('REBATE'), line('CREDIT')] })
  expect(outcome.skipped).toEqual([
    { connectionId: ids[0], reason: 'no rebate today' },
    { connectionId: ids[1], reason: 'it answered a line of the kind "ENERGY", which only a tariff may' },
    { connectionId: ids[2], reason: 'it answered {"kind":"deny"} instead of pass or add' },
  ])
})

test('the question cannot be changed on the way', async () => {
  let failed: unknown
  const { hub } = await answering<'command'>([
    {
      point: 'command',
      answer: async (ask) => {
        try {
          ;(ask as { stationId: string }).stationId = 'another'
        } catch (error) {
          failed = error
        }
        return { kind: 'pass' }
      },
    },
    { point: 'command', answer: async (ask) => ({ kind: 'veto', reason: ask.stationId }) },
  ])
  const ask = { siteId: null, stationId: 'mine', name: 'reset', requestedBy: 'key:1' }
  expect((await hub.host.runIntercept('command', ask, place(hub))).answer).toEqual({ kind: 'veto', reason: 'mine' })
  expect(failed).toBeInstanceOf(TypeError)
})

test('a bill is held until a time that is one', async () => {
  const { hub, ids } = await answering<'settle'>([
    { point: 'settle', answer: async () => ({ kind: 'hold', until: 'soon', reason: 'x' }) },
    {
      point: 'settle',
      answer: async () => ({ kind: 'hold', until: '2019-03-11T00:00:00Z', reason: 'waiting for the utility' }),
    },
  ])
  const ask = { siteId: '1', subjectKey: 'stay:1', totalMinor: 100, currency: 'USD' }
  const outcome = await hub.host.runIntercept('settle', ask, place(hub))
  expect(outcome).toMatchObject({ answer: { kind: 'hold', until: '2019-03-11T00:00:00Z' }, by: ids[1] })
  expect(outcome.skipped).toMatchObject([{ connectionId: ids[0] }])
})
