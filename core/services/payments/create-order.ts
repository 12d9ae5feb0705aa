// Owns asking for money: an order for bills, for a stay, or for an account's balance, with its first operation, in one transaction.
// Must not call the provider; follow-order.ts does.
import type { SubjectKey } from '../../domain/bill/index.ts'
import { majorText, minor } from '../../domain/money.ts'
import { type OpenPaymentDoor, paymentSettings } from '../../domain/payment/index.ts'
import { readBillingSite } from '../../store/billing-facts.ts'
import { lockSubjects } from '../../store/billing-subjects.ts'
import { type Bill, bills } from '../../store/bills.ts'
import { addJobs } from '../../store/event-log.ts'
import { jsonText } from '../../store/json-text.ts'
import { stays } from '../../store/parking-read.ts'
import {
  insertOperation,
  insertPaymentOrder,
  lockPaymentOrder,
  orderIdByKey,
  paymentJob,
} from '../../store/payment-orders.ts'
import { accounts } from '../../store/people.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { subjectStanding } from '../../store/subject-standing.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import { newOperation } from './new-operation.ts'
import { tellStory } from './order-events.ts'
import type { PaymentDeps } from './payment-deps.ts'
import { getPaymentOrder, type PaymentOrderDetail } from './read-orders.ts'
import { words } from './words.ts'

export interface OrderRequest {
  connectionId: string
  /** One of these three. */
  billIds?: readonly string[]
  stayId?: string
  topUpAccountId?: string
  /** Of a top-up, when the provider's connection serves all sites. */
  siteId?: string
  /** Left out: all that is open on the bills. */
  amountMinor?: number
  capture?: 'automatic' | 'manual'
  returnUrl?: string
  /** Free vend needs one. */
  reason?: string
  idempotencyKey?: string
}

interface Wanted {
  siteId: string
  purpose: 'bills' | 'stay' | 'top_up'
  accountId: string | null
  stayIds: readonly string[]
  amountMinor: number
  description: string
  parts: readonly { subjectKey: string; billId: string | null; amountMinor: number }[]
}

export function createPaymentOrder(deps: PaymentDeps) {
  return (access: Access, request: OrderRequest): Promise<Outcome<PaymentOrderDetail>> =>
    refusable(deps, async (trx) => {
      const key = request.idempotencyKey === undefined ? null : `${access.actor}:${request.idempotencyKey}`
      const known = key === null ? undefined : await orderIdByKey(trx, access.organizationId, key)
      if (known !== undefined) return getPaymentOrder({ db: trx })(access, known)
      const [door] = deps.paymentDoors(request.connectionId)
      if (door === undefined || door.organizationId !== access.organizationId)
        return { kind: 'conflict', message: 'This payment connection is not at work.', pointer: '/connectionId' }
      const wanted = await want(deps, trx, access, request, door)
      if (wanted.kind !== 'ok') return wanted
      return store(deps, trx, access, request, door, wanted.value, key)
    })
}

async function want(
  deps: PaymentDeps,
  trx: Db,
  access: Access,
  request: OrderRequest,
  door: OpenPaymentDoor,
): Promise<Outcome<Wanted>> {
  const { billIds, stayId, topUpAccountId } = request
  const said = [billIds, stayId, topUpAccountId].filter((one) => one !== undefined)
  if (said.length !== 1) return invalid('/billIds', 'say one of billIds, stayId and topUpAccountId')
  if (billIds !== undefined) return wantBills(deps, trx, access, billIds, request.amountMinor)
  const { amountMinor } = request
  if (amountMinor === undefined) return invalid('/amountMinor', 'is needed when no bill says how much')
  if (stayId !== undefined) {
    const stay = await getRecord(trx, stays, access, stayId)
    if (stay === undefined) return invalid('/stayId', 'names no stay that you can see')
    if (stay.state === 'voided') return { kind: 'conflict', message: 'The stay was voided.', pointer: '/stayId' }
    const subjectKey = `stay:${stayId}`
    const busy = await refuseTwice(deps, trx, access.organizationId, stay.siteId, [subjectKey])
    if (busy !== null) return busy
    return ok({
      siteId: stay.siteId,
      purpose: 'stay',
      accountId: stay.accountId,
      stayIds: [stayId],
      amountMinor,
      description: 'Parking and charging',
      parts: [{ subjectKey, billId: null, amountMinor }],
    })
  }
  return wantTopUp(trx, access, request, door, topUpAccountId as string, amountMinor)
}

async function wantTopUp(
  trx: Db,
  access: Access,
  request: OrderRequest,
  door: OpenPaymentDoor,
  accountId: string,
  amountMinor: number,
): Promise<Outcome<Wanted>> {
  const account = await getRecord(trx, accounts, access, accountId)
  if (account === undefined) return invalid('/topUpAccountId', 'names no account that you can see')
  if (door.booking !== 'hub' || door.method === 'prepaid' || door.method === 'free')
    return {
      kind: 'conflict',
      message: 'A balance is filled with money that this provider does not take.',
      pointer: '/connectionId',
    }
  const siteId = door.siteId ?? request.siteId
  if (siteId === undefined)
    return invalid('/siteId', 'is needed: this provider serves all sites, and the books are kept by site')
  return ok({
    siteId,
    purpose: 'top_up',
    accountId,
    stayIds: [],
    amountMinor,
    description: 'Prepaid balance',
    parts: [{ subjectKey: `prepaid:${accountId}`, billId: null, amountMinor }],
  })
}

