// Owns the proof that a file is taken once whatever is done to it: sent twice, renamed, cut, appended, corrected, broken off.
// Must not know where files come from.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FileDb } from '../../../adapters/parcs-files/intake/tables.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { header, taker } from './shop.ts'

let database: TestDatabase
let db: FileDb
beforeAll(async () => {
  database = await createTestDatabase()
  const { fileTables } = await import('./shop.ts')
  db = await fileTables(database)
})
afterAll(() => database.drop())

const file = (...lines: string[]) => `${[header, ...lines].join('\r\n')}\r\n`
const one = 'T1;B-AA 1;26.10.2019 10:00:00;26.10.2019 12:30:00;5,50'
const two = 'T2;B-BB 2;26.10.2019 11:00;;'

describe('a file', () => {
  test('becomes stays and payments, in the zone and the currency of the site', async () => {
    const shop = taker(db)
    const taken = await shop.take(file(one, two))
    expect(taken.kind).toBe('done')
    expect(shop.now()).toMatchObject({
      'stay.opened:T1': {
        stayRef: 'T1',
        data: {
          enteredAt: '2019-10-26T08:00:00.000Z',
          credentials: [
            { kind: 'plate', value: 'B-AA 1' },
            { kind: 'ticket', value: 'T1' },
          ],
        },
      },
      'stay.closed:T1': { data: { enteredAt: '2019-10-26T08:00:00.000Z', exitedAt: '2019-10-26T10:30:00.000Z' } },
      'payment.captured:T1': { data: { amountMinor: 550, currency: 'EUR', scope: 'parking' } },
      'stay.opened:T2': { data: { enteredAt: '2019-10-26T09:00:00.000Z' } },
    })
    expect(Object.keys(shop.now())).toHaveLength(4)
  })

  test('is known when it comes again under another name, and its lines are when they stand in another file', async () => {
    const shop = taker(db)
    await shop.take(file(one, two))
    const before = shop.revisions()
    expect((await shop.take(file(one, two), 'again.csv')).kind).toBe('known')
    const taken = await shop.take(file(two, one, one), 'turned.csv')
    expect(shop.revisions()).toEqual(before)
    expect(taken.kind === 'done' && (await shop.file(taken.fileId))).toMatchObject({ stored: 0, known: 3 })
  })

  test('that is exported again with corrections makes revisions and no doubles; the old file after it changes nothing', async () => {
    const shop = taker(db)
    await shop.take(file(one, two))
    await shop.take(file(one.replace('5,50', '4,00'), two.replace(';;', ';26.10.2019 13:00;2,00')))
    await shop.take(file(one, two, ''), 'old-again.csv')
    expect(shop.now()).toMatchObject({
      'payment.captured:T1': { data: { amountMinor: 400 } },
      'payment.captured:T2': { data: { amountMinor: 200 } },
    })
    expect(shop.revisions()).toMatchObject({
      'payment.captured:T1': [1, 2],
      'stay.opened:T1': [1],
      'payment.captured:T2': [1],
    })
  })

  test('keeps its place while the hub cannot store, and goes on from it', async () => {
    const shop = taker(db)
    const lines = Array.from({ length: 450 }, (_, i) => `T${i};;26.10.2019 10:00;;`)
    shop.failNext(1)
    await expect(shop.take(file(...lines))).rejects.toThrow('went away')
    expect(shop.now()).toEqual({})
    const taken = await shop.take(file(...lines))
    expect(Object.keys(shop.now())).toHaveLength(450)
    expect(taken.kind === 'done' && (await shop.file(taken.fileId))).toMatchObject({
      stored: 450,
      known: 0,
      rejected: 0,
    })
  })

  test('that is left in the middle is gone on with behind the last batch that was stored', async () => {
    const shop = taker(db)
    const lines = Array.from({ length: 700 }, (_, i) => `T${i};;26.10.2019 10:00;;`)
    const stopped = await shop.take(file(...lines), 'long.csv', AbortSignal.abort())
    expect(stopped.kind).toBe('stopped')
    expect(Object.keys(shop.now())).toHaveLength(200)
    const taken = await shop.take(file(...lines))
    expect(Object.keys(shop.now())).toHaveLength(700)
    expect(taken.kind === 'done' && (await shop.file(taken.fileId))).toMatchObject({
      stored: 700,
      known: 0,
      next_line: 702,
    })
  })

  test('that has not the columns of the mapping is refused by name', async () => {
    const shop = taker(db)
    const taken = await shop.take('Ticket;Einfahrt\n1;2\n')
    expect(taken.kind === 'refused' && (await shop.file(taken.fileId)).reason).toBe(
      'The file has no column "Kennzeichen", "Ausfahrt", "Betrag".',
    )
  })

  test('tells of each bad line where and why, and takes the others', async () => {
    const shop = taker(db)
    await shop.take(
      file(
        one,
        'T3;;26.13.2019 10:00;;',
        'T4;;26.10.2019 10:00;;viel',
        ';;26.10.2019 10:00;;',
        'T5;=cmd|calc;26.10.2019 10:00;;',
        'T6;a;26.10.2019 10:00;;;;x',
        'T7;"b;26.10.2019 10:00;;',
        'T8;\u0000;26.10.2019 10:00;;',
        'T9;;31.03.2019 02:30;;',
        'T10;;26.10.2019 10:00;26.10.2019 11:00;-3,00',
        two,
      ),
    )
    expect(await shop.rejected()).toEqual([
      '3 Einfahrt occurredAt is no date and time written as dd.MM.yyyy HH:mm:ss or dd.MM.yyyy HH:mm',
      '4 Ausfahrt occurredAt is empty',
      '4 Betrag amount is no amount in EUR',
      '5 Ticket key is empty; it is what the row is known by',
      '6 Kennzeichen plate is a formula, holds control characters or is longer than 255 characters',
      '7 - row has 7 cells where the header has 5',
      '8 - row A quotation mark is not closed before the end of the file.',
      '9 - row The line holds a NUL character.',
      '10 Einfahrt occurredAt is a time that the clocks in Europe/Berlin skipped',
      '11 Betrag amount is negative',
    ])
    expect(Object.keys(shop.now())).toEqual([
      'payment.captured:T1',
      'stay.closed:T1',
      'stay.opened:T1',
      'stay.opened:T2',
    ])
  })

  test('of the night the clocks go back: an exit is behind its entry', async () => {
    const shop = taker(db)
    await shop.take(file('N1;;27.10.2019 02:45:00;27.10.2019 02:15:00;'))
    expect(shop.now()).toMatchObject({
      'stay.opened:N1': { data: { enteredAt: '2019-10-27T00:45:00.000Z' } },
      'stay.closed:N1': { data: { exitedAt: '2019-10-27T01:15:00.000Z' } },
    })
  })

  test('that still grows: a last line without its end waits', async () => {
    const shop = taker(db, { growing: true })
    await shop.take(`${file(one)}T2;B-BB 2;26.10.2019 11:0`)
    expect(Object.keys(shop.now())).toHaveLength(3)
    await shop.take(file(one, two))
    expect(Object.keys(shop.now())).toHaveLength(4)
    expect(await shop.rejected()).toEqual([])
  })

  test('with 100 MB in one line is refused line by line in little memory', async () => {
    const shop = taker(db)
    const chunk = Buffer.alloc(1_000_000, 'x')
    const parts = [
      Buffer.from(`${header}\n${one}\nT2;`),
      ...Array.from({ length: 100 }, () => chunk),
      Buffer.from(`\n${two}\n`),
    ]
    const { scanRecords } = await import('../../../adapters/parcs-files/csv/scan-records.ts')
    const kinds: string[] = []
    let most = 0
    const chunks = (async function* () {
      for (const part of parts) {
        most = Math.max(most, process.memoryUsage().arrayBuffers)
        yield part
      }
    })()
    const first = process.memoryUsage().arrayBuffers
    const options = {
      encoding: 'auto',
      delimiter: ';',
      limits: { recordBytes: 65_536 },
      from: { offset: 0, line: 1 },
      head: parts[0] as Buffer,
    } as const
    for await (const each of scanRecords(chunks, options)) kinds.push(`${each.line} ${each.kind}`)
    expect(kinds).toEqual(['1 record', '2 record', '3 refused', '4 record'])
    expect(most - first).toBeLessThan(30_000_000)
    const bomb = await shop.take(`${header}\n${';'.repeat(60_000)}\n${one}\n`)
    expect(bomb.kind).toBe('done')
    expect(await shop.rejected()).toEqual(['2 - row has more than 500 cells'])
  })
})

