// Owns the proof of the reporting reader with its real driver: each row told once, at the right instant, whatever the server does.
// Must not prove what a real SQL Server thinks of the statements; there is none here.

import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import reporting from '../../../adapters/skidata/reporting/index.ts'
import { rowSays } from '../../../adapters/skidata/reporting/row-facts.ts'
import { sqlServer } from '../../../adapters/skidata/reporting/row-source.ts'
import { views } from '../../../adapters/skidata/reporting/views.ts'
import type { AnyPlugin, ParcsLink } from '../../../core/plugin/index.ts'
import { manualClock } from '../../../core/testing/manual-clock.ts'
import { type TestHub, testHub } from '../../host/hub.ts'
import { type Garage, openGarage, staysOf } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { openSqlServer, type SimRow, type SqlServer, sqlPassword, sqlUser } from '../../sim/skidata/sql-server.ts'
import { garagePorts } from '../open-connection.ts'

let database: TestDatabase
let server: SqlServer
let hub: TestHub
let garage: Garage
let link: ParcsLink
const schedules = new Map<string, (signal: AbortSignal) => Promise<void>>()

const held: AnyPlugin = {
  ...(reporting as AnyPlugin),
  setup: (ctx) =>
    reporting.setup({
      ...ctx,
      get db() {
        return ctx.db
      },
      every(cron: string, name: string, run: (signal: AbortSignal) => Promise<void>) {
        schedules.set(name, run)
        return ctx.every(cron, name, run)
      },
      provide: (name: 'parcs', given: { connect(...doors: never[]): Promise<ParcsLink> }) =>
        ctx.provide(name, {
          connect: async (...doors: never[]) => {
            link = await given.connect(...doors)
            return link
          },
        } as never),
    } as never),
}

async function open(at: string, config: object = {}) {
  garage = await openGarage(database.db, { clock: manualClock(new Date(at)) })
  hub = await testHub(database, [held], {
    organizationId: garage.organizationId,
    clock: garage.clock,
    ports: garagePorts(garage),
  })
  const connectionId = await hub.connect(held, {
    config: { address: server.address, user: sqlUser, encrypt: false, ...config },
    secrets: { password: sqlPassword },
    siteId: garage.siteId,
  })
  garage = { ...garage, connectionId }
}
const follow = async (name = 'follow') => schedules.get(name)?.(new AbortController().signal)
const facts = async () =>
  (
    await database.pool.query(
      'select type, revision, occurred_at as at, stay_ref as stay, data from parking_fact order by occurred_at, type, revision',
    )
  ).rows as { type: string; revision: number; at: Date; stay: string | null; data: Record<string, unknown> }[]

beforeEach(async () => {
  database = await createTestDatabase()
  server = await openSqlServer()
  for (const { view, columns, optional } of Object.values(views))
    server.views.set(view, { columns: [...columns, ...optional], rows: [] })
})
afterEach(async () => {
  await hub?.stop()
  await server.close()
  await database.drop()
})

const put = (view: keyof typeof views, row: SimRow) => server.views.get(view)?.rows.push(row)
const movement = (Time: string, MovementType: string, CardNo: string, more: SimRow = {}): SimRow => ({
  Time,
  MovementType,
  CardNo,
  FacilityNo: '1',
  DeviceNo: '101',
  RejectionNo: '0',
  DeviceDesig: 'Entry 1',
  ...more,
})
const paid = (Time: string, CardNo: string, Revenue: string, more: SimRow = {}): SimRow => ({
  Time,
  CardNo,
  Revenue,
  FacilityNo: '1',
  DeviceNo: '301',
  TransactionNo: '7',
  ...more,
})

