// Owns the proof that a month is really played: every step over a socket, in virtual time, with nothing left behind.
// Must not test the hub; an echo stands in for it.
import { describe, expect, it } from 'vitest'
import { type RunOptions, runScenario } from '../../../plugins/demo/run.ts'
import {
  buildMonth,
  createEchoHub,
  type EchoHub,
  loadAcnMonth,
  type Month,
  noiseProfiles,
  settableClock,
} from '../../sim/index.ts'

const acn = loadAcnMonth()
const month = (name: 'off' | 'default' | 'harsh') =>
  buildMonth({ ...acn, sessions: acn.sessions.slice(0, 45), seed: 5, noise: noiseProfiles[name], sampleMinutes: 60 })

/** The least of an API: every record made gets an id, lists are empty, a start goes to the charger. */
function answerApi(hub: EchoHub, m: Month): void {
  const codes = new Map<string, string>()
  let ids = 0
  hub.http = ({ method, path, body }) => {
    if (path.startsWith('/in/')) return undefined
    if (method === 'GET') return { status: 200, body: { items: [], nextCursor: null } }
    const sent = JSON.parse(body)
    if (path.endsWith('/tariffs/preview')) return { status: 200, body: { totalMinor: 450 } }
    const started = /stations\/([^/]+)\/commands$/.exec(path)?.[1]
    if (started) {
      const code = codes.get(started) ?? ''
      const { value } = sent.token
      const version = m.site.stations.find((one) => one.id === code)?.version
      const command =
        version === 'ocpp1.6'
          ? hub.command(`/ocpp/${code}`, 'RemoteStartTransaction', { idTag: value, connectorId: sent.evse })
          : hub.command(`/ocpp/${code}`, 'RequestStartTransaction', {
              remoteStartId: 1,
              evseId: sent.evse,
              idToken: { idToken: value, type: 'Central' },
            })
      void command
      return { status: 201, body: { commandId: 'x' } }
    }
    const id = `id-${++ids}`
    if (path.endsWith('/stations')) codes.set(id, sent.code)
    const name = `${path.split('/').at(-1)?.replace(/s$/, '')}Id`
    return {
      status: 201,
      body: { [name]: id, siteId: sent.siteId ?? id, stationId: id, secret: 'geheim', connectionId: 'c1' },
    }
  }
}

async function played(m: Month, more: Partial<RunOptions> = {}) {
  const hub = await createEchoHub()
  answerApi(hub, m)
  const clock = settableClock(new Date('2019-02-28T00:00:00Z'))
  const late: string[] = []
  let last = 0
  try {
    const report = await runScenario({
      hubUrl: hub.url,
      adminKey: 'bwk_test',
      month: m,
      seed: 5,
      pause: async () => {},
      clock: {
        now: clock.now,
        advanceTo: async (at) => {
          expect(at.getTime()).toBeGreaterThanOrEqual(last)
          last = at.getTime()
          clock.set(at)
        },
      },
      onAcked: (message) => {
        if (message.at > clock.now()) late.push(message.action)
      },
      ...more,
    })
    return { report, hub, late }
  } finally {
    await hub.close()
  }
}

