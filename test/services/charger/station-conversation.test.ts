// Owns what stations tell and ask beside transactions, on a real database: kept, announced, and the end of what was promised.
// Must not speak OCPP; adapters have their own tests.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import type { CommandReply, StationCommand } from '../../../core/domain/station-command.ts'
import type { NoticeData, NoticeTopic, StationNotice } from '../../../core/domain/station-notice.ts'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import { giveUpPromise } from '../../../core/services/charger/finish-command.ts'
import { followCommand } from '../../../core/services/charger/follow-command.ts'
import { queueCommand } from '../../../core/services/charger/queue-command.ts'
import { pruneBulkNotices } from '../../../core/store/prune-notices.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { at, type ChargerHarness, chargerHarness, time } from './charger-harness.ts'

let database: TestDatabase
let hub: ChargerHarness
const clock = { now: () => at(0), after: () => () => undefined }
const service = () => ({ db: database.db, clock, newId, log: silent })

beforeAll(async () => {
  database = await createTestDatabase()
  hub = await chargerHarness(database, clock)
})
afterAll(async () => {
  await hub.close()
  await database.drop()
})

async function station(
  deliver: (command: StationCommand) => Promise<CommandReply> = async () => ({ kind: 'accepted' }),
) {
  const code = `CP-${randomUUID()}`
  const stationId = await hub.addStation(code)
  const sink = await hub.connect(code, { deliver: ({ command }) => deliver(command) })
  const follow = followCommand(service())
  const key = { organizationId: hub.organizationId, stationId }
  const rowOf = (commandId: string) =>
    database.db.selectFrom('command').selectAll().where('command_id', '=', commandId).executeTakeFirstOrThrow()
  const tell = async <T extends NoticeTopic>(topic: T, data: NoticeData[T]) => {
    const { noticeId } = await sink.record({ kind: 'notice', topic, data, time: time(1) } as StationNotice)
    return noticeId
  }
  return {
    ...key,
    sink,
    tell,
    rowOf,
    notices: () => database.db.selectFrom('station_notice').selectAll().where('station_id', '=', stationId).execute(),
    /** What the job would do that the notice added. */
    follow: (noticeId: string, requestId: number | null) => follow({ ...key, noticeId, requestId }),
    async ask(command: StationCommand) {
      const queued = await queueCommand({ ...service(), wake: (id) => hub.gateway.wake(id) })({
        ...key,
        command,
        requestedBy: 'test',
      })
      if (queued.kind !== 'queued') throw new Error(queued.kind)
      return queued.command.command_id
    },
    async answered(commandId: string) {
      await eventually(async () => (await rowOf(commandId)).state === 'answered', 'the answer')
    },
  }
}

const item = (value: string, more: object = {}) => ({
  component: { name: 'OCPPCommCtrlr', evse: { id: 1 } },
  variable: { name: 'HeartbeatInterval' },
  variableAttribute: [{ type: 'Actual', value, mutability: 'ReadWrite' }],
  variableCharacteristics: { dataType: 'integer', unit: 's', maxLimit: 3600, supportsMonitoring: false },
  ...more,
})

describe('a notice', () => {
  it('is kept with what the device said, and told on', async () => {
    const s = await station()
    const noticeId = await s.tell('security.event', { type: 'TamperDetectionActivated', info: 'lid' })
    expect(await s.notices()).toMatchObject([
      {
        notice_id: noticeId,
        topic: 'security.event',
        at: at(1),
        data: { type: 'TamperDetectionActivated', info: 'lid' },
        answer: null,
      },
    ])
    const events = await database.db.selectFrom('event').selectAll().where('type', '=', 'station.notice').execute()
    expect(events.map((e) => e.data)).toContainEqual(
      expect.objectContaining({ stationId: s.stationId, noticeId, topic: 'security.event' }),
    )
  })

  it('of firmware adds the job that follows its command', async () => {
    const s = await station()
    const noticeId = await s.tell('firmware.status', { status: 'downloading', requestId: 5 })
    const jobs = await database.ownerPool.query(
      `select payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
       where t.identifier = 'command.follow' and payload ->> 'noticeId' = $1`,
      [noticeId],
    )
    expect(jobs.rows).toEqual([
      { payload: { organizationId: hub.organizationId, stationId: s.stationId, noticeId, requestId: 5 } },
    ])
  })
})

