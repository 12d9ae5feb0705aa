// Owns the proof of the EasyPark plugin against a simulated EasyPark: a parking and its money once, whatever is repeated or corrected.
// Must not test the derivation of stays; the domain's tests do.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import easypark from '../../../adapters/free-flow/easypark/index.ts'
import type { AnyPlugin } from '../../../core/plugin/index.ts'
import { staysOf } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type EasyPark, openEasyPark } from '../../sim/free-flow/easypark.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'

const inbound = 'what-EasyPark-presents'
const basic = { authorization: `Basic ${Buffer.from(`easypark:${inbound}`).toString('base64')}` }
let database: TestDatabase
let line: OpenConnection
let vendor: EasyPark

async function open(config: object = {}) {
  line = await openConnection(database, easypark as AnyPlugin, { config, secrets: { inbound } })
  vendor = openEasyPark(() => `${line.url}/transactions`, basic)
}
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(async () => {
  await line.stop()
  await database.drop()
})

const money = async () => {
  const rows = await line.garage.db.selectFrom('payment').select(['kind', 'amount_minor', 'method']).execute()
  return rows.reduce((sum, { kind, amount_minor }) => sum + (kind === 'captured' ? 1 : -1) * Number(amount_minor), 0)
}
const post = (body: string | Uint8Array, headers: Record<string, string> = basic, path = 'transactions') =>
  fetch(`${line.url}/${path}`, { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> })

describe('a transaction', () => {
  test('is a stay that is over, with its price and the money that EasyPark took', async () => {
    await open()
    vendor.pending.push(vendor.transaction(2791368361))
    expect(await vendor.round()).toEqual([200])
    const [stay] = await staysOf(line.garage)
    expect(stay).toMatchObject({ stay_ref: '2791368361', state: 'closed', plate: 'ABC123', paid_minor: 2245 })
    expect(stay?.entered_at?.toISOString()).toBe('2019-03-10T10:02:37.000Z')
    expect(stay?.exited_at?.toISOString()).toBe('2019-03-10T11:12:00.000Z')
    expect(stay?.price).toMatchObject({ amountMinor: 2245, taxMinor: 449, currency: 'USD', final: true })
    expect(await money()).toBe(2245)
  })

  test('that the hub bills is a price and no payment', async () => {
    await open({ collects: 'hub' })
    vendor.pending.push(vendor.transaction(1))
    await vendor.round()
    expect((await staysOf(line.garage))[0]).toMatchObject({ paid_minor: 0, price: { amountMinor: 2245, final: true } })
    expect(await money()).toBe(0)
  })

  test('that is repeated is known (409), and its correction replaces it; the old one, coming late, changes nothing', async () => {
    await open()
    const first = vendor.transaction(5)
    const corrected = vendor.transaction(5, {
      licenseNumber: 'ABD123',
      price: 10,
      priceVatAmount: 2,
      priceExclusiveVatAmount: 8,
    })
    vendor.pending.push(first, first, corrected, first)
    expect(await vendor.round()).toEqual([200, 409, 200, 409])
    expect(vendor.pending).toEqual([])
    expect(await staysOf(line.garage)).toMatchObject([{ stay_ref: '5', plate: 'ABD123', paid_minor: 1000 }])
    expect(await money()).toBe(1000)
    const again = await post(JSON.stringify(first))
    expect(await again.json()).toMatchObject({
      status: 'duplicate',
      revision: 1,
      standing: 2,
      reason: /replaced it and stands/,
    })
  })

  test('that was told during an outage comes at the next hour, and is marked as late', async () => {
    await open()
    const real = line.url
    line.url = 'http://127.0.0.1:1'
    vendor.pending.push(vendor.transaction(7))
    expect(await vendor.round()).toEqual([0])
    line.url = real
    expect(await vendor.round()).toEqual([200])
    const facts = await line.garage.db.selectFrom('parking_fact').select('backfilled').execute()
    expect(facts.map(({ backfilled }) => backfilled)).toEqual([true, true, true, true])
  })

  test('corrected down to nothing gives all money back', async () => {
    await open()
    vendor.pending.push(
      vendor.transaction(8),
      vendor.transaction(8, { price: 0, priceVatAmount: 0, priceExclusiveVatAmount: 0 }),
    )
    await vendor.round()
    expect(await money()).toBe(0)
    expect(await staysOf(line.garage)).toMatchObject([{ paid_minor: 0, price: { amountMinor: 0 } }])
  })

  test('of another area is answered and left out', async () => {
    await open({ areas: ['9'] })
    const answer = await post(JSON.stringify(vendor.transaction(9)))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ status: 'left_out', reason: /291048/ })
    expect(await staysOf(line.garage)).toEqual([])
  })
})

