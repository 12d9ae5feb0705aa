// Owns the tests of hostile and accidental input: the hub lives, every well-formed call is answered, and order holds.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChargerFact } from '../../../core/plugin/index.ts'
import { type Station, startHub, type TestHub, until } from './hub.ts'
import { mutated, nasty } from './mutations.ts'
import { isValidRequest, type Version } from './official-schemas.ts'
import { frames16, frames21, frames201 } from './sample-frames.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub({ maxFrameBytes: 2_000_000, pingIntervalSeconds: 0 })
})
afterAll(() => hub.stop())

const kept: Record<Version, string[]> = {
  'ocpp1.6': ['StartTransaction', 'StopTransaction', 'MeterValues', 'StatusNotification'],
  'ocpp2.0.1': ['TransactionEvent', 'MeterValues', 'StatusNotification'],
  'ocpp2.1': ['TransactionEvent', 'MeterValues', 'StatusNotification'],
}
const samples = { 'ocpp1.6': frames16, 'ocpp2.0.1': frames201, 'ocpp2.1': frames21 }

let count = 0
const fresh = (version: Version): Promise<Station> => hub.station(`rob-${++count}`, version)

/** What is stored as the JSON that it came as: any JSON number fits. */
const keptWhole = /^(notice\/data\/(items|schedules|batteries)|inquiry\/ask\/(data|needs)|transaction\/terms\/cost)\//

/** Facts must hold only what the core's records can: finite instants, safe integers, texts without NUL. */
function unfit(value: unknown, path = ''): string[] {
  if (value instanceof Date) {
    const year = value.getUTCFullYear()
    return Number.isFinite(value.getTime()) && year >= 1 && year <= 9999 ? [] : [`${path}: ${String(value)}`]
  }
  const fits = keptWhole.test(path) ? Number.isFinite : Number.isSafeInteger
  if (typeof value === 'number') return fits(value) ? [] : [`${path}: ${value}`]
  if (typeof value === 'string') return /\0/.test(value) ? [`${path}: NUL`] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => unfit(each, `${path}/${key}`))
}

const expectFit = (facts: readonly ChargerFact[]) => expect(facts.flatMap((fact) => unfit(fact, fact.kind))).toEqual([])