async function wantBills(
  deps: PaymentDeps,
  trx: Db,
  access: Access,
  billIds: readonly string[],
  amountMinor: number | undefined,
): Promise<Outcome<Wanted>> {
  const asked: Bill[] = []
  for (const [i, billId] of billIds.entries()) {
    const bill = await getRecord(trx, bills, access, billId)
    if (bill === undefined) return invalid(`/billIds/${i}`, 'names no bill that you can see')
    const [first] = asked
    if (first !== undefined && (first.siteId !== bill.siteId || first.currency !== bill.currency))
      return invalid(`/billIds/${i}`, 'is of another site or currency than the first one')
    // A bill and its adjustments are one thing to pay.
    if (!asked.some(({ subjectKey }) => subjectKey === bill.subjectKey)) asked.push(bill)
  }
  const [first] = asked
  if (first === undefined) return invalid('/billIds', 'names no bill')
  const keys = asked.map(({ subjectKey }) => subjectKey)
  const busy = await refuseTwice(deps, trx, access.organizationId, first.siteId, keys)
  if (busy !== null) return busy
  const standing = await subjectStanding(trx, access.organizationId, keys)
  const open = asked.map((bill) => ({ bill, openMinor: Math.max(0, standing.get(bill.subjectKey)?.openMinor ?? 0) }))
  const all = open.reduce((sum, { openMinor }) => sum + openMinor, 0)
  if (all === 0) return { kind: 'conflict', message: 'Nothing is open on these bills.' }
  const wanted = amountMinor ?? all
  if (wanted > all) return invalid('/amountMinor', `is more than is open: ${all}`)
  let left = wanted
  const parts = open.flatMap(({ bill, openMinor }) => {
    const part = Math.min(left, openMinor)
    left -= part
    return part === 0 ? [] : [{ subjectKey: bill.subjectKey, billId: bill.billId, amountMinor: part }]
  })
  const owners = new Set(asked.map(({ accountId }) => accountId))
  return ok({
    siteId: first.siteId,
    purpose: 'bills',
    accountId: owners.size === 1 ? first.accountId : null,
    stayIds: asked.flatMap(({ stayId }) => stayId ?? []),
    amountMinor: wanted,
    description: `${asked.length === 1 ? 'Bill' : 'Bills'} ${asked.map(({ number }) => number).join(', ')}`.slice(
      0,
      300,
    ),
    parts,
  })
}

/** One open order for one thing: two pages that are both paid would take the money twice. */
async function refuseTwice(
  deps: PaymentDeps,
  trx: Db,
  organizationId: string,
  siteId: string,
  keys: readonly string[],
): Promise<Refusal | null> {
  await lockSubjects(trx, { organizationId, siteId }, keys as SubjectKey[], deps.clock.now())
  const standing = await subjectStanding(trx, organizationId, keys)
  const busy = keys.find((key) => (standing.get(key)?.askedMinor ?? 0) > 0)
  return busy === undefined
    ? null
    : { kind: 'conflict', message: `Another payment for ${busy} is open. Cancel it first, or let it be paid.` }
}

async function store(
  deps: PaymentDeps,
  trx: Db,
  access: Access,
  request: OrderRequest,
  door: OpenPaymentDoor,
  wanted: Wanted,
  key: string | null,
): Promise<Outcome<PaymentOrderDetail>> {
  const { organizationId } = access
  const site = await readBillingSite(trx, organizationId, wanted.siteId)
  if (site === undefined || (access.siteIds !== null && !access.siteIds.includes(wanted.siteId))) return notFound
  if (door.siteId !== null && door.siteId !== wanted.siteId)
    return { kind: 'conflict', message: 'This payment connection belongs to another site.', pointer: '/connectionId' }
  const capture = request.capture ?? 'automatic'
  if (capture === 'manual' && !door.features.includes('manual_capture'))
    return { kind: 'conflict', message: 'This provider cannot hold money to take it later.', pointer: '/capture' }
  if (door.method === 'free' && (request.reason ?? '').trim() === '')
    return invalid('/reason', 'is needed: who lets somebody out free says why')
  const now = deps.clock.now()
  const orderId = deps.newId()
  const { checkoutMinutes } = paymentSettings(site.settings)
  const of = { organization_id: organizationId, site_id: wanted.siteId, order_id: orderId }
  await insertPaymentOrder(
    trx,
    {
      ...of,
      connection_id: door.connectionId,
      provider: door.name,
      method: door.method,
      booking: door.booking,
      purpose: wanted.purpose,
      account_id: wanted.accountId,
      stay_ids: jsonText(wanted.stayIds),
      description: wanted.description,
      amount_minor: wanted.amountMinor,
      currency: site.currency,
      capture,
      state: 'requested',
      return_url: request.returnUrl ?? null,
      reason: request.reason ?? null,
      requested_by: access.actor,
      idempotency_key: key ?? orderId,
      expires_at: new Date(now.getTime() + checkoutMinutes * 60_000),
      created_at: now,
      updated_at: now,
    },
    wanted.parts.map((part, i) => ({
      ...of,
      part: i + 1,
      subject_key: part.subjectKey,
      bill_id: part.billId,
      amount_minor: part.amountMinor,
    })),
  )
  const order = await lockPaymentOrder(trx, organizationId, orderId)
  if (order === undefined) throw new Error('the new payment order is not there')
  await insertOperation(
    trx,
    newOperation(order, {
      id: deps.newId(),
      kind: 'authorise',
      cause: 'order',
      by: access.actor,
      reason: request.reason ?? null,
      now,
    }),
  )
  await tellStory(deps, trx, order, access.actor, words.requested(wanted.amountMinor, order))
  await addJobs(trx, [paymentJob({ organizationId, orderId })])
  deps.log.info(
    { order: orderId, amount: majorText(minor(wanted.amountMinor), site.currency) },
    'a payment was asked for',
  )
  return getPaymentOrder({ db: trx })(access, orderId)
}