describe('the caller', () => {
  test('is known by Basic or by the agreed header, by the old secret and the new one', async () => {
    await open({ keyHeader: 'X-Fleet-Key' })
    const body = JSON.stringify(vendor.transaction(1))
    expect((await post(body, { 'x-fleet-key': inbound })).status).toBe(200)
    expect((await post(body, basic)).status).toBe(409)
    for (const headers of [
      {},
      { 'x-fleet-key': 'another' },
      { authorization: `Basic ${Buffer.from(`x:${inbound}`).toString('base64')}` },
      { authorization: 'Basic %%%' },
    ])
      expect((await post(body, headers)).status).toBe(401)
  })
})

describe('what cannot be read is refused with its place, and changes nothing', () => {
  const cases: [string, object, string][] = [
    ['no id', { parkingId: null }, '/parkingId'],
    ['an id that is no whole number', { parkingId: 1.5 }, '/parkingId'],
    ['an id beyond what JSON carries', { parkingId: 2 ** 60 }, '/parkingId'],
    ['no plate', { licenseNumber: ' ' }, '/licenseNumber'],
    ['a plate with NUL', { licenseNumber: 'A\0B' }, '/licenseNumber'],
    ['a time without offset', { startDate: '2019-03-10T10:02:37' }, '/startDate'],
    ['a day that is not', { endDate: '2019-02-30T10:02:37Z' }, '/endDate'],
    ['an end before the start', { endDate: '2019-03-10T09:00:00Z' }, '/endDate'],
    ['a third digit of a cent', { price: 22.455 }, '/price'],
    ['a price below zero', { price: -1 }, '/price'],
    ['a price that is no number', { price: { amount: 1 } }, '/price'],
    ['no currency', { currency: 'kr' }, '/currency'],
    ['a time before all time', { startDate: '0001-01-01T00:00:00Z' }, '/startDate'],
    ['a time years ahead', { endDate: '2031-01-01T00:00:00Z' }, '/endDate'],
  ]
  test.each(cases)('%s', async (_, more, pointer) => {
    await open()
    const answer = await post(JSON.stringify(vendor.transaction(1, more)))
    expect(answer.status).toBe(422)
    const { errors } = (await answer.json()) as { errors: { pointer: string }[] }
    expect(errors.map((one) => one.pointer)).toContain(pointer)
    expect(await staysOf(line.garage)).toEqual([])
    vendor.pending.push(vendor.transaction(1))
    expect(await vendor.round()).toEqual([200])
  })

  test('hostile bodies', async () => {
    await open()
    const utf16 = Buffer.from(JSON.stringify(vendor.transaction(1)), 'utf16le')
    const bodies: [string | Uint8Array, number][] = [
      ['', 400],
      ['{"parkingId": 1', 400],
      [`${'['.repeat(50_000)}`, 400],
      [utf16, 400],
      [Buffer.from([0xff, 0xfe, 0x00]), 400],
      ['<!DOCTYPE a [<!ENTITY b "&b;&b;">]><a>&b;</a>', 400],
      ['[]', 422],
      ['null', 422],
      ['{"__proto__": {"parkingId": 1}}', 422],
      [`{"parkingId": "${'9'.repeat(70_000)}"}`, 413],
    ]
    for (const [body, status] of bodies) expect((await post(body)).status).toBe(status)
    expect((await post('{}', { ...basic, 'content-encoding': 'gzip' })).status).toBe(415)
    expect((await post('{}', basic, 'nothing')).status).toBe(404)
    expect((await fetch(`${line.url}/transactions`, { headers: basic })).status).toBe(405)
    expect(await staysOf(line.garage)).toEqual([])
  })
})