describe.each(['ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'] as const)('%s', (version) => {
  const frames = samples[version]

  test('the sample frames are valid', () => {
    for (const [name, make] of Object.entries(frames)) {
      const [action = ''] = name.split(' ')
      expect([name, isValidRequest(version, action, make(1))]).toEqual([name, !name.includes('(')])
    }
  })

  test('mutated frames: always one answer, never an error for a transaction, facts fit the records', async () => {
    const station = await fresh(version)
    const code = `rob-${count}`
    const any = fc.oneof(
      ...Object.entries(frames).map(([name, make]) => {
        const [action = ''] = name.split(' ')
        return mutated(make).map((payload) => ({ action, payload }))
      }),
    )
    await fc.assert(
      fc.asyncProperty(any, async ({ action, payload }) => {
        const answer = await station.call(action, payload)
        if (kept[version].includes(action)) expect(answer.kind).toBe('result')
        else if (answer.kind === 'error') expect(answer.code).toMatch(/Violation$/)
      }),
      { numRuns: 400 },
    )
    expectFit(hub.port.factsOf(code))
    expect(station.closedWith).toBeNull()
  })

  test('any payload for any action is answered', async () => {
    const station = await fresh(version)
    const action = fc.oneof(
      fc.constantFrom(...Object.keys(frames).map((name) => name.split(' ')[0] ?? '')),
      fc.string(),
    )
    await fc.assert(
      fc.asyncProperty(action, nasty, async (name, payload) => {
        await station.call(name, payload)
      }),
      { numRuns: 300 },
    )
    expectFit(hub.port.factsOf(`rob-${count}`))
  })

  test('any JSON and any text as a frame never ends the connection', async () => {
    const station = await fresh(version)
    const text = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 6 }).map((list) => JSON.stringify(list)),
      fc
        .tuple(fc.integer({ min: 0, max: 9 }), fc.jsonValue({ maxDepth: 1 }), fc.jsonValue({ maxDepth: 1 }))
        .map((list) => JSON.stringify(list)),
      fc.constantFrom(
        '[',
        '[2',
        '[2,',
        '[2,"',
        '[2,"a"',
        '[2,"a","',
        '\0\0',
        '[[[[',
        '{"2":3}',
        '[2,"\\ud800","\\udfff",{}]',
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 5 }), async (texts) => {
        for (const each of texts) station.raw(each)
        await station.call('Heartbeat', {}, 'pulse')
        station.received.splice(0)
        expect(station.closedWith).toBeNull()
      }),
      { numRuns: 150 },
    )
    // The answers to random frames cannot be judged by action; only their outer form matters here.
    station.faults.splice(0)
  })

  test('order: any mix of calls is stored and answered in the order sent, one answer each', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Object.entries(frames)), { minLength: 1, maxLength: 20 }),
        async (mix) => {
          const station = await fresh(version)
          const code = `rob-${count}`
          const ids = mix.map(([name, make], i) => station.cast(name.split(' ')[0] ?? '', make(i)))
          for (const id of ids) await station.answer(id)
          const inOrder = ids.filter((_, i) => mix[i]?.[0] !== 'Heartbeat')
          expect(station.received.map((frame) => frame[1]).filter((id) => inOrder.includes(String(id)))).toEqual(
            inOrder,
          )
          expect(station.received).toHaveLength(ids.length)
          const stored = hub.port.facts.filter((each) => each.station === code).map(({ wire }) => String(wire[0]?.text))
          const storedIds = stored.map((text) => (JSON.parse(text) as unknown[])[1])
          expect(storedIds).toEqual(inOrder.filter((id) => storedIds.includes(id)))
          expect(storedIds).toHaveLength(inOrder.length)
          station.socket.terminate()
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('size and depth', () => {
  test('nesting a hundred thousand deep', async () => {
    const station = await fresh('ocpp1.6')
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    for (const [id, action] of [
      ['1', 'StartTransaction'],
      ['2', 'MeterValues'],
      ['3', 'Authorize'],
      ['4', 'DataTransfer'],
    ] as const) {
      station.expect(id, action)
      station.raw(`[2,"${id}","${action}",{"connectorId":${deep},"idTag":${deep},"meterValue":${deep},"x":"\\u0041"}]`)
      await station.answer(id)
    }
    station.raw(deep)
    station.raw(`[2,${deep},"Heartbeat",{}]`)
    station.raw(`[3,"x",${deep}]`)
    await station.settled()
  })

  test.each([
    ['ocpp1.6', 'DataTransfer', { vendorId: 'x' }],
    ['ocpp2.0.1', 'NotifyCustomerInformation', { requestId: 1, seqNo: 0, generatedAt: '2026-06-01T12:00:00Z' }],
    ['ocpp2.1', 'NotifyCustomerInformation', { requestId: 1, seqNo: 0, generatedAt: '2026-06-01T12:00:00Z' }],
  ] as const)('%s %s: a structure where a text is due is made one, however deep', async (version, action, rest) => {
    const station = await fresh(version)
    const deep = `${'{"a":['.repeat(50_000)}${']}'.repeat(50_000)}`
    station.expect('deep', action)
    station.raw(`[2,"deep","${action}",${JSON.stringify(rest).slice(0, -1)},"data":${deep}}]`)
    expect(await station.answer('deep')).toMatchObject({ kind: 'result' })
    expectFit(hub.port.factsOf(`rob-${count}`))
  })

  test('a million faults in one frame', async () => {
    const station = await fresh('ocpp1.6')
    for (const [id, list] of [
      ['1', '1,'.repeat(900_000)],
      ['2', '{},'.repeat(600_000)],
      ['3', 'null,'.repeat(380_000)],
      ['4', '{"sampledValue":1},'.repeat(90_000)],
    ] as const) {
      station.expect(id, 'MeterValues')
      station.raw(`[2,"${id}","MeterValues",{"connectorId":1,"meterValue":[${list}1]}]`)
      expect(await station.answer(id)).toEqual({ kind: 'result', payload: {} })
    }
    station.expect('keys', 'StartTransaction')
    const keys = Array.from({ length: 100_000 }, (_, i) => `"k${i}":0`).join(',')
    station.raw(`[2,"keys","StartTransaction",{${keys}}]`)
    expect(await station.answer('keys')).toMatchObject({ kind: 'result' })
    expect(hub.port.codesOf(`rob-${count}`)).toContain('J20')
  })

  test('a long honest stop with thousands of numeric samples keeps them all', async () => {
    const station = await fresh('ocpp1.6')
    const transactionData = Array.from({ length: 4_000 }, (_, i) => ({
      timestamp: new Date(Date.UTC(2025, 4, 1) + i * 60_000).toISOString(),
      sampledValue: [{ value: 1000 + i }],
    }))
    await station.ask('StopTransaction', {
      transactionId: 5,
      meterStop: 5000,
      timestamp: '2025-05-05T00:00:00Z',
      transactionData,
    })
    const fact = hub.port.factsOf(`rob-${count}`).at(-1)
    expect(fact?.kind === 'transaction' && fact.samples.length).toBe(4_000)
    expect(fact?.kind === 'transaction' && fact.samples.at(-1)?.registerWh).toBe(4_999)
  })

  test('prototype keys do nothing', async () => {
    const station = await fresh('ocpp1.6')
    station.expect('p', 'MeterValues')
    station.raw(
      '[2,"p","MeterValues",{"__proto__":{"polluted":1},"connectorId":1,"meterValue":[{"timestamp":"2025-06-01T12:00:00Z","sampledValue":[{"value":"1","measurand":"__proto__"},{"value":"1","measurand":"constructor"},{"__proto__":{"value":"7"}}]}]}]',
    )
    expect(await station.answer('p')).toEqual({ kind: 'result', payload: {} })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(hub.port.factsOf(`rob-${count}`)).toMatchObject([{ samples: [{ extra: { constructor: '1' } }] }])
  })

  test('a station that never reads its answers is cut, not kept in memory', async () => {
    const station = await fresh('ocpp1.6')
    const code = `rob-${count}`
    station.socket.pause()
    // Answers repeat the id, so long ids fill the buffers of both kernels quickly.
    const id = 'x'.repeat(100_000)
    station.expect(id, 'Heartbeat')
    await until(() => {
      if (station.socket.bufferedAmount < 1_000_000) station.raw(`[2,"${id}","Heartbeat",{}]`)
      return !hub.port.isOpen(code)
    }, 'the socket to be cut')
  })
})
