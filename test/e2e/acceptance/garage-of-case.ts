// Owns a site made for one acceptance case: its own prices, gate and station on a live hub.
// Must not play anything.

import type { OcppVersion } from '../../setup/ocpp-versions.ts'
import { createParcs, type Parcs, type WireFact } from '../../sim/index.ts'
import { type AddedStation, freshCode, type LiveHub } from '../live-hub.ts'

export interface CaseGarage {
  siteId: string
  parcs: Parcs
  addStation(version: OcppVersion): Promise<AddedStation>
  /** Tells the hub of a car in the lane and has it taken. */
  passed(direction: 'entry' | 'exit', stayRef: string, card: string, at: Date): Promise<void>
  /** What the gate is told when it asks for this card. */
  asks(card: string): Promise<string>
}

export async function caseGarage(
  hub: LiveHub,
  { charging, settings = {} }: { charging: object; settings?: object },
): Promise<CaseGarage> {
  const code = freshCode('S')
  const made = async (path: string, idField: string, body: object) =>
    String((await hub.call('POST', path, body))[idField])
  const siteId = await made('sites', 'siteId', {
    code,
    name: code,
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    settings: {
      settle_delay_minutes: 0,
      link_window_minutes: 0,
      session_hold_hours: 0,
      open_stay_hold_hours: 0,
      ...settings,
    },
  })
  for (const direction of ['entry', 'exit'])
    await hub.call('POST', 'lanes', { siteId, code: direction, name: direction, direction })
  const rules = {
    parking: { scope: 'parking', bands: [{ everyMinutes: 60, price: '2.00' }], day: 'none' },
    charging: { scope: 'charging', ...charging },
  }
  for (const scope of ['parking', 'charging'] as const) {
    const tariffId = await made('tariffs', 'tariffId', {
      siteId,
      code: `${code}-${scope}`,
      name: scope,
      scope,
      currency: 'EUR',
      rules: rules[scope],
      validFrom: '2020-01-01T00:00:00Z',
    })
    await hub.call('POST', 'tariff-assignments', { siteId, tariffId })
  }
  const signing = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
  const connectionId = await made('connections', 'connectionId', {
    pluginId: 'parcs-http',
    siteId,
    name: 'Gates',
    config: {},
    secrets: { signing },
  })
  const parcs = createParcs({
    hubUrl: hub.process.url,
    connectionId,
    secret: signing,
    clock: { now: () => new Date() },
    seed: code,
  })
  const credentials = (value: string) => [{ kind: 'card' as const, value, encoding: 'hex' }]
  let asked = 0
  return {
    siteId,
    parcs,
    async addStation(version) {
      const stationCode = freshCode('ACC')
      const body = { siteId, code: stationCode, defaultProtocol: version }
      const evses = [1, 2].map((number) => ({ number, code: `${stationCode}-${number}`, maxPowerW: 22_000 }))
      const station = await hub.call('POST', 'stations', { ...body, evses })
      return { code: stationCode, stationId: String(station.stationId), password: String(station.secret), version }
    },
    async passed(direction, stayRef, value, at) {
      parcs.record({
        id: `${stayRef}-${direction}`,
        revision: 1,
        type: 'gate.passed',
        occurredAt: at.toISOString(),
        backfilled: false,
        stayRef,
        lane: direction,
        data: { direction, credentials: credentials(value), parkerKind: 'transient' },
      } as WireFact)
      await parcs.flush()
      if (parcs.queued.length > 0 || parcs.rejected.length > 0)
        throw new Error(`the hub did not take ${direction}: ${JSON.stringify(parcs.rejected)}`)
    },
    async asks(value) {
      for (;;) {
        const question = {
          requestId: `${code}-${++asked}`,
          lane: 'entry',
          direction: 'entry' as const,
          credentials: credentials(value),
          occurredAt: new Date().toISOString(),
        }
        const answer = await parcs.askGate(question)
        if (answer.kind !== 'answered') return answer.kind
        // On a machine that is busy elsewhere the hub may miss its budget; the driver asks again.
        if (answer.decision.reasonCode !== 'deadline') return answer.decision.decision
      }
    },
  }
}
