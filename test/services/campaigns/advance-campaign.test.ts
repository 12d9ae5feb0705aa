// Owns the proof that a campaign brings its stations to a version: over a real gateway and database, wave by wave.
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { StationSink } from '../../../core/domain/charger-port.ts'
import type { CommandReply, StationCommand } from '../../../core/domain/station-command.ts'
import { systemNewId, systemRequestId } from '../../../core/runtime/random.ts'
import {
  advanceCampaign,
  type CampaignDeps,
  followCampaigns,
} from '../../../core/services/campaigns/advance-campaign.ts'
import {
  type CampaignFields,
  listCampaignStations,
  listFirmwareHistory,
  manageCampaigns,
  stepCampaign,
  withProgress,
} from '../../../core/services/campaigns/manage-campaigns.ts'
import { diskFiles } from '../../../core/store/disk-files.ts'
import { type ManualClock, manualClock } from '../../../core/testing/manual-clock.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type ChargerHarness, chargerHarness, started, t0 } from '../charger/charger-harness.ts'

let database: TestDatabase
let harness: ChargerHarness
let clock: ManualClock
let deps: CampaignDeps
let dir: string
const heard = new Map<string, StationCommand[]>()
const replies = new Map<string, CommandReply>()
let count = 0

beforeAll(async () => {
  database = await createTestDatabase()
  dir = mkdtempSync(join(tmpdir(), 'baywatt-campaign-'))
  clock = manualClock(new Date(t0))
  harness = await chargerHarness(database, clock)
  deps = {
    db: database.db,
    clock,
    newId: systemNewId,
    log: silent,
    wake: (stationId) => harness.gateway.wake(stationId),
    newRequestId: systemRequestId,
    files: {
      disk: diskFiles(dir, systemNewId),
      sign: (bytes) => createHmac('sha256', 'links').update(bytes).digest(),
      settings: { publicUrl: 'http://hub.test', fileLimitBytes: 1e6, uploadLimitBytes: 1e6, logRetentionDays: 0 },
    },
  }
})
afterAll(async () => {
  await harness.close()
  await database.drop()
  rmSync(dir, { recursive: true, force: true })
})
beforeEach(() => {
  heard.clear()
  replies.clear()
})

interface Station {
  id: string
  code: string
  sink: StationSink
}

async function station(firmware = '1.0', model = `M${count}`): Promise<Station> {
  const code = `CP${++count}`
  const id = await harness.addStation(code)
  const sink = await harness.connect(code, {
    deliver: async ({ command }) => {
      heard.set(id, [...(heard.get(id) ?? []), command])
      return replies.get(id) ?? { kind: 'accepted' }
    },
  })
  await boot({ id, code, sink }, firmware, model)
  return { id, code, sink }
}

const boot = ({ sink }: Station, firmware: string, model = 'Wall') =>
  sink.record({ kind: 'station.booted', vendor: 'Acme', model, firmware })
const says = ({ sink, id }: Station, status: string) => {
  const command = heard.get(id)?.at(-1)
  const requestId = command !== undefined && 'requestId' in command ? command.requestId : undefined
  return sink.record({
    kind: 'notice',
    topic: 'firmware.status',
    data: { status, ...(requestId === undefined ? {} : { requestId }) },
    time: { at: clock.now(), device: null },
  })
}

const access = () => ({ organizationId: harness.organizationId, siteIds: null, actor: 'key:test', requestId: 'r' })

async function campaign(stations: readonly Station[], more: Partial<CampaignFields> = {}) {
  const made = await manageCampaigns(deps).create(access(), {
    name: 'To 2.0',
    url: 'https://vendor.example/2.0.bin',
    firmwareVersion: '2.0',
    target: { stationIds: stations.map((one) => one.id) },
    ...more,
  })
  if (made.kind !== 'ok') throw new Error(JSON.stringify(made))
  const { campaignId } = made.value
  const of = { organizationId: harness.organizationId, campaignId }
  const read = async () => {
    const found = await manageCampaigns(deps).get(access(), campaignId)
    if (found.kind !== 'ok') throw new Error(found.kind)
    return found.value
  }
  const step = async (what: Parameters<ReturnType<typeof stepCampaign>>[2]) => {
    const done = await stepCampaign(deps)(access(), campaignId, what)
    return done.kind === 'ok' ? done.value.state : done.kind
  }
  const states = async () => {
    const page = await listCampaignStations(deps)(access(), campaignId, {})
    if (page.kind !== 'ok') throw new Error(page.kind)
    return Object.fromEntries(page.value.items.map((one) => [one.code, one.state]))
  }
  const event = async (type: string) =>
    (
      await database.db
        .selectFrom('event')
        .select('data')
        .where('type', '=', type)
        .where('subject_id', '=', campaignId)
        .execute()
    ).map((row) => row.data)
  return { campaignId, read, step, states, event, advance: () => advanceCampaign(deps)(of) }
}