const registerOf = (payload: unknown) =>
  Number(JSON.stringify(payload).match(/"value":(\d+),"context":"[A-Za-z.]+","measurand":"Energy/)?.[1])

/** Energy as the messages tell it, by the plain rules of each version. */
function toldEnergy(hub: EchoHub): number {
  let sum = 0
  const begun = new Map<string, number>()
  for (const { path, action, payload } of hub.calls) {
    if (action === 'StartTransaction') begun.set(path, Number(payload.meterStart))
    if (action === 'StopTransaction') sum += Number(payload.meterStop) - (begun.get(path) ?? 0)
    if (action === 'TransactionEvent' && payload.eventType === 'Started') begun.set(path, registerOf(payload))
    if (action === 'TransactionEvent' && payload.eventType === 'Ended')
      sum += registerOf(payload) - (begun.get(path) ?? 0)
  }
  return sum
}

describe('a month without noise', () => {
  it('is told to the watt-hour, and every fact and message is taken', async () => {
    const m = month('off')
    const { report, hub, late } = await played(m)
    expect(toldEnergy(hub)).toBe(m.truth.energyWh)
    expect(late).toEqual([])
    expect(report.played).toMatchObject({
      refusedStarts: 0,
      failedRemoteStarts: 0,
      unexpectedDisconnects: 0,
      violations: [],
      givenUp: [],
      rejectedFacts: [],
      undelivered: 0,
      wrongAnswers: [],
    })
    const asks = m.timeline.filter((step) => step.kind === 'parcs.ask').length
    expect(report.played.asked).toBe(asks)
    expect(report.played.payments).toBe(m.timeline.filter((step) => step.kind === 'parcs.pay').length)
    expect(report.played.paidMinor).toBe(450 * report.played.payments)
    expect(report.played.heartbeats).toBeGreaterThan(1000)
    expect(new Set(hub.handshakes.map((seen) => seen.path)).size).toBe(54)
    expect(hub.handshakes[0]?.headers.authorization).toContain('Basic ')
  })
})

describe('a month with noise', () => {
  it.each(['default', 'harsh'] as const)('%s loses nothing on the way', async (name) => {
    const m = month(name)
    const { report, hub } = await played(m, { heartbeatSeconds: 86_400 })
    expect(report.played).toMatchObject({ violations: [], givenUp: [], rejectedFacts: [], undelivered: 0 })
    const wanted = new Set(
      m.timeline.flatMap((step) => (step.kind === 'parcs.fact' ? [`${step.fact.id}/${step.fact.revision}`] : [])),
    )
    const told = new Set<string>()
    let backfilled = 0
    for (const { path, body } of hub.requests) {
      if (!path.endsWith('/facts')) continue
      for (const fact of JSON.parse(body).facts) {
        if (fact.type !== 'payment.captured') told.add(`${fact.id}/${fact.revision}`)
        if (fact.backfilled) backfilled += 1
      }
    }
    expect(told).toEqual(wanted)
    expect(backfilled).toBeGreaterThan(0)
    const cables = m.timeline.filter((step) => step.kind === 'station.cable' && step.online).length
    const powers = m.timeline.filter((step) => step.kind === 'station.power' && step.on).length
    expect(hub.handshakes.length).toBe(54 + cables + powers)
  })
})

describe('a hub that asks for a slower pace', () => {
  it('is obeyed on its own clock', async () => {
    const m = buildMonth({
      ...acn,
      sessions: acn.sessions.slice(0, 1),
      seed: 5,
      noise: noiseProfiles.off,
      extraRatio: 0,
    })
    const hub = await createEchoHub()
    answerApi(hub, m)
    const usual = hub.http
    const seen: number[] = []
    hub.http = (request) => {
      if (request.path.startsWith('/in/') || seen.length >= 3) return usual(request)
      seen.push(clock.now().getTime())
      return { status: 429, body: {} }
    }
    const clock = settableClock(new Date('2019-02-28T00:00:00Z'))
    const advanceTo = async (at: Date) => clock.set(at)
    const options = {
      hubUrl: hub.url,
      adminKey: 'k',
      month: m,
      seed: 5,
      heartbeatSeconds: 86_400,
      pause: async () => {},
    }
    const { played: counts } = await runScenario({ ...options, clock: { now: clock.now, advanceTo } })
    await hub.close()
    expect(seen.map((at) => at - (seen[0] ?? 0))).toEqual([0, 1000, 2000])
    expect(counts.undelivered).toBe(0)
  })
})

describe('a hub that drops a charger', () => {
  it('sees it come back before its next message', async () => {
    const m = month('off')
    const hub = await createEchoHub()
    answerApi(hub, m)
    let dropped = 0
    hub.answer.set('StatusNotification', (payload) =>
      (payload.status === 'Charging' || payload.connectorStatus === 'Occupied') && dropped++ < 3 ? 'cut' : undefined,
    )
    const clock = settableClock(new Date('2019-02-28T00:00:00Z'))
    const advanceTo = async (at: Date) => clock.set(at)
    const options = {
      hubUrl: hub.url,
      adminKey: 'k',
      month: m,
      seed: 5,
      heartbeatSeconds: 86_400,
      pause: async () => {},
    }
    const { played: counts } = await runScenario({ ...options, clock: { now: clock.now, advanceTo } })
    await hub.close()
    expect(counts.unexpectedDisconnects).toBe(3)
    expect(counts.undelivered).toBe(0)
  })
})
