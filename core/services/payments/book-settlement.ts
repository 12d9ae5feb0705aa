// Owns the task `settlement.book`: what a charger's own terminal took or gave back becomes payments of the session, each once.
// Must not guess: what cannot be read or belongs nowhere is put before a person.

import { Decimal, minor, toMinor } from '../../domain/money.ts'
import { judgeTerminal, pauseMs, type TerminalMeaning, terminalSlots } from '../../domain/payment/index.ts'
import type { Inquiries } from '../../domain/station-inquiry.ts'
import { addJobs } from '../../store/event-log.ts'
import type { Db } from '../../store/record-table.ts'
import { closeReviewsOf, openReview } from '../../store/review-items.ts'
import { subjectOfSession } from '../../store/subject-standing.ts'
import { paidSession, terminalRows } from '../../store/terminal-payments.ts'
import { setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { recordPaymentRows } from './book-movements.ts'

export interface SettlementTold {
  organizationId: string
  siteId: string | null
  stationId: string
  noticeId: string
  at: string
  settled: Inquiries['payment.settled']['ask'] & {
    /** Of terminals that speak by DataTransfer. */
    token?: string
    currency?: string
    unit?: 'major' | 'minor'
    refund?: string
  }
  /** Since when, and how often, its transaction was looked for. */
  waiting?: { since: string; times: number }
}

/** OCPP 2.1 PaymentStatusEnumType and the hub's own words; of anything else nothing was taken. */
const meanings: Readonly<Record<string, TerminalMeaning>> = { settled: 'settled', refunded: 'refunded' }

/** A station tells of its transaction when it is online again; until then the money waits for it. */
const waitMs = 24 * 3_600_000

export function bookSettlement(deps: ServiceDeps) {
  return (told: SettlementTold): Promise<void> =>
    transaction(deps.db, async (trx) => {
      const { organizationId, siteId, stationId, settled } = told
      if (siteId === null) return review(deps, trx, told, 'Its station stands at no site.')
      const site = await trx
        .selectFrom('site')
        .select('currency')
        .where('organization_id', '=', organizationId)
        .where('site_id', '=', siteId)
        .executeTakeFirst()
      if (site === undefined) return review(deps, trx, told, 'Its site is not there.')
      if (settled.currency !== undefined && settled.currency.toUpperCase() !== site.currency)
        return review(
          deps,
          trx,
          told,
          `It is in ${settled.currency.slice(0, 10)}, and the site's money is ${site.currency}.`,
        )
      const amountMinor = amountOf(settled, site.currency)
      if (amountMinor === null)
        return review(deps, trx, told, `Its amount cannot be read: ${settled.amount.slice(0, 40)}.`)
      const means = meanings[settled.status] ?? 'failed'
      const base = `settlement/${stationId}/${keyOf(told)}/`
      const booked = await terminalRows(trx, organizationId, base, terminalSlots)
      const at = new Date(settled.at)
      const { pspRef, transaction: ref = null, token } = settled
      const tokens = [pspRef, token].flatMap((one) => (one === undefined || one === '' ? [] : [one]))
      const known = booked.find(({ subjectKey }) => subjectKey !== null)?.subjectKey ?? null
      const sessionId =
        known === null ? await paidSession(trx, { organizationId, stationId, transaction: ref, tokens, at }) : null
      const subjectKey = known ?? (sessionId === null ? null : `session:${sessionId}`)
      if (subjectKey === null && means !== 'failed' && booked.length === 0) {
        if (await waits(deps, trx, told)) return
        await review(deps, trx, told, 'No charging session belongs to it; it is booked as unapplied.')
      }
      await closeReviewsOf(
        trx,
        deps.newId,
        { organizationId, kind: waitingKind, subjectId: told.noticeId },
        {
          by: 'hub',
          text: subjectKey === null ? 'It was booked as unapplied.' : 'Its session is known.',
          at: deps.clock.now(),
        },
      )
      const refund = settled.refund ?? `${at.toISOString()}/${amountMinor}`
      const { book, doubt } = judgeTerminal(booked, { means, amountMinor, at, refund })
      if (doubt !== null) await review(deps, trx, told, doubt)
      if (book === null) return
      await recordPaymentRows(deps, trx, [
        {
          organization_id: organizationId,
          site_id: siteId,
          payment_id: deps.newId(),
          kind: book.kind,
          subject_key: subjectKey,
          content_key: `${base}${book.slot}`,
          vendor_transaction: pspRef === '' ? null : pspRef.slice(0, 200),
          method: 'terminal',
          scope: 'energy',
          amount_minor: book.amountMinor,
          currency: site.currency,
          at,
          recorded_at: deps.clock.now(),
          movement: book.kind === 'refunded' ? refund : null,
          reason: receiptOf(settled),
        },
      ])
      if (subjectKey === null) return
      const owner = await subjectOfSession(trx, organizationId, subjectKey)
      const key = `bill:${owner}`
      await addJobs(trx, [
        { task: 'bill.evaluate', payload: { organizationId, siteId, subjectKey: owner }, key, queue: key },
      ])
    })
}

/** The provider's name of the payment; without one, the transaction, else when it was. */
function keyOf({ at, settled }: SettlementTold): string {
  if (settled.pspRef !== '') return `psp/${settled.pspRef}`
  return settled.transaction === undefined ? `at/${at}` : `transaction/${settled.transaction}`
}

function amountOf({ amount, unit = 'major' }: SettlementTold['settled'], currency: string): number | null {
  if (!/^\d{1,12}(\.\d{1,12})?$/.test(amount)) return null
  if (unit === 'major') return toMinor(new Decimal(amount), currency)
  return amount.includes('.') ? null : minor(Number(amount))
}

/** What the driver was given, or why nothing was taken. */
function receiptOf({ receiptId, receiptUrl, info }: SettlementTold['settled']): string | null {
  const url = receiptUrl !== undefined && /^https?:\/\/\S+$/i.test(receiptUrl) ? receiptUrl : undefined
  const parts = [receiptId === undefined ? [] : [`Receipt ${receiptId} of the terminal.`], url ?? [], info ?? []].flat()
  return parts.length === 0 ? null : parts.join(' ').slice(0, 500)
}

const waitingKind = 'settlement_waiting'

/** True while its transaction may still be told of; a person sees meanwhile that there is money without a session. */
async function waits(deps: ServiceDeps, trx: Db, told: SettlementTold): Promise<boolean> {
  const now = deps.clock.now()
  const { since = now.toISOString(), times = 0 } = told.waiting ?? {}
  const { organizationId, siteId, stationId, noticeId } = told
  if (now.getTime() - Date.parse(since) >= waitMs) return false
  await openReview(trx, deps.newId, {
    organizationId,
    siteId,
    reviewId: deps.newId(),
    contentKey: `settlement_waiting:${noticeId}`,
    kind: waitingKind,
    subjectType: 'station_notice',
    subjectId: noticeId,
    reason:
      "A payment at a charger's terminal belongs to no charging session that the hub knows. It is looked for again for a day, then the money is booked as unapplied.",
    data: { noticeId, stationId },
    at: now,
  })
  await setTimer(trx, {
    organizationId,
    siteId,
    kind: 'settlement.book',
    key: `settlement:${noticeId}`,
    dueAt: new Date(now.getTime() + pauseMs(times + 1)),
    data: { ...told, waiting: { since, times: times + 1 } },
  })
  return true
}

async function review(deps: ServiceDeps, trx: Db, told: SettlementTold, why: string): Promise<void> {
  await openReview(trx, deps.newId, {
    organizationId: told.organizationId,
    siteId: told.siteId,
    reviewId: deps.newId(),
    contentKey: `settlement:${told.noticeId}`,
    kind: 'settlement',
    subjectType: 'station',
    subjectId: told.stationId,
    reason: `A payment at a charger's terminal${told.settled.pspRef === '' ? '' : ` (${told.settled.pspRef.slice(0, 80)})`}: ${why}`,
    data: { noticeId: told.noticeId },
    at: deps.clock.now(),
  })
}
