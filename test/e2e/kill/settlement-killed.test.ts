// Owns the proof that a payment at a charger's terminal is booked once, wherever its job is killed.
// Must not test what is booked; test/services/payments does.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SimulatedStation } from '../../sim/index.ts'
import { freshCode, type LiveHub, liveHub } from '../live-hub.ts'
import { untilIdle } from './idle.ts'
import type { KillOrder } from './steps.ts'
import { withDatabase } from './stored.ts'

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
}, 300_000)
afterAll(() => hub?.stop(), 60_000)

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

/** The frame on its way in, and the commits after it: of the worker that takes the job, of the job, of what it adds. */
const orders: readonly KillOrder[] = [
  ...(['before-write', 'written', 'committed'] as const).map((step) => ({ step, count: 1 })),
  ...[1, 2, 3].flatMap((count) => (['before-commit', 'after-commit'] as const).map((step) => ({ step, count }))),
]

test('killed between any two steps, and told again by a terminal that heard nothing: booked once', async () => {
  const added = await hub.addStation(freshCode('TERM'), 'ocpp2.1')
  const station = hub.play(added)
  expect(await station.connect()).toBe('accepted')
  const info = { transactionId: 'paid-here', chargingState: 'Charging' }
  const event = { timestamp: ago(30), evse: { id: 1, connectorId: 1 }, transactionInfo: info }
  const idToken = { idToken: 'PSP-1', type: 'DirectPayment' }
  await said(station, 'TransactionEvent', {
    ...event,
    idToken,
    eventType: 'Started',
    triggerReason: 'Authorized',
    seqNo: 0,
  })
  await untilIdle(hub.process.url)
  for (const [i, order] of orders.entries()) {
    const settlement = {
      pspRef: `PSP-${i}`,
      transactionId: 'paid-here',
      status: 'Settled',
      settlementAmount: i + 1,
      settlementTime: ago(20),
    }
    // Whose commit it is does not show in the other half of the hub.
    const marker = order.step.endsWith('-commit') ? {} : { marker: settlement.pspRef }
    await hub.process.arm({ ...order, ...marker })
    const telling = station.call('NotifySettlement', settlement).catch(() => undefined)
    expect(await hub.process.gone(), JSON.stringify(order)).toEqual({ code: null, signal: 'SIGKILL' })
    await telling
    await hub.process.start()
    await hub.until('the station back', async () => {
      await station.cut()
      return (await station.connect()) === 'accepted'
    })
    await said(station, 'NotifySettlement', { ...settlement, settlementTime: ago(1) })
    await untilIdle(hub.process.url)
  }
  const amounts = orders.map((_, i) => (i + 1) * 100)
  const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b)
  const [session] = await hub.all(`charging-sessions?stationId=${added.stationId}`)
  const booked = await hub.all(`payments?subjectKey=session:${session.sessionId}`)
  expect(sorted(booked.map(({ amountMinor }) => amountMinor))).toEqual(amounts)
  const ids = new Set(booked.map(({ paymentId }) => paymentId))
  await hub.process.kill('SIGTERM')
  await withDatabase(hub.process.dataDir, async ({ db }) => {
    const posted = await db
      .selectFrom('journal_entry')
      .select('source_id')
      .where('source_type', '=', 'payment')
      .where('source_id', 'in', [...ids])
      .execute()
    expect(posted).toHaveLength(orders.length)
    const told = await db.selectFrom('event').select('data').where('type', '=', 'payment.recorded').execute()
    expect(sorted(told.map(({ data }) => (data as { amountMinor: number }).amountMinor))).toEqual(amounts)
  })
}, 600_000)

async function said(station: SimulatedStation, action: string, body: Record<string, unknown>): Promise<void> {
  const outcome = await station.call(action, body)
  expect(outcome.kind, JSON.stringify(outcome)).toBe('result')
}