describe('encodings', () => {
  const text = file('T1;MÜ-ÄÖ 1;26.10.2019 10:00;;')
  const plates = (shop: ReturnType<typeof taker>) => JSON.stringify(shop.now()).includes('MÜ-ÄÖ 1')
  const latin1 = Buffer.from(text, 'latin1')
  test.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`)],
    ['Windows-1252', latin1],
    ['UTF-16 with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 without one', Buffer.from(text, 'utf16le')],
    ['UTF-16, the other way round', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
  ])('%s', async (_, bytes) => {
    const shop = taker(db)
    await shop.take(bytes)
    expect(plates(shop)).toBe(true)
    expect(await shop.rejected()).toEqual([])
  })

  test('Windows-1252 has letters where Latin-1 has none', async () => {
    const shop = taker(db)
    const bytes = Buffer.from(text, 'latin1')
    bytes[bytes.indexOf(0xdc)] = 0x8a
    await shop.take(bytes)
    expect(JSON.stringify(shop.now())).toContain('MŠ-ÄÖ 1')
  })
})

describe('whatever is done to a file,', () => {
  const row = fc
    .record({
      ticket: fc.integer({ min: 1, max: 40 }),
      plate: fc.constantFrom('B-AA 1', '"B;""X"" 2"', '"M\nX 3"', 'ÄÖ 4', ''),
      minute: fc.integer({ min: 0, max: 59 }),
      paid: fc.option(fc.integer({ min: 1, max: 9_999 })),
    })
    .map(({ ticket, plate, minute, paid }) => {
      const at = (hour: number) => `26.10.2019 ${hour}:${String(minute).padStart(2, '0')}`
      const amount = paid === null ? '' : `${Math.floor(paid / 100)},${String(paid % 100).padStart(2, '0')}`
      return { ticket, line: `T${ticket};${plate};${at(10)};${paid === null ? '' : at(12)};${amount}` }
    })
  const rows = fc
    .uniqueArray(row, { minLength: 1, maxLength: 25, selector: ({ ticket }) => ticket })
    .map((all) => all.map(({ line }) => line))
  const joined = (lines: readonly string[]) => file(...lines)
  const runs = { numRuns: 25 }

  test('the books are the same: cut in two, appended, doubled, turned, in chunks of any size', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(), fc.nat(), async (lines, cut, seed) => {
        const whole = taker(db)
        await whole.take(joined(lines))
        const at = cut % (lines.length + 1)
        const apart = taker(db)
        await apart.take(joined(lines.slice(at)), 'b.csv')
        await apart.take(joined(lines.slice(0, at)), 'a.csv')
        const grown = taker(db)
        await grown.take(joined(lines.slice(0, at)))
        await grown.take(joined(lines))
        const doubled = taker(db)
        await doubled.take(joined([...lines, ...lines.slice(seed % lines.length)]))
        await doubled.take(joined([...lines].reverse()))
        for (const other of [apart, grown, doubled]) {
          expect(other.now()).toEqual(whole.now())
          expect(other.revisions()).toEqual(whole.revisions())
        }
        expect(await whole.rejected()).toEqual([])
      }),
      runs,
    )
  })

  test('a growing file may be looked at after any byte', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.array(fc.nat(), { maxLength: 4 }), async (lines, cuts) => {
        const bytes = Buffer.from(joined(lines))
        const whole = taker(db)
        await whole.take(bytes)
        const grown = taker(db, { growing: true })
        const head = Buffer.byteLength(header) + 2
        for (const cut of cuts.map((each) => head + (each % (bytes.length - head))).sort((a, b) => a - b)) {
          const part = bytes.subarray(0, cut)
          // A cell with a line break in it may be cut at the break: its quotation mark is open then.
          if ((part.toString('latin1').match(/"/g) ?? []).length % 2 === 0) await grown.take(part)
        }
        await grown.take(bytes)
        expect(grown.now()).toEqual(whole.now())
        expect(await grown.rejected()).toEqual([])
      }),
      runs,
    )
  })

  test('any bytes at all are refused line by line, and nothing else happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), async (bytes) => {
        const shop = taker(db)
        const taken = await shop.take(bytes)
        expect(['done', 'refused']).toContain(taken.kind)
        const after = await shop.take(
          Buffer.concat([Buffer.from(`${header}\n`), bytes, Buffer.from(`\n"\n${one}\n`)]),
          'b.csv',
        )
        expect(after.kind).toBe('done')
      }),
      runs,
    )
  })
})
