// Owns when an account's bills become an invoice: at the end of each week or month by itself, or when somebody asks for it.
// Must not leave a period out or take it twice: the account's terms say how far it has come, and are locked.
import { addDays, dayOfMonthAfter, localDate, startOfLocalDate, wallClock, weekdays } from '../../domain/local-time.ts'
import { type AccountTerms, accountTerms, type Invoice } from '../../store/invoices.ts'
import { type Db, getRecord, updateRecord } from '../../store/record-table.ts'
import { clearTimer, setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type Draft, draftInvoice, type InvoiceDeps, issue, issuer } from './issue-invoice.ts'

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

/** After midnight: memberships that are renewed at midnight are billed by then. */
const afterMidnightMs = 30 * 60_000

/** The first day after the period in which `date` lies. */
export function endOfPeriod(cadence: AccountTerms['cadence'], date: string): string {
  if (cadence === 'month') return dayOfMonthAfter(date, 1, 1)
  const { weekday } = wallClock(startOfLocalDate(date, 'UTC').getTime(), 'UTC')
  return addDays(date, 7 - weekdays.indexOf(weekday))
}

/** In the transaction that changes the terms. */
export async function appointCollection(trx: Db, organizationId: string, terms: AccountTerms): Promise<void> {
  const name = { organizationId, kind: 'invoice.collect', key: `invoice:account:${terms.accountId}` }
  if (terms.archivedAt !== null) {
    await clearTimer(trx, name)
    return
  }
  const { zone } = await issuer(trx, organizationId, terms.siteId)
  const end = startOfLocalDate(endOfPeriod(terms.cadence, terms.collectedTo), zone)
  const data = { organizationId, accountId: terms.accountId }
  await setTimer(trx, { ...name, siteId: terms.siteId, dueAt: new Date(end.getTime() + afterMidnightMs), data })
}

/** The task `invoice.collect`: every period that is over. */
export function collectInvoices(deps: Deps): (of: { organizationId: string; accountId: string }) => Promise<void> {
  return ({ organizationId, accountId }) =>
    transaction(deps.db, async (trx) => {
      let terms = await getRecord(trx, accountTerms, { organizationId, siteIds: null }, accountId, 'lock')
      if (terms === undefined || terms.archivedAt !== null) return
      const { zone } = await issuer(trx, organizationId, terms.siteId)
      const today = localDate(deps.clock.now(), zone)
      for (let to = endOfPeriod(terms.cadence, terms.collectedTo); to <= today; ) {
        terms = (await collect(deps, trx, organizationId, terms, to, 'hub')).terms
        to = endOfPeriod(terms.cadence, terms.collectedTo)
      }
      await appointCollection(trx, organizationId, terms)
    })
}

async function collect(
  deps: InvoiceDeps,
  trx: Db,
  organizationId: string,
  terms: AccountTerms,
  to: string,
  actor: string,
): Promise<{ invoice: Invoice | null; terms: AccountTerms }> {
  const draft = await draftInvoice(trx, organizationId, terms, to)
  const span = { from: terms.collectedTo, to }
  const none = { correctsInvoiceId: null, reason: null, approvedBy: null }
  const invoice =
    draft.lines.length === 0
      ? null
      : await issue(deps, trx, {
          ...draft,
          ...none,
          organizationId,
          terms,
          kind: 'invoice',
          span,
          dueDays: terms.dueDays,
          actor,
        })
  const set = { collected_to: to, updated_at: deps.clock.now() }
  return { invoice, terms: await updateRecord(trx, accountTerms, organizationId, terms.accountId, set) }
}

/** Issues now what was billed before `to`: until yesterday when left out. */
export function issueInvoice(deps: Deps) {
  return (access: Access, input: { accountId: string; to?: string }): Promise<Outcome<Invoice>> =>
    refusable<Invoice>(deps, async (trx) => {
      const { organizationId, actor } = access
      const terms = await getRecord(trx, accountTerms, access, input.accountId, 'lock')
      if (terms === undefined || terms.archivedAt !== null) return notFound
      const { zone } = await issuer(trx, organizationId, terms.siteId)
      const today = localDate(deps.clock.now(), zone)
      const to = input.to ?? today
      if (to > today) return invalid('/to', `must not be after today, which is ${today} there`)
      if (to <= terms.collectedTo)
        return invalid('/to', `must be after ${terms.collectedTo}, up to which all is invoiced`)
      const { invoice, terms: after } = await collect(deps, trx, organizationId, terms, to, actor)
      if (invoice === null) return { kind: 'conflict', message: 'Nothing was billed that is not on an invoice.' }
      await appointCollection(trx, organizationId, after)
      return ok(invoice)
    })
}

export interface RunningInvoice extends Pick<Draft, 'sums' | 'content' | 'lines'> {
  accountId: string
  currency: string
  from: string
  /** When it is issued by itself. */
  to: string
}

/** What the next invoice holds so far. */
export function previewInvoice(deps: Pick<Deps, 'db' | 'clock'>) {
  return async (access: Access, accountId: string): Promise<Outcome<RunningInvoice>> => {
    const terms = await getRecord(deps.db, accountTerms, access, accountId)
    if (terms === undefined || terms.archivedAt !== null) return notFound
    const { zone } = await issuer(deps.db, access.organizationId, terms.siteId)
    const tomorrow = addDays(localDate(deps.clock.now(), zone), 1)
    const { site, lines, sums, content } = await draftInvoice(deps.db, access.organizationId, terms, tomorrow)
    const to = endOfPeriod(terms.cadence, terms.collectedTo)
    return ok({ accountId, currency: site.currency, from: terms.collectedTo, to, sums, content, lines })
  }
}