describe('rows of the reporting database', () => {
  test('become stays with their money, once, however often they are read', async () => {
    await open('2019-03-10T20:00:00Z')
    put('ParkingMovements', movement('2019-03-10T09:00:00.000', '0', 'T1', { PlateNo: 'WOB AB 1' }))
    put('RevenueParkingTrans', paid('2019-03-10T10:00:00.000', 'T1', '12.3000'))
    put('ParkingMovements', movement('2019-03-10T10:05:00.123', '4', 'T1', { DeviceNo: '201' }))
    put('ContractParkerMovements', movement('2019-03-10T08:00:00.000', '0', 'C1', { SerialNo: '04A3C6CAE26180' }))
    put(
      'ParkingMovements',
      movement('2019-03-10T09:30:00.000', '0', 'T2', { RejectionNo: '17', RejectionDesig: 'Expired' }),
    )
    put('ParkingMovements', movement('2019-03-10T09:31:00.000', '9', 'T3'))
    for (let time = 0; time < 3; time++) await follow()
    await follow('late')
    const told = await facts()
    expect(told.map(({ type, at }) => [type, at.toISOString()])).toEqual([
      ['gate.passed', '2019-03-10T15:00:00.000Z'],
      ['gate.passed', '2019-03-10T16:00:00.000Z'],
      ['gate.decided', '2019-03-10T16:30:00.000Z'],
      ['payment.captured', '2019-03-10T17:00:00.000Z'],
      ['gate.passed', '2019-03-10T17:05:00.123Z'],
    ])
    expect(told[2]?.data).toMatchObject({ decision: 'declined', reasonCode: 'Expired' })
    expect(told[3]).toMatchObject({
      stay: told[1]?.stay,
      data: { amountMinor: 1230, currency: 'USD', scope: 'parking', vendorTransaction: '1/301/7' },
    })
    const stays = await staysOf(garage)
    expect(stays.map(({ state, parker_kind }) => `${parker_kind} ${state}`).sort()).toEqual([
      'contract open',
      'transient closed',
    ])
    expect(await link.health?.()).toEqual({ state: 'ok' })
  })

  test('of two facilities with the same numbers are kept apart', async () => {
    await open('2019-03-10T20:00:00Z')
    for (const FacilityNo of ['1', '2'])
      put('ParkingMovements', movement('2019-03-10T09:00:00.000', '0', 'T1', { FacilityNo }))
    put('ParkingMovements', movement('2019-03-10T10:00:00.000', '4', 'T1', { FacilityNo: '2' }))
    await follow()
    expect((await staysOf(garage)).map(({ state }) => state).sort()).toEqual(['closed', 'open'])
    const lanes = await database.pool.query('select distinct lane_code as lane from parking_fact order by 1')
    expect(lanes.rows).toEqual([{ lane: '1/101' }, { lane: '2/101' }])
  })

  test('of facilities of other sites are left out', async () => {
    await open('2019-03-10T20:00:00Z', { facilityNos: [2] })
    for (const FacilityNo of ['1', '2'])
      put('ParkingMovements', movement('2019-03-10T09:00:00.000', '0', 'T1', { FacilityNo }))
    await follow()
    expect(await facts()).toHaveLength(1)
  })

  test('that change are told again as the next revision, of the same stay', async () => {
    await open('2019-03-10T20:00:00Z')
    const row = movement('2019-03-10T12:30:00.000', '0', 'T1', { PlateNo: 'WRONG' })
    put('ParkingMovements', row)
    await follow()
    row.PlateNo = 'RIGHT'
    await follow()
    const told = await facts()
    expect(told.map(({ revision }) => revision)).toEqual([1, 2])
    expect(await staysOf(garage)).toHaveLength(1)
    expect(JSON.stringify(told[1]?.data)).toContain('RIGHT')
  })

  test('that come hours late are found by the hourly look', async () => {
    await open('2019-03-10T20:00:00Z')
    await follow()
    put('ParkingMovements', movement('2019-03-10T04:30:00.000', '0', 'T1'))
    await follow()
    expect(await facts()).toEqual([])
    await follow('late')
    expect(await facts()).toHaveLength(1)
  })

  test('are read whole when there are more than one answer holds', async () => {
    await open('2019-03-10T20:00:00Z')
    const second = (i: number) =>
      `2019-03-10T0${4 + Math.floor(i / 3_600)}:${String(Math.floor(i / 60) % 60).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}.000`
    for (let i = 0; i < 5_200; i++) put('ParkingMovements', movement(second(i), '9', `T${i}`))
    put('ParkingMovements', movement(second(5_200), '0', 'LAST'))
    await follow()
    expect((await facts()).map(({ at }) => at.toISOString())).toEqual(['2019-03-10T12:26:40.000Z'])
    const spans = server.asked.flatMap(({ params }) => (params.from ? [`${params.from} ${params.until}`] : []))
    expect(new Set(spans).size).toBeGreaterThan(6)
  })
})

