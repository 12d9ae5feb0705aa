// Owns the proof that each energy line stands on one bill and one invoice, whichever sessions are linked to a stay and when.
// Must not know how links are found; test/services/linking does.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemNewId } from '../../../core/runtime/random.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { collectInvoices } from '../../../core/services/invoices/collect-invoices.ts'
import { setTerms } from '../../../core/services/invoices/manage-terms.ts'
import { straightPayments } from '../../../core/store/invoices.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { openGarage } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

type State = 'linked' | 'unlinked'

async function visit() {
  const settings = { settle_delay_minutes: 0, link_window_minutes: 0 }
  const garage = await openGarage(database.db, { settings })
  const { deps, organizationId, siteId, accountId, clock } = garage
  const access = { organizationId, siteIds: null, actor: 'key:test', requestId: 'test' } as const
  const terms = { siteId, cadence: 'month', dueDays: 14, buyer: { name: 'Fleet GmbH' } } as const
  expect(await setTerms(deps)(access, accountId, terms)).toMatchObject({ kind: 'ok' })
  const stayId = await garage.stay({ entry: '2024-06-10T07:55:00Z', exit: '2024-06-10T12:00:00Z', accountId })
  const sessionIds: string[] = []
  for (const [i, energyWh] of [10_000, 20_000, 30_000].entries()) {
    const from = `2024-06-10T0${8 + Math.min(i, 1)}:${i === 2 ? '40' : '05'}:00Z`
    sessionIds.push(await garage.session({ from, charging: 30, energyWh, accountId }))
  }
  clock.advanceTo(new Date('2024-06-12T09:00:00Z'))
  const link = (n: number, state?: State) => garage.link(stayId, sessionIds[n] as string, state)
  const bill = async () => {
    for (const subjectKey of [`stay:${stayId}`, ...sessionIds.map((id) => `session:${id}`)])
      await evaluateBill(deps)({ organizationId, subjectKey })
  }
  const invoice = async (at: string) => {
    clock.advanceTo(new Date(at))
    await collectInvoices(deps)({ organizationId, accountId })
  }
  /** What stands of each session's energy on bills and on invoices, by subject, where anything does. */
  const energy = async () => {
    const { rows } = await database.ownerPool.query<{
      subject_key: string
      session_id: string
      billed: string
      invoiced: string
      most: string
    }>(
      `select b.subject_key, l.session_id, sum(l.total_minor) as billed,
         sum(coalesce(i.total_minor, 0)) as invoiced, max(coalesce(i.times, 0)) as most
       from bill b join bill_line l on l.organization_id = b.organization_id and l.bill_id = b.bill_id
       left join lateral (select sum(v.total_minor) as total_minor, count(*) as times from invoice_line v
         where v.organization_id = l.organization_id and v.bill_id = l.bill_id and v.bill_line = l.line) i on true
       where b.organization_id = $1 and l.kind = 'ENERGY' group by 1, 2 having sum(l.total_minor) <> 0 order by 1, 2`,
      [organizationId],
    )
    return rows.map(({ subject_key: subject, session_id, billed, invoiced, most }) => ({
      on: subject.startsWith('stay:') ? 'stay' : 'itself',
      session: sessionIds.indexOf(session_id),
      billed: Number(billed),
      invoiced: Number(invoiced),
      most: Number(most),
    }))
  }
  const sorted = async () => (await energy()).sort((a, b) => a.session - b.session)
  return { ...garage, stayId, sessionIds, link, bill, invoice, energy: sorted }
}

const prices = [490, 980, 1470]
const standing = (on: readonly ('stay' | 'itself')[]) =>
  on.map((where, session) => ({
    on: where,
    session,
    billed: prices[session],
    invoiced: prices[session],
    most: 1,
  }))

test('two sessions linked to a stay and one whose link was undone: each on one bill and one invoice', async () => {
  const { link, bill, invoice, energy } = await visit()
  for (const n of [0, 1, 2]) await link(n)
  await link(2, 'unlinked')
  for (let i = 0; i < 2; i++) await bill()
  for (let i = 0; i < 2; i++) await invoice('2024-07-01T09:00:00Z')
  expect(await energy()).toEqual(standing(['stay', 'stay', 'itself']))
})

test('the same when all were billed and invoiced alone before, linked then, and one undone after another invoice', async () => {
  const { link, bill, invoice, energy } = await visit()
  await bill()
  await invoice('2024-07-01T09:00:00Z')
  expect(await energy()).toEqual(standing(['itself', 'itself', 'itself']))
  for (const n of [0, 1, 2]) await link(n)
  await bill()
  await invoice('2024-08-01T09:00:00Z')
  expect(await energy()).toEqual(standing(['stay', 'stay', 'stay']))
  await link(2, 'unlinked')
  await bill()
  await invoice('2024-09-01T09:00:00Z')
  expect(await energy()).toEqual(standing(['stay', 'stay', 'itself']))
})

test('a session whose link was undone and that is linked to another stay leaves nothing on the first', async () => {
  const { link, bill, invoice, energy, stay, sessionIds, link: first, ...here } = await visit()
  await first(0)
  await bill()
  await first(0, 'unlinked')
  const other = await stay({ entry: '2024-06-10T07:50:00Z', exit: '2024-06-10T13:00:00Z', accountId: here.accountId })
  const place = { organization_id: here.organizationId, site_id: here.siteId }
  const at = here.clock.now()
  await here.db
    .insertInto('link')
    .values({
      ...place,
      link_id: systemNewId(),
      stay_id: other,
      session_id: sessionIds[0] as string,
      state: 'linked',
      method: 'card',
      score: '0.99',
      evidence: '[]',
      decided_by: 'hub',
      decided_at: at,
      created_at: at,
      updated_at: at,
    })
    .execute()
  await bill()
  await evaluateBill(here.deps)({ organizationId: here.organizationId, subjectKey: `stay:${other}` })
  await invoice('2024-07-01T09:00:00Z')
  expect(await energy()).toEqual(standing(['stay', 'itself', 'itself']))
})

test('money paid for linked sessions settles their stay’s invoice, each payment once; that of the undone one its own', async () => {
  const { link, bill, invoice, pay, sessionIds, ...here } = await visit()
  for (const n of [0, 1, 2]) await link(n)
  await link(2, 'unlinked')
  await bill()
  const payments: string[] = []
  for (const [n, amountMinor] of prices.entries())
    payments.push(await pay({ sessionId: sessionIds[n] as string, amountMinor }))
  const { organizationId, accountId } = here
  const of = { organizationId, accountId, currency: 'EUR' }
  expect(await straightPayments(here.db, of)).toEqual([])
  await invoice('2024-07-01T09:00:00Z')
  const { rows } = await database.ownerPool.query<{ payment_id: string }>(
    'select payment_id from invoice_settlement where organization_id = $1 and payment_id is not null',
    [organizationId],
  )
  const open = (await straightPayments(here.db, of)).map(({ paymentId }) => paymentId)
  expect([...rows.map(({ payment_id }) => payment_id), ...open].sort()).toEqual([...payments].sort())
})
