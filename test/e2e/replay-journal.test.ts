// Owns the proof that a downloaded message journal can be played again: the same answers, the same sessions, on a fresh hub.
// Must not look into the hubs' tables; all comes through their sockets and their API.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { readConfig } from '../../core/runtime/config.ts'
import { type Hub, startHub } from '../../core/runtime/hub.ts'
import { type ManualClock, manualClock } from '../../core/testing/manual-clock.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { readJournal } from '../sim/journal-file.ts'
import { playJournal } from '../sim/play-journal.ts'
import { createTroubleLog } from './trouble-log.ts'

const adminKey = 'bwk_test_replay_0123456789abcdef'

interface Running {
  hub: Hub
  clock: ManualClock
  errors: readonly string[]
  stop(): Promise<void>
  call(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>
}

async function start(at: string): Promise<Running> {
  const database: TestDatabase = await createTestDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-replay-'))
  const clock = manualClock(new Date(at))
  const { log, errors } = createTroubleLog()
  const config = {
    ...readConfig({ BAYWATT_PORT: '0', BAYWATT_ADMIN_KEY: adminKey, DATABASE_URL: database.url }),
    dataDir,
  }
  const hub = await startHub({ config, log, clock })
  return {
    hub,
    clock,
    errors,
    async stop() {
      await hub.stop()
      await database.drop()
      rmSync(dataDir, { recursive: true, force: true })
    },
    async call(method, path, body) {
      const response = await fetch(`${hub.url}/api/v1${path}`, {
        method,
        headers: { Authorization: `Bearer ${adminKey}`, 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, text: await response.text() }
    },
  }
}

const made = (answer: { status: number; text: string }) => {
  expect([200, 201, 202]).toContain(answer.status)
  return JSON.parse(answer.text)
}

/** A charger by hand: each message at its minute, its answer awaited. */
async function dial(hub: Hub, code: string, secret: string, protocol: string) {
  const authorization = `Basic ${Buffer.from(`${code}:${secret}`).toString('base64')}`
  const socket = new WebSocket(`${hub.url.replace('http', 'ws')}/ocpp/${code}`, protocol, {
    headers: { authorization },
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const answers = new Map<string, unknown>()
  const passwords: string[] = []
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data))
    if (frame[2] === 'ChangeConfiguration') passwords.push(frame[3].value)
    if (frame[0] === 2) socket.send(JSON.stringify([3, frame[1], { status: 'Accepted' }]))
    else answers.set(String(frame[1]), frame[2])
  })
  let ids = 0
  return {
    passwords,
    async ask(action: string, payload: unknown): Promise<Record<string, unknown>> {
      const id = String(++ids)
      socket.send(JSON.stringify([2, id, action, payload]))
      await eventually(() => answers.has(id), `an answer to ${action}`)
      return answers.get(id) as Record<string, unknown>
    },
    async hangUp() {
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.close()
      await closed
    },
  }
}

const sessionsOf = async (running: Running, stationId: string) => {
  await running.hub.idle()
  const { items } = made(await running.call('GET', `/charging-sessions?stationId=${stationId}`))
  return items.map((each: Record<string, unknown>) => {
    const { evseNumber, state, idToken, pluggedAt, unpluggedAt, startedAt, endedAt, energyWh, idleSeconds, flags } =
      each
    return { evseNumber, state, idToken, pluggedAt, unpluggedAt, startedAt, endedAt, energyWh, idleSeconds, flags }
  })
}

async function download(running: Running, stationId: string, until: string): Promise<string> {
  let text = ''
  // Frames nobody waits for are written about once a second.
  await eventually(async () => {
    text = (await running.call('GET', `/stations/${stationId}/messages/download`)).text
    return text.includes(until)
  }, `the frame ${until}`)
  return text
}

describe('a journal', () => {
  let recorded: Running
  beforeAll(async () => {
    recorded = await start('2026-03-02T07:00:00Z')
  })
  afterAll(() => recorded.stop())

  const recordStation = async (code: string, flags: object, more: object = {}) => {
    const known = made(await recorded.call('GET', '/sites')).items[0]
    const site = { code: 's', name: 'Site', timeZone: 'UTC', currency: 'EUR' }
    const { siteId } = known ?? made(await recorded.call('POST', '/sites', site))
    return made(await recorded.call('POST', '/stations', { siteId, code, maxPowerW: 22_000, settings: flags, ...more }))
  }
  const minute = async (n: number) => {
    const at = new Date(Date.UTC(2026, 2, 2, 8, n))
    if (at > recorded.clock.now()) await recorded.clock.settle(at)
    return at.toISOString()
  }
  const replay = async (text: string) => {
    const fresh = await start('2026-03-02T07:30:00Z')
    const played = await playJournal({
      journal: readJournal(text),
      hubUrl: fresh.hub.url,
      adminKey,
      clock: fresh.clock,
    })
    return { fresh, played }
  }

  test('of 1.6, with a quirk, a lost connection and a password set, gives the same answers and sessions', async () => {
    const { stationId, secret } = await recordStation('REPLAY-16', { energyScale: 1000 })
    made(await recorded.call('POST', '/credentials', { kind: 'card', presentations: [{ value: '04A1B2C3D4E5F6' }] }))
    const boot = { chargePointVendor: 'Acme', chargePointModel: 'Wall' }
    const status = (name: string, timestamp: string) => ({
      connectorId: 1,
      errorCode: 'NoError',
      status: name,
      timestamp,
    })
    const sample = (timestamp: string, value: string) => [{ timestamp, sampledValue: [{ value, unit: 'Wh' }] }]
    const idTag = '04A1B2C3D4E5F6'
    let charger = await dial(recorded.hub, 'REPLAY-16', secret, 'ocpp1.6')
    await charger.ask('BootNotification', boot)
    made(await recorded.call('POST', `/stations/${stationId}/security-changes`, { kind: 'password' }))
    const commands = async () => made(await recorded.call('GET', `/commands?stationId=${stationId}`)).items
    await eventually(async () => (await commands())[0]?.state === 'answered', 'the answer to the command')
    const [told = ''] = charger.passwords
    expect(told).not.toBe('')
    await charger.ask('StatusNotification', status('Preparing', await minute(0)))
    expect(await charger.ask('Authorize', { idTag })).toMatchObject({ idTagInfo: { status: 'Accepted' } })
    const first = await charger.ask('StartTransaction', {
      connectorId: 1,
      idTag,
      meterStart: 1,
      timestamp: await minute(1),
    })
    const { transactionId } = first
    await charger.ask('MeterValues', { connectorId: 1, transactionId, meterValue: sample(await minute(20), '4') })
    await charger.hangUp()
    await minute(30)
    charger = await dial(recorded.hub, 'REPLAY-16', secret, 'ocpp1.6')
    await charger.ask('MeterValues', { connectorId: 1, transactionId, meterValue: sample(await minute(40), '7') })
    await charger.ask('StopTransaction', { transactionId: -1, idTag, meterStop: 9, timestamp: await minute(50) })
    await charger.ask('StatusNotification', status('Finishing', await minute(51)))
    await charger.ask('StatusNotification', status('Available', await minute(59)))
    await charger.ask('Heartbeat', {})
    await charger.hangUp()

    const text = await download(recorded, stationId, '"action":"ChangeConfiguration"')
    expect(text).toContain('AuthorizationKey')
    expect(text).not.toContain(told)
    expect(text).not.toContain(secret)
    const whole = await download(recorded, stationId, '"Heartbeat"')
    const { fresh, played } = await replay(whole)
    try {
      expect(played.answers.filter(({ same }) => !same)).toEqual([])
      expect(played.answers.map(({ action }) => action)).toEqual([
        'BootNotification',
        'StatusNotification',
        'Authorize',
        'StartTransaction',
        'MeterValues',
        'MeterValues',
        'StopTransaction',
        'StatusNotification',
        'StatusNotification',
        'Heartbeat',
      ])
      expect(played.skipped).toBe(2)
      const sessions = await sessionsOf(fresh, played.stationId)
      expect(sessions).toEqual(await sessionsOf(recorded, stationId))
      expect(sessions).toMatchObject([{ state: 'closed', energyWh: 8_000, idleSeconds: 540, flags: [] }])
      expect(fresh.errors).toEqual([])
    } finally {
      await fresh.stop()
    }
  })

  test('of 2.0.1 gives the same answers and sessions, and a difference is seen', async () => {
    const { stationId, secret } = await recordStation('REPLAY-201', {})
    const charger = await dial(recorded.hub, 'REPLAY-201', secret, 'ocpp2.0.1')
    await charger.ask('BootNotification', { reason: 'PowerUp', chargingStation: { vendorName: 'Acme', model: 'Two' } })
    const event = (eventType: string, seqNo: number, timestamp: string, value: number) => ({
      eventType,
      seqNo,
      timestamp,
      triggerReason: 'MeterValuePeriodic',
      transactionInfo: { transactionId: 'tx-1', chargingState: eventType === 'Ended' ? 'Idle' : 'Charging' },
      evse: { id: 1, connectorId: 1 },
      meterValue: [{ timestamp, sampledValue: [{ value }] }],
    })
    await charger.ask('TransactionEvent', event('Started', 0, await minute(70), 1_000))
    await charger.ask('TransactionEvent', event('Updated', 1, await minute(80), 2_000))
    await charger.ask('TransactionEvent', event('Ended', 2, await minute(90), 3_500))
    await charger.ask('Heartbeat', {})
    await charger.hangUp()
    const text = await download(recorded, stationId, '"Heartbeat"')
    const { fresh, played } = await replay(text.replace('\\"interval\\":300', '\\"interval\\":301'))
    try {
      expect(played.answers.filter(({ same }) => !same).map(({ action }) => action)).toEqual(['BootNotification'])
      const sessions = await sessionsOf(fresh, played.stationId)
      expect(sessions).toEqual(await sessionsOf(recorded, stationId))
      expect(sessions).toMatchObject([{ energyWh: 2_500 }])
    } finally {
      await fresh.stop()
    }
  })
})

test('a file that is no journal is refused with its line', () => {
  const head = '{"type":"journal","version":1,"station":"A"}'
  const frame = '{"type":"frame","at":"2026-03-02T08:00:00Z","direction":"in","epoch":1,"action":null,"frame":"[]"}'
  expect(readJournal(`${head}\n${frame}\n`)).toMatchObject({ whole: false, frames: [{ frame: '[]' }] })
  expect(readJournal(`${head}\n${frame}\n{"type":"end","frames":1}\n`).whole).toBe(true)
  for (const [text, message] of [
    ['', 'line 1: this is no message journal'],
    ['nonsense', 'line 1: no JSON'],
    ['[]', 'line 1: no JSON object'],
    ['{"type":"journal","version":2}', 'line 1: this is no message journal'],
    ['{"type":"journal","version":1}', 'line 1: "station" must be a text'],
    [`${head}\n{"type":"other"}`, 'line 2: type must be'],
    [`${head}\n${frame.replace('"in"', '"up"')}`, 'line 2: "direction"'],
    [`${head}\n${frame.replace('2026-03-02T08:00:00Z', 'noon')}`, 'line 2: "at"'],
    [`${head}\n${frame.replace('"epoch":1', '"epoch":"1"')}`, 'line 2: "epoch"'],
    [`${head}\n${frame.replace('"frame":"[]"', '"frame":[]')}`, 'line 2: "frame"'],
    [`${head}\n{"type":"end","frames":1}`, 'the end speaks of 1 frames'],
    [`${head}\n{"type":"end","frames":0}\n${frame}`, 'line 3: nothing may follow'],
  ] as const)
    expect(() => readJournal(text)).toThrow(message)
})
