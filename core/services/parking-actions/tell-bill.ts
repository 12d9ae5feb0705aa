// Owns telling the parking system what the hub has billed for parking: one action for each bill, in the transaction that issues it.
// Must not hold up a bill: what cannot be told goes to a person.
import { type BillLine, parcsMoneyWay } from '../../domain/bill/index.ts'
import type { ParkingActionData, ParkingActionKind, StayTarget } from '../../domain/parking-action.ts'
import { linksInForce } from '../../store/parcs-links.ts'
import { lockOpenAbout } from '../../store/parking-actions.ts'
import { latestPriceRef, stayNamed } from '../../store/parking-read.ts'
import type { Db } from '../../store/record-table.ts'
import { openReview } from '../../store/review-items.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { queueActions } from './queue-actions.ts'
import { settleAction, verdict } from './settle-action.ts'
import { stayTarget } from './stay-target.ts'

export interface IssuedParking {
  organizationId: string
  siteId: string
  siteSettings: unknown
  billId: string
  number: string
  kind: 'bill' | 'adjustment'
  stayId: string
  currency: string
  /** Lines of this bill, and all of the stay's bills together with it. */
  lines: readonly BillLine[]
  standing: readonly BillLine[]
  issuedAt: Date
}

const kinds = {
  confirm: 'stay.confirm',
  validate: 'stay.validate',
  promote: 'stay.promote',
  prepay: 'stay.prepay',
} as const satisfies Record<string, ParkingActionKind>

export async function tellBill(
  deps: Pick<ServiceDeps, 'clock' | 'newId'>,
  trx: Db,
  bill: IssuedParking,
): Promise<void> {
  const way = parcsMoneyWay(bill.siteSettings)
  const parking = bill.lines.filter(({ key }) => key.startsWith('parking/'))
  if (way === 'none' || parking.length === 0) return
  const { organizationId, siteId, billId } = bill
  const stay = await stayNamed(trx, organizationId, bill.stayId)
  if (stay === undefined) return
  const { connectionId } = stay
  const kind = kinds[way]
  const ability = (await linksInForce(trx, organizationId, connectionId))[0]?.actions[kind]
  if (ability === undefined) {
    return review(deps, trx, bill, `Its parking system does not offer ${kind}, so it was not told of this bill.`)
  }
  const earlier = await takeBackQueued(deps, trx, { organizationId, connectionId, stayId: stay.stayId, kind })
  const sum = (lines: readonly BillLine[]) => lines.reduce((all, { totalMinor }) => all + totalMinor, 0)
  const all = sum(bill.standing.filter(({ key }) => key.startsWith('parking/')))
  // A confirmation says what the whole is; the others take something off, and only the difference may be added.
  const whole = way === 'confirm' || bill.kind === 'bill' || earlier === 'taken_back'
  const amountMinor = whole ? all : sum(parking)
  if (bill.kind === 'adjustment' && earlier === 'told' && way === 'confirm' && !ability.repeatable) {
    const why = 'Its parking system was told of the first bill and takes no second confirmation'
    return review(deps, trx, bill, `${why}; parking comes to ${all} minor units of ${bill.currency} now.`)
  }
  if (amountMinor < 0) {
    const why = 'Its parking system cannot be told that less was billed for parking than before'
    return review(deps, trx, bill, `${why}: ${amountMinor} minor units of ${bill.currency}.`)
  }
  const target = stayTarget(stay)
  const data = dataOf(way, bill, target, amountMinor, way === 'confirm' ? await latestPriceRef(trx, stay) : null)
  const idempotencyKey = `bill:${billId}`
  const request = { organizationId, siteId, connectionId, kind, data, requestedBy: 'hub:billing', deadline: null }
  await queueActions(deps, trx, [{ ...request, idempotencyKey, billId }])
}

function dataOf(
  way: keyof typeof kinds,
  { currency, number, issuedAt }: IssuedParking,
  target: StayTarget,
  amountMinor: number,
  priceRef: string | null,
): ParkingActionData[(typeof kinds)[keyof typeof kinds]] {
  if (way !== 'confirm') return { ...target, amountMinor, currency, reason: `Billed with ${number}.` }
  const confirmed = { ...target, amountMinor, currency, paidAt: issuedAt, authorisation: number }
  return priceRef === null ? confirmed : { ...confirmed, priceRef }
}

/** What was not sent yet gives way to the newer bill. */
async function takeBackQueued(
  deps: Pick<ServiceDeps, 'clock' | 'newId'>,
  trx: Db,
  of: { organizationId: string; connectionId: string; stayId: string; kind: string },
): Promise<'none' | 'taken_back' | 'told'> {
  const open = await lockOpenAbout(trx, of, 'stay', [of.stayId])
  const mine = open.filter((row) => row.kind === of.kind && row.bill_id !== null)
  for (const row of mine) {
    if (row.state === 'queued')
      await settleAction(deps, trx, row, verdict('supersede', { reason: 'A newer bill took its place.' }))
  }
  const before = await trx
    .selectFrom('parking_action')
    .select('state')
    .where('organization_id', '=', of.organizationId)
    .where('subject_type', '=', 'stay')
    .where('subject_key', '=', of.stayId)
    .where('connection_id', '=', of.connectionId)
    .where('kind', '=', of.kind)
    .where('bill_id', 'is not', null)
    .execute()
  if (before.some(({ state }) => state === 'done' || state === 'sent' || state === 'unknown')) return 'told'
  return before.length > 0 ? 'taken_back' : 'none'
}

async function review(
  deps: Pick<ServiceDeps, 'newId'>,
  trx: Db,
  { organizationId, siteId, billId, number, issuedAt }: IssuedParking,
  reason: string,
): Promise<void> {
  await openReview(trx, deps.newId, {
    organizationId,
    siteId,
    reviewId: deps.newId(),
    contentKey: `parcs_money:${billId}`,
    kind: 'parcs_money',
    subjectType: 'bill',
    subjectId: billId,
    reason: `Bill ${number}: ${reason}`,
    data: { billId, number },
    at: issuedAt,
  })
}