/** The command is sent by the gateway on its own; what it wrote comes about. */
const told = (one: Station, times = 1) =>
  eventually(async () => {
    const rows = await database.db
      .selectFrom('command')
      .select('state')
      .where('station_id', '=', one.id)
      .where('state', 'not in', ['queued', 'sent'])
      .execute()
    return rows.length >= times
  }, `${one.code} has answered ${times}`)
const follow = (one: Station) => followCampaigns(deps)({ organizationId: harness.organizationId, stationId: one.id })

test('two waves: the second begins when the first is installed; the end is told', async () => {
  const [a, b, c] = [await station(), await station(), await station('2.0')]
  const run = await campaign([a, b, c], { waves: [{ count: 1 }] })
  expect(await run.read()).toMatchObject({ state: 'draft', maxAttempts: 2, onlyWhenIdle: true })
  await run.advance()
  expect(heard.size).toBe(0)
  expect(await run.step('start')).toBe('running')
  await run.advance()
  await told(a)
  expect(await run.states()).toEqual({ [a.code]: 'queued', [b.code]: 'waiting', [c.code]: 'skipped' })
  expect(heard.get(a.id)).toMatchObject([{ name: 'update_firmware', url: 'https://vendor.example/2.0.bin' }])
  await says(a, 'downloading')
  await follow(a)
  expect((await run.states())[a.code]).toBe('downloading')
  await says(a, 'installing')
  await follow(a)
  expect(await run.states()).toMatchObject({ [a.code]: 'installing', [b.code]: 'waiting' })
  await says(a, 'installed')
  await follow(a)
  await told(b)
  expect(await run.states()).toMatchObject({ [a.code]: 'installed', [b.code]: 'queued' })
  // Its word is lost; the boot tells.
  await boot(b, '2.0')
  await follow(b)
  expect(await run.read()).toMatchObject({ state: 'finished', wave: 1 })
  const [shown] = await withProgress(deps)(access(), [await run.read()])
  expect(shown?.progress).toMatchObject({ installed: 2, skipped: 1, waiting: 0 })
  expect(await run.event('campaign.started')).toMatchObject([{ stations: 3 }])
  expect(await run.event('campaign.finished')).toMatchObject([{ installed: 2, failed: 0, skipped: 1 }])
  await run.advance()
  expect(await run.event('campaign.finished')).toHaveLength(1)
  const history = await listFirmwareHistory(deps)(access(), b.id, {})
  expect(history).toMatchObject({
    kind: 'ok',
    value: {
      items: [
        { fromFirmware: '1.0', toFirmware: '2.0' },
        { fromFirmware: null, toFirmware: '1.0' },
      ],
    },
  })
})

