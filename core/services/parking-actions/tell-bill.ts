// Owns telling the parking system what the hub has billed: one action for each bill, in the transaction that issues it. Usually it is
// the parking; where the parking system bills the driver for everything, it is the charging.
// Must not hold up a bill: what cannot be told goes to a person.
import { type BillLine, energyWay, type ParcsMoneyWay, parcsMoneyWay } from '../../domain/bill/index.ts'
import type { ParkingActionData, ParkingActionKind, StayTarget } from '../../domain/parking-action.ts'
import { type LinkInForce, linksInForce } from '../../store/parcs-links.ts'
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
  owedBy: 'payer' | 'parcs'
  issuedAt: Date
}

const kinds = {
  confirm: 'stay.confirm',
  validate: 'stay.validate',
  promote: 'stay.promote',
  prepay: 'stay.prepay',
  product: 'stay.product',
} as const satisfies Record<string, ParkingActionKind>

/** What is told, and how. */
interface Telling {
  way: keyof typeof kinds
  of: 'parking' | 'charging'
  product: string | null
  providerNo: string | null
}

type MoneyAction = ParkingActionData[(typeof kinds)[keyof typeof kinds]]

export async function tellBill(
  deps: Pick<ServiceDeps, 'clock' | 'newId'>,
  trx: Db,
  bill: IssuedParking,
): Promise<void> {
  const after = parcsMoneyWay(bill.siteSettings)
  const part = bill.owedBy === 'parcs' ? 'charging' : 'parking'
  const isTold = ({ key }: BillLine) => key.startsWith('parking/') === (part === 'parking')
  const lines = bill.lines.filter(isTold)
  if (lines.length === 0 || (part === 'parking' && after === 'none')) return
  const { organizationId, siteId, billId } = bill
  const stay = await stayNamed(trx, organizationId, bill.stayId)
  if (stay === undefined) return
  const { connectionId } = stay
  const link = (await linksInForce(trx, organizationId, connectionId))[0]
  const telling = part === 'charging' ? energyTelling(bill, link) : parkingTelling(after, link)
  if (typeof telling === 'string') return review(deps, trx, bill, telling)
  const kind = kinds[telling.way]
  const earlier = await takeBackQueued(deps, trx, { organizationId, connectionId, stayId: stay.stayId, kind })
  if (telling.way === 'product' && earlier === 'told') return
  const sum = (some: readonly BillLine[]) => some.reduce((all, { totalMinor }) => all + totalMinor, 0)
  const all = sum(bill.standing.filter(isTold))
  // A confirmation says what the whole is; the others take something off, and only the difference may be added.
  const whole = telling.way === 'confirm' || bill.kind === 'bill' || earlier === 'taken_back'
  const amountMinor = whole ? all : sum(lines)
  const repeatable = link?.actions[kind]?.repeatable ?? false
  if (bill.kind === 'adjustment' && earlier === 'told' && telling.way === 'confirm' && !repeatable) {
    const why = 'Its parking system was told of the first bill and takes no second confirmation'
    return review(deps, trx, bill, `${why}; parking comes to ${all} minor units of ${bill.currency} now.`)
  }
  if (amountMinor < 0) {
    const why = `Its parking system cannot be told that less was billed for ${part} than before`
    return review(deps, trx, bill, `${why}: ${amountMinor} minor units of ${bill.currency}.`)
  }
  const priceRef = telling.way === 'confirm' ? await latestPriceRef(trx, stay) : null
  const data = dataOf(telling, bill, stayTarget(stay), amountMinor, priceRef)
  const idempotencyKey = `bill:${billId}`
  const request = { organizationId, siteId, connectionId, kind, data, requestedBy: 'hub:billing', deadline: null }
  await queueActions(deps, trx, [{ ...request, idempotencyKey, billId }])
}

function parkingTelling(way: ParcsMoneyWay, link: LinkInForce | undefined): Telling | string {
  if (way === 'none') return 'Its site asks nothing of its parking system.'
  const kind = kinds[way]
  return link?.actions[kind] === undefined
    ? `Its parking system does not offer ${kind}, so it was not told of this bill.`
    : { way, of: 'parking', product: null, providerNo: null }
}

function energyTelling({ siteSettings }: IssuedParking, link: LinkInForce | undefined): Telling | string {
  const telling = energyWay(siteSettings, (kind) => link?.actions[kind] !== undefined)
  return telling === null
    ? 'Its parking system bills the driver and offers no way to be told of energy (stay.product, stay.validate, stay.prepay).'
    : { ...telling, of: 'charging' }
}

function dataOf(
  { way, product, providerNo, of }: Telling,
  { currency, number, issuedAt }: IssuedParking,
  target: StayTarget,
  amountMinor: number,
  priceRef: string | null,
): MoneyAction {
  const reason = of === 'parking' ? `Billed with ${number}.` : `Charging, ${number}.`
  if (way === 'product') return { ...target, product: product ?? '', reason }
  if (way !== 'confirm') {
    const amount = { ...target, amountMinor, currency, reason }
    return of === 'charging' && way === 'validate' && providerNo !== null ? { ...amount, providerNo } : amount
  }
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