describe('the hour that comes twice', () => {
  // 2019-11-03, America/Los_Angeles: 01:00 to 02:00 comes twice; 08:00Z and 09:00Z.
  const entry = (minute: string, card: string) => movement(`2019-11-03T01:${minute}:00.000`, '0', card)

  test('read as it happens, each row is the instant it was read near', async () => {
    await open('2019-11-03T08:31:00Z')
    put('ParkingMovements', entry('30', 'T1'))
    await follow()
    garage.clock.advanceTo(new Date('2019-11-03T09:31:00Z'))
    put('ParkingMovements', entry('30', 'T2'))
    put('ParkingMovements', movement('2019-11-03T01:20:00.000', '4', 'T1', { DeviceNo: '201' }))
    await follow()
    expect((await facts()).map(({ at, type }) => [at.toISOString(), type])).toEqual([
      ['2019-11-03T08:30:00.000Z', 'gate.passed'],
      ['2019-11-03T09:20:00.000Z', 'gate.passed'],
      ['2019-11-03T09:30:00.000Z', 'gate.passed'],
    ])
    expect((await staysOf(garage)).map(({ state }) => state).sort()).toEqual(['closed', 'open'])
  })

  test('two rows alike to the last column are two, an hour apart', async () => {
    await open('2019-11-03T08:31:00Z')
    put('ParkingMovements', entry('30', 'T1'))
    await follow()
    garage.clock.advanceTo(new Date('2019-11-03T09:31:00Z'))
    put('ParkingMovements', entry('30', 'T1'))
    for (let time = 0; time < 2; time++) await follow()
    expect((await facts()).map(({ at }) => at.toISOString())).toEqual([
      '2019-11-03T08:30:00.000Z',
      '2019-11-03T09:30:00.000Z',
    ])
  })

  test('an exit read long after is not before its entry', async () => {
    await open('2019-11-03T08:46:00Z')
    put('ParkingMovements', entry('45', 'T1'))
    await follow()
    put('ParkingMovements', movement('2019-11-03T01:10:00.000', '4', 'T1'))
    await follow()
    expect((await facts()).map(({ at }) => at.toISOString())).toEqual([
      '2019-11-03T08:45:00.000Z',
      '2019-11-03T09:10:00.000Z',
    ])
  })

  test('and an hour that never comes is read as if the device’s clock had not been set', async () => {
    await open('2019-03-10T20:00:00Z')
    put('ParkingMovements', movement('2019-03-10T02:30:00.000', '0', 'T1'))
    await follow()
    expect((await facts()).map(({ at }) => at.toISOString())).toEqual(['2019-03-10T10:30:00.000Z'])
  })
})