test('a failure is tried again after a while, then counts, and one too many stops the campaign', async () => {
  const [a, b] = [await station(), await station()]
  const run = await campaign([a, b], { waves: [{ count: 1 }], maxFailures: 0, retryMinutes: 30 })
  await run.step('start')
  await run.advance()
  await told(a)
  await says(a, 'download_failed')
  await follow(a)
  expect(await run.states()).toEqual({ [a.code]: 'waiting', [b.code]: 'waiting' })
  clock.advance(29 * 60_000)
  await run.advance()
  expect(heard.get(a.id)).toHaveLength(1)
  clock.advance(60_000)
  replies.set(a.id, { kind: 'refused', reason: 'Rejected' })
  await run.advance()
  await told(a, 2)
  await run.advance()
  expect(await run.states()).toEqual({ [a.code]: 'failed', [b.code]: 'waiting' })
  expect(await run.read()).toMatchObject({ state: 'stopped', reason: '1 station failed; at most 0 may.' })
  expect(await run.event('campaign.stopped')).toHaveLength(1)
  await run.advance()
  expect(heard.has(b.id)).toBe(false)
  expect(await run.step('resume')).toBe('running')
  await run.advance()
  expect((await run.read()).state).toBe('stopped')
  expect((await manageCampaigns(deps).update(access(), run.campaignId, { maxFailures: 1 })).kind).toBe('ok')
  expect((await manageCampaigns(deps).update(access(), run.campaignId, { name: 'other' })).kind).toBe('conflict')
  await run.step('resume')
  await run.advance()
  await told(b)
  expect((await run.states())[b.code]).toBe('queued')
  expect(await run.step('cancel')).toBe('cancelled')
  await boot(b, '2.0')
  await follow(b)
  expect((await run.states())[b.code]).toBe('installed')
  expect(await run.step('resume')).toBe('conflict')
})

test('not outside the window, not while a car charges, not while paused, not twice by two campaigns', async () => {
  const a = await station()
  const schedule = { from: '22:00', to: '05:00' }
  clock.advanceTo(new Date('2026-03-20T20:59:00Z'))
  const run = await campaign([a], { schedule })
  const other = await campaign([a], { onlyWhenIdle: false })
  await run.step('start')
  await run.advance()
  expect((await run.states())[a.code]).toBe('waiting')
  clock.advanceTo(new Date('2026-03-20T21:00:00Z'))
  const begun = await a.sink.record(started({ time: { at: clock.now(), device: clock.now() } }))
  await run.advance()
  expect((await run.states())[a.code]).toBe('waiting')
  const now = clock.now()
  await a.sink.record({
    kind: 'transaction',
    phase: 'ended',
    name: { by: 'hub', number: begun.number },
    time: { at: now, device: now },
    samples: [],
    offline: false,
  })
  await run.step('pause')
  await run.advance()
  expect((await run.states())[a.code]).toBe('waiting')
  await run.step('resume')
  await run.advance()
  await told(a)
  expect((await run.states())[a.code]).toBe('queued')
  await other.step('start')
  await other.advance()
  expect((await other.states())[a.code]).toBe('waiting')
  expect(heard.get(a.id)).toHaveLength(1)
})

test('one that is not there is skipped in the end; nothing waits for it in a queue', async () => {
  const a = await station()
  await a.sink.close('gone')
  const run = await campaign([a], { offlineHours: 2 })
  await run.step('start')
  await run.advance()
  clock.advance(3 * 3_600_000)
  await run.advance()
  expect(await run.states()).toEqual({ [a.code]: 'skipped' })
  expect((await run.read()).state).toBe('finished')
  expect(await database.db.selectFrom('command').select('command_id').where('station_id', '=', a.id).execute()).toEqual(
    [],
  )
})

test('two nodes at once send it once', async () => {
  const a = await station()
  const run = await campaign([a])
  await run.step('start')
  await Promise.all([run.advance(), run.advance(), run.advance(), follow(a)])
  await told(a)
  expect(heard.get(a.id)).toHaveLength(1)
})

test('what cannot be planned is said before', async () => {
  const plan = async (more: object) => {
    const made = await manageCampaigns(deps).create(access(), { name: 'x', firmwareVersion: '2', ...more })
    return made.kind === 'invalid' ? made.problems[0]?.pointer : made.kind
  }
  expect(await plan({})).toBe('/fileId')
  expect(await plan({ url: 'http://x/y', fileId: systemNewId() })).toBe('/fileId')
  expect(await plan({ fileId: systemNewId() })).toBe('/fileId')
  expect(await plan({ url: 'http://x/y', signature: 'AA' })).toBe('/signature')
  expect(await plan({ url: 'http://x/y', target: { siteIds: [systemNewId()] } })).toBe('/target/siteIds/0')
  const late = { firstDay: '2026-03-11', lastDay: '2026-03-10' }
  expect(await plan({ url: 'http://x/y', schedule: late })).toBe('/schedule/lastDay')
  const nobody = await campaign([], { target: { models: ['none of them'] } })
  expect(await nobody.step('start')).toBe('conflict')
})
