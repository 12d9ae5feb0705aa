// Owns the property of pages: whatever is added while somebody turns them, nothing that was there is lost or shown twice.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
beforeAll(async () => {
  hub = await startHubApi()
  siteId = (await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })).body
    .siteId
})
afterAll(() => hub.close())

let serial = 0
async function addBay(prefix: string): Promise<string> {
  // Names repeat, so that only the tie-break tells rows apart; creation times do, too.
  if (serial % 5 === 0) hub.clock.advance(1)
  const { rows } = await hub.database.pool.query(
    `insert into bay (organization_id, site_id, bay_id, code, name, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $6) returning bay_id`,
    [hub.organizationId, siteId, hub.service.newId(), `${prefix}${++serial}`, prefix, hub.clock.now()],
  )
  return rows[0].bay_id
}

test('no order of reading and adding loses or doubles a record', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        first: fc.integer({ min: 0, max: 30 }),
        limit: fc.integer({ min: 1, max: 11 }),
        sort: fc.constantFrom('code', '-code', 'name', '-name', 'createdAt', '-createdAt'),
        between: fc.array(fc.constantFrom('a', 'b', 'c', 'Ä', '%'), { maxLength: 12 }),
      }),
      async ({ first, limit, sort, between }) => {
        await hub.database.ownerPool.query('delete from bay')
        const there: string[] = []
        for (let i = 0; i < first; i++) there.push(await addBay(['b', 'c', 'Z'][i % 3] ?? ''))
        const seen: string[] = []
        const added = [...between]
        let cursor: string | null = ''
        while (cursor !== null) {
          const answer: Json = await hub.call(
            'GET',
            `/bays?sort=${sort}&limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`,
          )
          expect(answer.status).toBe(200)
          seen.push(...answer.body.items.map((bay: Json) => bay.bayId))
          expect(answer.body.items.length).toBeLessThanOrEqual(limit)
          cursor = answer.body.nextCursor
          const next = added.shift()
          if (next !== undefined) await addBay(next)
        }
        expect(new Set(seen).size).toBe(seen.length)
        expect(there.filter((id) => !seen.includes(id))).toEqual([])
        const { rows } = await hub.database.pool.query(
          `select bay_id from bay where bay_id = any($1) order by ${{ code: 'code', name: 'name', createdAt: 'created_at' }[sort.replace('-', '')]}
           ${sort.startsWith('-') ? 'desc' : ''}, bay_id ${sort.startsWith('-') ? 'desc' : ''}`,
          [there],
        )
        expect(seen.filter((id) => there.includes(id))).toEqual(rows.map((row) => row.bay_id))
      },
    ),
    { numRuns: 25 },
  )
}, 120_000)

test('a cursor of another list, another order or nobody is refused', async () => {
  await hub.database.ownerPool.query('delete from bay')
  for (let i = 0; i < 3; i++) await addBay('x')
  const { nextCursor } = (await hub.call('GET', '/bays?limit=1')).body
  const crafted = (place: unknown) => Buffer.from(JSON.stringify(place)).toString('base64url')
  for (const query of [
    `sort=name&cursor=${nextCursor}`,
    `sort=-code&cursor=${nextCursor}`,
    `cursor=${crafted(['createdAt', 'yesterday', 'x'])}&sort=createdAt`,
    `cursor=${crafted(['createdAt', '2026-99-99 00:00:00+00', hub.organizationId])}&sort=createdAt`,
    `cursor=${crafted(['code', '\u0000', hub.organizationId])}`,
    `cursor=${crafted(['code', 'x'])}`,
    `cursor=${crafted({ length: 3 })}`,
    'cursor=AAAA',
  ]) {
    const answer = await hub.call('GET', `/bays?limit=1&${query}`)
    expect([query, answer.status]).toEqual([query, 422])
  }
  expect((await hub.call('GET', `/areas?cursor=${nextCursor}`)).body).toMatchObject({ items: [] })
})