describe('what goes wrong', () => {
  test('nothing is lost when the server fails between two questions, and it is asked again', async () => {
    await open('2019-03-10T20:00:00Z')
    put('ParkingMovements', movement('2019-03-10T12:00:00.000', '0', 'T1'))
    for (const fault of ['error', 'cut'] as const) {
      server.fail.push(fault)
      await expect(follow()).rejects.toMatchObject({ code: 'not_ready' })
      expect(await link.health?.()).toMatchObject({ state: 'degraded' })
    }
    await follow()
    expect(await facts()).toHaveLength(1)
    expect(await link.health?.()).toEqual({ state: 'ok' })
  })

  test('hostile rows are left out or told without what is hostile, and the next one is read', async () => {
    await open('2019-03-10T20:00:00Z')
    const odd: SimRow[] = [
      movement('2019-03-10T12:00:01.000', '0', 'A\u0000B'),
      movement('2019-03-10T12:00:02.000', 'zero', 'T9'),
      movement('2019-03-10T12:00:03.000', '0', "'; drop table stay; --"),
      movement('2019-03-10T12:00:04', '0', 'x'.repeat(200)),
      movement('2019-03-10T12:00:05.x', '0', 'T8'),
      { Time: '2019-03-10T12:00:06.000' },
    ]
    for (const row of odd) put('ParkingMovements', row)
    for (const Revenue of ['NaN', '1e5', '9999999999999.9999', '', '0.0000'])
      put('RevenueParkingTrans', paid('2019-03-10T12:10:00.000', 'T1', Revenue, { TransactionNo: Revenue }))
    put('ParkingMovements', movement('2019-03-10T12:30:00.000', '0', 'T1'))
    await follow()
    const told = await facts()
    expect(told.filter(({ type }) => type !== 'gate.passed')).toEqual([])
    expect(told.at(-1)).toMatchObject({ at: new Date('2019-03-10T19:30:00Z') })
    expect(hub.lines.some(({ fields }) => String(fields.reason).includes('Revenue'))).toBe(true)
  })

  const check = async (change: object = {}, password = sqlPassword) =>
    reporting
      .check?.(
        { address: server.address, user: sqlUser, encrypt: false, ...change },
        { signal: AbortSignal.timeout(15_000), fetch, clock: garage.clock, secret: async () => password },
      )
      .then(
        () => 'ok',
        (error: Error) => `${error.name}: ${error.message}`,
      )

  test('the check names the view and the columns that are missing', async () => {
    expect(await check()).toBe('ok')
    server.views.delete('ContractParkerMovements')
    server.views.set('RevenueParkingTrans', { columns: ['Time', 'DeviceNo', 'CardNo'], rows: [] })
    const said = await check()
    expect(said).toContain('The view dbo.ContractParkerMovements is missing')
    expect(said).toContain('The view dbo.RevenueParkingTrans lacks TransactionNo, Revenue.')
    await open('2019-03-10T20:00:00Z')
    await follow()
    expect((await link.health?.())?.reason).toContain('lacks TransactionNo, Revenue')
  })

  test('the check tells a wrong login from a server that is not there, and from one that speaks something else', async () => {
    expect(await check({}, 'wrong')).toContain('AuthFailed: The SQL Server refuses the login')
    const dead = await openSqlServer()
    await dead.close()
    expect(await check({ address: dead.address })).toContain('NotReady: The SQL Server could not be asked')
    for (const speak of [
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      '\u0004\u0001\u0000\u0009\u0000\u0000\u0000\u0000\u0000',
      '',
    ]) {
      const hostile: Server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.once('data', () => socket.end(speak))
      })
      await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve))
      const address = hostile.address()
      const port = typeof address === 'object' && address ? address.port : 0
      expect(await check({ address: `tcp://127.0.0.1:${port}` })).toContain('NotReady')
      await new Promise((resolve) => hostile.close(resolve))
    }
  })

  test('a question that is not answered ends when the connection does', async () => {
    const source = sqlServer(
      { address: server.address, database: 'PARK_DB', user: sqlUser, encrypt: false, trustServerCertificate: false },
      async () => sqlPassword,
    )
    const stop = new AbortController()
    server.fail.push('mute')
    const asking = source.query(
      'SELECT 1 AS [a] FROM [dbo].[ParkingMovements]',
      { most: 1, from: '', until: '' },
      stop.signal,
    )
    asking.catch(() => undefined)
    while (server.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    await expect(asking).rejects.toMatchObject({ code: 'not_ready' })
    await source.close()
  })

  test('statements only read, and carry values as parameters', async () => {
    await open('2019-03-10T20:00:00Z')
    await follow()
    expect(server.asked.length).toBeGreaterThan(3)
    for (const { sql } of server.asked) {
      expect(sql).toMatch(/^SELECT /)
      expect(sql).not.toMatch(/insert|update|delete|merge|exec|into|;/i)
      expect(sql).not.toContain('2019')
    }
  })
})

test('other numbers for entries and exits are the operator’s to say', () => {
  const types = { entryTypes: [0, 10], exitTypes: [11] }
  const says = (MovementType: string, RejectionNo = '0') =>
    rowSays('ParkingMovements', { MovementType, RejectionNo }, types)
  expect(['0', '10', '11', '4', '', 'x'].map((type) => says(type))).toEqual([
    ...['entry', 'entry', 'exit', 'other', 'other', 'other'],
  ])
  expect(says('11', '3')).toBe('refused')
})