test('what comes in bulk is let go of in time, what happened stays', async () => {
  const s = await station()
  await s.tell('security.event', { type: 'ResetOrReboot' })
  await s.tell('stream.values', { streamId: 1, pending: 0, values: [{ at: at(0).toISOString(), value: '1' }] })
  await s.tell('report.part', { requestId: 1, report: 'monitors', sequence: 0, last: true, items: [] })
  const topics = async () => (await s.notices()).map(({ topic }) => topic).sort()
  const later = (days: number) => ({ keepDays: 30, now: new Date(at(0).getTime() + days * 86_400_000) })
  expect(await pruneBulkNotices(database.db, { ...later(400), keepDays: 0 })).toBe(0)
  await pruneBulkNotices(database.db, later(29))
  expect(await topics()).toEqual(['report.part', 'security.event', 'stream.values'])
  expect(await pruneBulkNotices(database.db, later(31))).toBeGreaterThanOrEqual(2)
  expect(await topics()).toEqual(['security.event'])
})

describe('an inquiry', () => {
  it('is kept beside its answer', async () => {
    const s = await station()
    const answer = await s.sink.record({
      kind: 'inquiry',
      topic: 'data_transfer',
      ask: { vendorId: 'acme', data: 'x' },
      time: time(2),
    })
    expect(answer).toEqual({ status: 'unknown_vendor' })
    expect(await s.notices()).toMatchObject([
      { topic: 'data_transfer', data: { vendorId: 'acme', data: 'x' }, answer: { status: 'unknown_vendor' } },
    ])
  })
})

describe('a report in parts', () => {
  const asked = { name: 'read_report', base: 'full', requestId: 17 } as const

  it('is complete when every part is there, in whatever order and however often they came', async () => {
    const s = await station()
    const commandId = await s.ask(asked)
    await s.answered(commandId)
    expect(await s.rowOf(commandId)).toMatchObject({ outcome: 'pending', request_id: 17 })
    const part = (sequence: number, last: boolean, value: string) =>
      s.tell('report.part', { requestId: 17, report: 'variables', sequence, last, items: [item(value)] })
    for (const [sequence, last] of [
      [2, true],
      [0, false],
      [2, true],
    ] as const) {
      await s.follow(await part(sequence, last, String(sequence)), 17)
      expect((await s.rowOf(commandId)).outcome).toBe('pending')
    }
    await s.follow(await part(1, false, '300'), 17)
    expect(await s.rowOf(commandId)).toMatchObject({ outcome: 'completed', result: { parts: 3, items: 3 } })
    const timers = await database.db.selectFrom('timer').select('kind').where('key', '=', commandId).execute()
    expect(timers).toEqual([])
  })

  it('leaves the device model behind, one row an attribute, the last value standing', async () => {
    const s = await station()
    const parts = [[item('60'), { component: 'broken' }, item('x', { variable: {} })], [item('300')]]
    for (const [sequence, items] of parts.entries()) {
      await s.tell('report.part', { requestId: 1, report: 'variables', sequence, last: sequence === 1, items })
    }
    const rows = await database.db
      .selectFrom('station_variable')
      .selectAll()
      .where('station_id', '=', s.stationId)
      .execute()
    expect(rows).toMatchObject([
      {
        component: 'OCPPCommCtrlr',
        evse_number: 1,
        connector_number: 0,
        variable: 'HeartbeatInterval',
        attribute: 'Actual',
        value: '300',
        mutability: 'ReadWrite',
        data_type: 'integer',
        unit: 's',
        max_limit: '3600',
        supports_monitoring: false,
      },
    ])
  })

  it('never keeps a password, whoever tells it', async () => {
    const secret = {
      component: { name: 'SecurityCtrlr' },
      variable: { name: 'BasicAuthPassword' },
      variableAttribute: [{ value: 'hush' }],
    }
    const settings = {
      AuthorizationKey: { value: 'hush', readonly: false },
      HeartbeatInterval: { value: '60', readonly: false },
    }
    const s = await station(async () => ({ kind: 'accepted', result: { settings, unknown: [] } }))
    await s.tell('report.part', {
      requestId: 1,
      report: 'variables',
      sequence: 0,
      last: true,
      items: [secret, item('60')],
    })
    const commandId = await s.ask({ name: 'read_settings' })
    await s.answered(commandId)
    const variables = await database.db
      .selectFrom('station_variable')
      .selectAll()
      .where('station_id', '=', s.stationId)
      .execute()
    const kept = JSON.stringify([await s.notices(), variables, await s.rowOf(commandId)])
    expect(kept).not.toContain('hush')
    expect(kept).toContain('HeartbeatInterval')
    expect(variables).toHaveLength(2)
  })

  it('that never ends is incomplete when its time is over', async () => {
    const s = await station()
    const commandId = await s.ask(asked)
    await s.answered(commandId)
    await giveUpPromise(service())({ organizationId: hub.organizationId, commandId })
    expect(await s.rowOf(commandId)).toMatchObject({ outcome: 'incomplete' })
  })

  it('of which the station says that it is empty, has no end to wait for', async () => {
    const s = await station(async () => ({ kind: 'accepted', result: { empty: true } }))
    const commandId = await s.ask(asked)
    await s.answered(commandId)
    expect(await s.rowOf(commandId)).toMatchObject({ outcome: 'accepted' })
  })
})

