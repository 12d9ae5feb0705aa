// Owns the task `settlement.book`: what a charger's own terminal took or gave back becomes payments of the session, each once.
// Must not guess: what cannot be read or belongs nowhere is put before a person.

import { withoutCardNumbersIn } from '../../domain/card-number.ts'
import { Decimal, minor, toMinor } from '../../domain/money.ts'
import {
  isCloseInTime,
  isNameless,
  isOtherPayment,
  isSamePayment,
  judgeTerminal,
  nameOfPayment,
  pauseMs,
  type TerminalMeaning,
  type ToldNames,
} from '../../domain/payment/index.ts'
import type { Inquiries } from '../../domain/station-inquiry.ts'
import { addJobs } from '../../store/event-log.ts'
import type { Db } from '../../store/record-table.ts'
import { closeReviewsOf, openReview } from '../../store/review-items.ts'
import { subjectOfSession } from '../../store/subject-standing.ts'
import {
  type BookedRow,
  lockTerminal,
  paidSession,
  type Telling,
  tellingsOf,
  terminalKey,
  terminalRows,
} from '../../store/terminal-payments.ts'
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
      await lockTerminal(trx, organizationId, stationId)
      const { name, booked, twins } = await knownOf(deps, trx, told, { means, amountMinor, currency: site.currency })
      const at = new Date(settled.at)
      const { pspRef, transaction: ref = null, token } = settled
      const tokens = [pspRef, token].flatMap((one) => (one === undefined || one === '' ? [] : [one]))
      const known = booked.find(({ subjectKey }) => subjectKey !== null)?.subjectKey ?? null
      const sessionId =
        known === null ? await paidSession(trx, { organizationId, stationId, transaction: ref, tokens, at }) : null
      const subjectKey = known ?? (sessionId === null ? null : `session:${sessionId}`)
      if (twins === 'instead') {
        await review(deps, trx, told, mayBeTheSame)
        return looked(deps, trx, told, 'It may have been booked already; a person decides.')
      }
      if (subjectKey === null && means !== 'failed' && booked.length === 0) {
        if (await waits(deps, trx, told)) return
        await review(deps, trx, told, 'No charging session belongs to it; it is booked as unapplied.')
      }
      await looked(deps, trx, told, subjectKey === null ? 'It was booked as unapplied.' : 'Its session is known.')
      if (twins !== 'none') await review(deps, trx, told, doubts[twins], '/twin')
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
          content_key: terminalKey(stationId, name, book.slot),
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

interface Known {
  /** Under which what comes of it is booked. */
  name: string
  booked: BookedRow[]
  /**
   * Whether another telling may be of this payment: `instead` of this one, booked `beside` it, or `shared` by two payments; `reused`:
   * nothing but a receipt from another day says that it is one.
   */
  twins: 'none' | 'instead' | 'beside' | 'shared' | 'reused'
}

/** What the books and the station's other tellings know of the payment. */
async function knownOf(
  deps: ServiceDeps,
  trx: Db,
  told: SettlementTold,
  word: { means: TerminalMeaning; amountMinor: number; currency: string },
): Promise<Known> {
  const names = namesIn(told.settled, told.at)
  const own = nameOfPayment(names)
  const tellings = await tellingsOf(trx, told, deps.clock.now())
  const others = tellings.filter(({ noticeId }) => noticeId !== told.noticeId)
  const all = others.map(namesTold)
  const same = all.filter((one) => isSamePayment(names, one))
  // What has no provider's name of its own and could be of two payments says nothing of either.
  const shared = all.some((one) => isOtherPayment(names, one) && same.some((half) => isSamePayment(half, one)))
  const known = shared ? same.filter((one) => nameOfPayment(one) === own) : same
  const booked = await terminalRows(trx, told, [...new Set([own, ...known.map(nameOfPayment)])])
  const name = booked.some((row) => row.name === own) ? own : (booked[0]?.name ?? own)
  const at = new Date(told.at)
  const when = { at, receivedAt: tellings.find(({ noticeId }) => noticeId === told.noticeId)?.receivedAt ?? at }
  if (word.means === 'settled' && booked.length > 0 && own.startsWith('receipt/')) {
    const near = others.some((one) => isSamePayment(names, namesTold(one)) && isCloseInTime(when, one))
    return { name, booked, twins: near ? 'none' : 'reused' }
  }
  if (word.means !== 'settled' || booked.length > 0) return { name, booked, twins: 'none' }
  if (shared) return { name, booked, twins: 'shared' }
  const twins = others.filter(
    (one) =>
      meanings[one.said.status] === 'settled' &&
      amountOf(one.said, word.currency) === word.amountMinor &&
      isCloseInTime(when, one) &&
      !isSamePayment(names, namesTold(one)),
  )
  const nameless = twins.map(namesTold).filter(isNameless)
  if (isNameless(names) && nameless.length < twins.length) return { name, booked, twins: 'instead' }
  const before = await terminalRows(trx, told, [...new Set(nameless.map(nameOfPayment))])
  return { name, booked, twins: before.length === 0 ? 'none' : isNameless(names) ? 'instead' : 'beside' }
}

/** A number that looks like a card's is kept nowhere, and names nothing. */
function namesIn({ pspRef, transaction, receiptId }: Telling['said'], at: string): ToldNames {
  const receipt = receiptId === '' || withoutCardNumbersIn(receiptId) !== receiptId ? undefined : receiptId
  return { pspRef, transaction: transaction === '' ? undefined : transaction, receiptId: receipt, at }
}

const namesTold = ({ said, at }: Telling): ToldNames => namesIn(said, at.toISOString())

const mayBeTheSame =
  'As much was told of at this station close in time, and nothing tells the two apart: neither a payment reference nor a transaction or receipt. It is not booked, since it may be the same payment told again with another time.'
const beside =
  'As much was booked for this station close in time without a payment reference, transaction or receipt. It is booked beside it, and the two may be one payment.'

const shared =
  'Another payment reference came with the same transaction or receipt, and one of the two was told of without a reference as well. It is booked, and may have been booked already.'

const reused =
  'Its receipt was booked for this station on another day, and nothing else names it. It is not booked again; a terminal that begins its receipts anew may have taken it.'

const doubts = { beside, shared, reused }

function amountOf(
  { amount, unit = 'major' }: { amount: string; unit?: 'major' | 'minor' },
  currency: string,
): number | null {
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

/** Nobody has to look for its session any more. */
async function looked(deps: ServiceDeps, trx: Db, told: SettlementTold, text: string): Promise<void> {
  const of = { organizationId: told.organizationId, kind: waitingKind, subjectId: told.noticeId }
  await closeReviewsOf(trx, deps.newId, of, { by: 'hub', text, at: deps.clock.now() })
}

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

async function review(deps: ServiceDeps, trx: Db, told: SettlementTold, why: string, more = ''): Promise<void> {
  await openReview(trx, deps.newId, {
    organizationId: told.organizationId,
    siteId: told.siteId,
    reviewId: deps.newId(),
    contentKey: `settlement:${told.noticeId}${more}`,
    kind: 'settlement',
    subjectType: 'station',
    subjectId: told.stationId,
    reason: `A payment at a charger's terminal${told.settled.pspRef === '' ? '' : ` (${told.settled.pspRef.slice(0, 80)})`}: ${why}`,
    data: { noticeId: told.noticeId },
    at: deps.clock.now(),
  })
}
