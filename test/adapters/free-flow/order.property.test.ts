// Owns the property of free-flow messages: any order and any doubling of what is told of a parking ends in the same stay and money.
// Must not know how revisions are given.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import autopayPlugin from '../../../adapters/free-flow/autopay/index.ts'
import easyparkPlugin from '../../../adapters/free-flow/easypark/index.ts'
import type { AnyPlugin } from '../../../core/plugin/index.ts'
import { staysOf } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Autopay, autopaySecret, inboundSecret, openAutopay } from '../../sim/free-flow/autopay.ts'
import { openEasyPark } from '../../sim/free-flow/easypark.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'

let runs = 0

async function standing(line: OpenConnection, ref: string) {
  const stay = (await staysOf(line.garage)).find(({ stay_ref }) => stay_ref === ref)
  const { rows } = await line.hub.database.pool.query<{ sum: string | null }>(
    `select sum(case kind when 'captured' then amount_minor when 'refunded' then -amount_minor else 0 end) as sum
     from payment where stay_id = $1`,
    [stay?.stay_id],
  )
  const { amountMinor, taxMinor } = (stay?.price ?? {}) as { amountMinor?: number; taxMinor?: number }
  return {
    state: stay?.state,
    plate: stay?.plate,
    enteredAt: stay?.entered_at?.toISOString(),
    exitedAt: stay?.exited_at?.toISOString(),
    paid: stay?.paid_minor,
    money: Number(rows[0]?.sum ?? 0),
    amountMinor,
    taxMinor,
  }
}

/** Positions to send, each at least once; `later` comes for the first time after `earlier` has. */
const deliveries = (count: number, inOrder: readonly [number, number][]) =>
  fc
    .tuple(
      fc.shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count }),
      fc.array(fc.nat(count - 1), { maxLength: 8 }),
      fc.infiniteStream(fc.nat(100)),
    )
    .map(([order, again, places]) => {
      const list = [...order]
      for (const [earlier, later] of inOrder) {
        const [a, b] = [list.indexOf(earlier), list.indexOf(later)]
        if (a > b) [list[a], list[b]] = [later, earlier]
      }
      // A repeat comes after its first.
      for (const one of again) {
        const first = list.indexOf(one)
        const place = first + 1 + ((places.next().value as number) % (list.length - first))
        list.splice(place, 0, one)
      }
      return list
    })

describe('Autopay', () => {
  let database: TestDatabase
  let line: OpenConnection
  let autopay: Autopay
  beforeAll(async () => {
    database = await createTestDatabase()
    autopay = await openAutopay()
    line = await openConnection(database, autopayPlugin as AnyPlugin, {
      config: { baseUrl: autopay.url, tokenUrl: `${autopay.url}/oauth/token`, clientId: 'hub' },
      secrets: { inbound: inboundSecret, clientSecret: autopaySecret },
    })
  })
  afterAll(async () => {
    await line.stop()
    await autopay.close()
    await database.drop()
  })

  const play = async (list: readonly number[], cancelled: boolean) => {
    const id = `run-${++runs}`
    const parking = autopay.add(id, `T${runs}`)
    const messages: [string, object][] = [
      ['entry', autopay.entry({ ...parking, plate: 'MISREAD' })],
      ['entry', autopay.entry(parking)],
      ['ended', autopay.ended(parking, '10')],
      ['ended', autopay.ended(parking, '7.50')],
      ...(cancelled ? [['cancelled', { parking_id: id, reference: 'r' }] as [string, object]] : []),
    ]
    for (const index of list) {
      const [path, body] = messages[index] ?? ['', {}]
      expect((await autopay.tell(`${line.url}/${path}`, body)).status).toBe(200)
    }
    const stay = await standing(line, id)
    return { ...stay, plate: stay.plate?.replace(/\d+$/, '') }
  }
  const whole = {
    state: 'closed',
    plate: 'T',
    enteredAt: '2019-03-10T11:00:00.000Z',
    exitedAt: '2019-03-10T11:55:00.000Z',
    paid: 0,
    money: 0,
  }

  // Autopay's messages carry no version: which of two contents is newer is known by which was told first.
  const corrections: [number, number][] = [
    [0, 1],
    [2, 3],
  ]
  test('entry, its correction, the end and its correction', async () => {
    await fc.assert(
      fc.asyncProperty(deliveries(4, corrections), async (list) => {
        expect(await play(list, false)).toEqual({ ...whole, amountMinor: 750, taxMinor: 150 })
      }),
      { numRuns: 15 },
    )
  }, 240_000)

  test('and a cancellation among them, wherever it comes', async () => {
    await fc.assert(
      fc.asyncProperty(deliveries(5, corrections), async (list) => {
        expect(await play(list, true)).toEqual({ ...whole, amountMinor: 0, taxMinor: 0 })
      }),
      { numRuns: 15 },
    )
  }, 240_000)
})

describe('EasyPark', () => {
  let database: TestDatabase
  let line: OpenConnection
  beforeAll(async () => {
    database = await createTestDatabase()
    line = await openConnection(database, easyparkPlugin as AnyPlugin, {
      config: {},
      secrets: { inbound: inboundSecret },
    })
  })
  afterAll(async () => {
    await line.stop()
    await database.drop()
  })

  test('a transaction and two corrections, repeated at will', async () => {
    await fc.assert(
      fc.asyncProperty(
        deliveries(3, [
          [0, 1],
          [1, 2],
          [0, 1],
        ]),
        fc.nat(5_000),
        async (list, cents) => {
          const id = ++runs
          const vendor = openEasyPark(() => `${line.url}/transactions`, { 'x-api-key': inboundSecret })
          const price = (minor: number) => ({
            price: minor / 100,
            priceVatAmount: 0,
            priceExclusiveVatAmount: minor / 100,
          })
          const versions = [
            vendor.transaction(id, { ...price(cents), licenseNumber: 'WRONG1' }),
            vendor.transaction(id, { ...price(cents), licenseNumber: 'RIGHT1' }),
            vendor.transaction(id, { ...price(cents + 1), licenseNumber: 'RIGHT1' }),
          ]
          const seen = new Set<number>()
          for (const index of list) {
            vendor.pending.push(versions[index] ?? {})
            expect(await vendor.round()).toEqual([seen.has(index) ? 409 : 200])
            seen.add(index)
          }
          expect(await standing(line, String(id))).toMatchObject({
            state: 'closed',
            plate: 'RIGHT1',
            paid: cents + 1,
            money: cents + 1,
            amountMinor: cents + 1,
          })
        },
      ),
      { numRuns: 20 },
    )
  }, 240_000)
})
