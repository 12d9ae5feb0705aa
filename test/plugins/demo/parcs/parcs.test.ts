// Owns the proof that the simulated parking system loses no fact and tells each in order.
// Must not test the hub's adapter.
import { describe, expect, it } from 'vitest'
import {
  createEchoHub,
  createParcs,
  type EchoHub,
  type ParcsOptions,
  ParcsRefused,
  settableClock,
  signDelivery,
  type WireFact,
} from '../../../sim/index.ts'

const clock = settableClock(new Date('2019-03-04T16:00:00Z'))
const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`

const fact = (n: number): WireFact => ({
  id: `CNT-${n}`,
  revision: 1,
  type: 'occupancy.changed',
  occurredAt: clock.now().toISOString(),
  backfilled: false,
  data: { counter: 'garage', occupied: n },
})

async function withParcs(
  options: Partial<ParcsOptions>,
  work: (hub: EchoHub, parcs: ReturnType<typeof createParcs>, waits: number[]) => Promise<void>,
): Promise<void> {
  const hub = await createEchoHub()
  const waits: number[] = []
  const pause = async (ms: number) => {
    waits.push(ms)
  }
  try {
    const base = { hubUrl: hub.url, connectionId: 'c1', secret, clock, seed: 1, pause }
    await work(hub, createParcs({ ...base, ...options }), waits)
  } finally {
    await hub.close()
  }
}

describe('facts', () => {
  it('go out one by one or in batches, signed over the very bytes of the body', async () => {
    for (const batchSize of [1, 2]) {
      await withParcs({ batchSize }, async (hub, parcs) => {
        for (const n of [1, 2, 3]) parcs.record(fact(n))
        expect(await parcs.flush()).toEqual({ kind: 'empty' })
        const bodies = hub.requests.map((request) => JSON.parse(request.body))
        expect(bodies).toEqual(
          batchSize === 1 ? [fact(1), fact(2), fact(3)] : [{ facts: [fact(1), fact(2)] }, { facts: [fact(3)] }],
        )
        for (const { path, method, headers, body } of hub.requests) {
          expect(`${method} ${path}`).toBe('POST /in/c1/facts')
          expect(headers).toMatchObject(signDelivery(secret, String(headers['webhook-id']), clock.now(), body))
        }
      })
    }
  })

  it('are repeated with growing pauses under one webhook id until the hub takes them', async () => {
    await withParcs({}, async (hub, parcs, waits) => {
      let left = 3
      hub.http = () => (left-- > 0 ? { status: 503, body: {} } : undefined)
      parcs.record(fact(1))
      expect(await parcs.flush()).toEqual({ kind: 'empty' })
      expect(waits).toEqual([200, 1000, 5000])
      expect(new Set(hub.requests.map((request) => request.headers['webhook-id'])).size).toBe(1)
    })
  })

  it('stay in the queue, in order, when no try succeeds', async () => {
    await withParcs({ attempts: 2 }, async (hub, parcs) => {
      hub.http = () => ({ status: 500, body: {} })
      for (const n of [1, 2]) parcs.record(fact(n))
      expect(await parcs.flush()).toEqual({ kind: 'unanswered', left: 2 })
      hub.http = () => undefined
      await parcs.flush()
      expect(hub.requests.slice(-2).map((request) => JSON.parse(request.body).id)).toEqual(['CNT-1', 'CNT-2'])
    })
  })

  it('of an outage are told afterwards as backfilled, with their own times', async () => {
    await withParcs({ batchSize: 1000 }, async (hub, parcs) => {
      parcs.goOffline()
      parcs.record(fact(1))
      clock.set(new Date('2019-03-04T18:00:00Z'))
      expect(await parcs.flush()).toEqual({ kind: 'unanswered', left: 1 })
      expect(hub.requests).toEqual([])
      await parcs.goOnline()
      expect(JSON.parse(hub.requests[0]?.body ?? '').facts).toMatchObject([
        { id: 'CNT-1', backfilled: true, occurredAt: '2019-03-04T16:00:00.000Z' },
      ])
    })
  })

  it('are sorted by what the hub answered for each', async () => {
    const acked: string[] = []
    await withParcs(
      { batchSize: 10, onAcked: (one, result) => acked.push(`${one.id} ${result.status}`) },
      async (hub, parcs) => {
        const results = [
          { id: 'CNT-1', revision: 1, status: 'duplicate' },
          { id: 'CNT-2', revision: 1, status: 'rejected', problem: { code: 'unknown_lane' } },
        ]
        hub.http = () => ({ status: 200, body: { results } })
        for (const n of [1, 2, 3]) parcs.record(fact(n))
        expect(await parcs.flush()).toEqual({ kind: 'unanswered', left: 1 })
        expect(acked).toEqual(['CNT-1 duplicate'])
        expect(parcs.rejected.map((one) => one.fact.id)).toEqual(['CNT-2'])
        expect(parcs.queued.map((one) => one.id)).toEqual(['CNT-3'])
      },
    )
  })

  it('that the hub refuses as a whole are an error, not a loop', async () => {
    await withParcs({}, async (hub, parcs) => {
      hub.http = () => ({ status: 401, body: { code: 'bad_signature' } })
      parcs.record(fact(1))
      await expect(parcs.flush()).rejects.toThrow(ParcsRefused)
      expect(hub.requests).toHaveLength(1)
    })
  })
})

describe('the gate question', () => {
  const question = {
    requestId: 'E1Q-1',
    lane: 'E1',
    direction: 'entry' as const,
    credentials: [{ kind: 'card' as const, value: '1904649758', encoding: 'dec' }],
    occurredAt: '2019-03-04T16:00:00Z',
  }

  it('is asked once and answered', async () => {
    await withParcs({}, async (hub, parcs) => {
      expect(await parcs.askGate(question)).toMatchObject({
        kind: 'answered',
        decision: { requestId: 'E1Q-1', decision: 'granted' },
      })
      expect(hub.requests.map((request) => request.path)).toEqual(['/in/c1/gate-requests'])
    })
  })

  it('has no answer while the line is down', async () => {
    await withParcs({}, async (hub, parcs) => {
      parcs.goOffline()
      expect(await parcs.askGate(question)).toEqual({ kind: 'noAnswer' })
      expect(hub.requests).toEqual([])
    })
  })
})