describe('a promise', () => {
  const firmware = (requestId: number) =>
    ({ name: 'update_firmware', url: 'https://f.example/a', retrieveAt: at(0).toISOString(), requestId }) as const

  it.each([
    ['installed', 'completed'],
    ['install_verification_failed', 'failed'],
  ])('of firmware ends with %s: %s', async (status, outcome) => {
    const s = await station()
    const commandId = await s.ask(firmware(9))
    await s.answered(commandId)
    await s.follow(await s.tell('firmware.status', { status: 'downloading', requestId: 9 }), 9)
    expect((await s.rowOf(commandId)).outcome).toBe('pending')
    await s.follow(await s.tell('firmware.status', { status, requestId: 9 }), 9)
    expect(await s.rowOf(commandId)).toMatchObject({ outcome, result: { status } })
    await s.follow(await s.tell('firmware.status', { status: 'installed', requestId: 9 }), 9)
    expect((await s.rowOf(commandId)).outcome).toBe(outcome)
  })

  it('is found without its number where the version has none', async () => {
    const s = await station()
    const older = await s.ask({ name: 'get_log', log: 'diagnostics', url: 'https://f.example/up', requestId: 1 })
    await s.answered(older)
    await s.follow(await s.tell('log.status', { status: 'uploaded' }), null)
    expect((await s.rowOf(older)).outcome).toBe('completed')
    const commandId = await s.ask(firmware(2))
    await s.answered(commandId)
    await s.follow(await s.tell('log.status', { status: 'upload_failed' }), null)
    expect((await s.rowOf(commandId)).outcome).toBe('pending')
  })

  it('that is kept at the moment in which it is given stands', async () => {
    let answer = (_reply: CommandReply) => {}
    const s = await station(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    const commandId = await s.ask({
      name: 'start',
      evse: 1,
      token: { value: 'CARD', kind: 'central' },
      remoteStartId: 7,
    })
    await eventually(async () => (await s.rowOf(commandId)).state === 'sent', 'the frame')
    // The transaction's commit holds the row while the answer comes.
    const client = await database.ownerPool.connect()
    await client.query('begin')
    await client.query(`update command set outcome = 'started' where command_id = $1`, [commandId])
    answer({ kind: 'accepted' })
    const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%"command"%' and datname = current_database()`
    await eventually(async () => ((await database.ownerPool.query(waiting)).rowCount ?? 0) > 0, 'the answer to wait')
    await client.query('commit')
    client.release()
    await s.answered(commandId)
    expect(await s.rowOf(commandId)).toMatchObject({ outcome: 'started', outcome_deadline: null })
    expect(await database.db.selectFrom('timer').select('kind').where('key', '=', commandId).execute()).toEqual([])
  })

  it('that is kept before it was given is tried again, and stands', async () => {
    let answer = (_reply: CommandReply) => {}
    const s = await station(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    const commandId = await s.ask(firmware(3))
    await eventually(async () => (await s.rowOf(commandId)).state === 'sent', 'the frame')
    const noticeId = await s.tell('firmware.status', { status: 'installed', requestId: 3 })
    await expect(s.follow(noticeId, 3)).rejects.toMatchObject({ code: 'not_yet' })
    answer({ kind: 'accepted' })
    await s.answered(commandId)
    await s.follow(noticeId, 3)
    expect((await s.rowOf(commandId)).outcome).toBe('completed')
  })
})
