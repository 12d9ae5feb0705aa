// Owns an account's terms: how often it is invoiced, by which site, how long it has to pay, and the deposits held for it.
// Must not issue an invoice; collect-invoices.ts does.

import { depositPostings } from '../../domain/bill/index.ts'
import { businessClock, businessDate } from '../../domain/business-day.ts'
import { isLocale } from '../../domain/document/document-locale.ts'
import { addDays, localDate } from '../../domain/local-time.ts'
import { appendAudit } from '../../store/audit.ts'
import { type AccountDeposit, accountDeposits, depositsHeld } from '../../store/deposits.ts'
import { type AccountTerms, accountTerms, insertSettlements, invoices, openBySite } from '../../store/invoices.ts'
import { appendEntry } from '../../store/journal.ts'
import { accounts } from '../../store/people.ts'
import { type Db, getRecord, insertRecord, updateRecord } from '../../store/record-table.ts'
import { columnsOf, refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import { broken, theSite } from '../manage/references.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { appointCollection } from './collect-invoices.ts'
import { issuer } from './issue-invoice.ts'
import { settlement } from './settle-invoices.ts'

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

export type TermsInput = Pick<AccountTerms, 'siteId' | 'cadence' | 'dueDays'> &
  Partial<Pick<AccountTerms, 'locale' | 'buyer' | 'from'>>

/**
 * Bills from a day on are collected, from today when none is named; those of before stay as they were. Taking terms away and giving
 * them again goes on where it stopped, unless a day is named.
 */
export function setTerms(deps: Deps) {
  return (
    access: Access,
    accountId: string,
    input: TermsInput | null,
    version?: number,
  ): Promise<Outcome<AccountTerms>> =>
    refusable<AccountTerms>(deps, async (trx) => {
      const { organizationId } = access
      const refusal = await broken(trx, access, [
        { pointer: '/accountId', table: accounts, id: accountId },
        theSite(input?.siteId),
      ])
      if (refusal !== undefined) return refusal
      if (input?.locale != null && !isLocale(input.locale)) return invalid('/locale', 'is no language tag (BCP 47)')
      const before = await getRecord(trx, accountTerms, access, accountId, 'lock')
      if (before !== undefined && version !== undefined && before.version !== version)
        return { kind: 'stale', version: before.version }
      const now = deps.clock.now()
      if (input === null && before === undefined) return notFound
      const set = {
        ...(input === null ? {} : columnsOf(accountTerms, input)),
        archived_at: input === null ? now : null,
        updated_at: now,
      }
      const site = input === null ? null : await issuer(trx, organizationId, input.siteId)
      const today = localDate(now, site?.zone ?? 'UTC')
      const from = input?.from ?? before?.from ?? today
      if (from > addDays(today, 366)) return invalid('/from', 'must be within a year')
      if (before !== undefined && from !== before.from) {
        const most = (await invoicedBefore(trx, organizationId, accountId)) ? before.collectedTo : from
        if (from < most) return invalid('/from', `must not be before ${most}, up to which all is invoiced`)
      }
      const begun = from === before?.from ? {} : { collect_from: from, collected_to: from }
      const made = { organization_id: organizationId, account_id: accountId, created_at: now }
      const after =
        before !== undefined
          ? await updateRecord(trx, accountTerms, organizationId, accountId, { ...set, ...begun })
          : await insertRecord(trx, accountTerms, {
              ...made,
              ...set,
              ...begun,
              buyer: input?.buyer ?? {},
            })
      await appointCollection(trx, organizationId, after)
      await appendAudit(trx, organizationId, {
        auditId: deps.newId(),
        siteId: after.siteId,
        at: now,
        actor: access.actor,
        action: 'account_terms.set',
        subjectType: 'account',
        subjectId: accountId,
        before: before ?? null,
        after,
        requestId: access.requestId,
      })
      return ok(after)
    })
}

async function invoicedBefore(trx: Db, organizationId: string, accountId: string): Promise<boolean> {
  const found = await trx
    .selectFrom('invoice')
    .select('invoice_id')
    .where('organization_id', '=', organizationId)
    .where('account_id', '=', accountId)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

export interface DepositInput extends Pick<AccountDeposit, 'kind' | 'amountMinor' | 'siteId'> {
  method?: string
  reference?: string
  reason?: string
  /** Of one that is kept: what it pays. */
  invoiceId?: string
}

export function recordDeposit(deps: Deps) {
  return (access: Access, accountId: string, input: DepositInput): Promise<Outcome<AccountDeposit>> =>
    refusable<AccountDeposit>(deps, async (trx) => {
      const { organizationId, actor } = access
      const refusal = await broken(trx, access, [
        { pointer: '/accountId', table: accounts, id: accountId },
        theSite(input.siteId),
      ])
      if (refusal !== undefined) return refusal
      await getRecord(trx, accounts, access, accountId, 'lock')
      await getRecord(trx, accountTerms, access, accountId, 'lock')
      const { siteId, kind, amountMinor, method = null } = input
      const site = await issuer(trx, organizationId, siteId)
      const { currency } = site
      if (kind !== 'kept' && method === null) return invalid('/method', 'is needed for money that moves')
      const held = await depositsHeld(trx, organizationId, accountId, currency, siteId)
      if (kind !== 'received' && amountMinor > held)
        return invalid('/amountMinor', `${held} is held for the account at this site.`)
      const now = deps.clock.now()
      if (kind === 'kept') {
        const invoice =
          input.invoiceId === undefined ? undefined : await getRecord(trx, invoices, access, input.invoiceId)
        if (invoice?.accountId !== accountId) return invalid('/invoiceId', 'no such invoice of the account')
        const open = (await openBySite(trx, organizationId, invoice.invoiceId)).find((each) => each.siteId === siteId)
        if (amountMinor > (open?.openMinor ?? 0))
          return invalid('/amountMinor', `${open?.openMinor ?? 0} of the invoice is open at this site.`)
        const { invoiceId } = invoice
        await insertSettlements(trx, organizationId, [
          settlement(deps, { siteId, invoiceId, kind: 'deposit', amountMinor, reason: input.reason ?? null, actor }),
        ])
      } else if (input.invoiceId !== undefined) return invalid('/invoiceId', 'is for a deposit that is kept')
      const deposit = await insertRecord(trx, accountDeposits, {
        organization_id: organizationId,
        deposit_id: deps.newId(),
        account_id: accountId,
        currency,
        at: now,
        actor,
        ...columnsOf(accountDeposits, input),
      })
      const day = businessDate(now, businessClock(site.zone, site.settings))
      await appendEntry(
        trx,
        {
          organizationId,
          siteId,
          entryId: deps.newId(),
          sourceType: 'deposit',
          sourceId: deposit.depositId,
          description: `Deposit ${kind}`,
          businessDate: day,
          factDate: day,
          corrects: null,
          postedAt: now,
          currency,
          billId: null,
        },
        depositPostings(kind, method, amountMinor),
      )
      return ok(deposit)
    })
}
