// Owns telling Autopay what the hub wants of a parking: that the hub bills it, and under which product it runs.
// Must not take a claim whose end nobody knows for refused or done; a second one under the same reference is only sent when the hub,
// having asked in vain, repeats what is the same done twice.
import {
  type ActionOutcome,
  type Log,
  type OutcomeInquiry,
  type ParkingAction,
  succeeded,
} from '../../../core/plugin/index.ts'
import { alpha3 } from './alpha3.ts'
import { type Api, failed } from './api.ts'
import type { AutopayConfig } from './config.ts'
import type { ClaimState, Parking, ParkingBook } from './parking-book.ts'

export interface TellDeps {
  api: Api
  parkings: ParkingBook
  config: Pick<AutopayConfig, 'areaCodes'>
  newId(): string
  log: Log
}

const unknownParking: ActionOutcome = {
  kind: 'refused',
  code: 'unknown_parking',
  reason: 'Autopay has told of no entry for this stay, so there is nothing to name it by.',
}

export async function act(deps: TellDeps, action: ParkingAction, signal: AbortSignal): Promise<ActionOutcome> {
  if (action.kind !== 'stay.product' && action.kind !== 'stay.confirm')
    return { kind: 'refused', reason: `Autopay has no call for ${action.kind}.` }
  const { stayRef } = action.data
  const parking = stayRef === null ? undefined : await deps.parkings.get(stayRef)
  if (action.kind === 'stay.product')
    return parking === undefined ? unknownParking : putProduct(deps, parking, action.data.product, signal)
  // Autopay has no part in what the hub bills: nothing to tell of a bill that came to nothing.
  if (action.data.amountMinor === 0) return { kind: 'done' }
  return parking === undefined ? unknownParking : claim(deps, parking, ['none', 'wanted', 'refused', 'asked'], signal)
}

export async function askOutcome({ parkings }: TellDeps, action: ParkingAction): Promise<OutcomeInquiry> {
  if (action.kind !== 'stay.product' && action.kind !== 'stay.confirm') return { kind: 'not_done' }
  const { stayRef } = action.data
  const parking = stayRef === null ? undefined : await parkings.get(stayRef)
  if (parking === undefined) return { kind: 'not_done' }
  if (action.kind === 'stay.product')
    return parking.productPut === action.data.product
      ? { kind: 'done', reference: action.data.product }
      : { kind: 'unknown', reason: 'Autopay cannot be asked under which product a parking runs.' }
  return claimOutcome(parking) ?? { kind: 'not_done' }
}

/** PUT of the same product twice is the same as once. */
export async function putProduct(
  { api, parkings }: TellDeps,
  { parkingId, sessionId, facilityCode, zoneCode }: Parking,
  product: string,
  signal?: AbortSignal,
): Promise<ActionOutcome> {
  if (sessionId === null || facilityCode === null || zoneCode === null)
    return { kind: 'refused', reason: 'Autopay told no session, facility or zone of this parking.', code: 'no_session' }
  const body = { facility_code: facilityCode, zone_code: zoneCode, product }
  const called = await api.call('PUT', `parking/product/${encodeURIComponent(sessionId)}`, body, signal)
  // A success may come with any body, or none.
  if (called.kind === 'garbled' ? called.status < 300 : called.kind === 'answered' && succeeded(called)) {
    await parkings.putProduct(parkingId, product)
    return { kind: 'done', reference: product }
  }
  return failed(called)
}

export async function claim(
  { api, parkings, config, newId }: TellDeps,
  parking: Parking,
  from: readonly ClaimState[],
  signal?: AbortSignal,
): Promise<ActionOutcome> {
  const known = claimOutcome(parking)
  if (known?.kind === 'done' || !from.includes(parking.claim)) return known ?? noClaim
  const { parkingId, zoneCode, country, plate, subdivision } = parking
  const again = parking.claim === 'asked'
  const reference = (again ? parking.claimReference : null) ?? newId()
  if ((await parkings.beginClaim(parkingId, reference, from)) === null) return noClaim
  const issuer = country === null ? undefined : alpha3(country)
  if (issuer === undefined || zoneCode === null) {
    const what = issuer === undefined ? `the country of the plate (${country ?? 'none'})` : 'the zone'
    const reason = `Autopay told not enough to claim this parking: ${what}.`
    await parkings.endClaim(parkingId, 'refused', reason)
    return { kind: 'refused', reason, code: 'not_enough' }
  }
  const body = {
    parking_area_code: config.areaCodes[zoneCode] ?? zoneCode,
    reference,
    vehicle_reg: plate,
    plate_issuer: issuer,
    plate_subdivision: subdivision,
  }
  const called = await api.call('POST', 'payment/v1/connect_parking', body, signal)
  const done = called.kind === 'answered' && succeeded(called)
  const outcome: ActionOutcome = done ? { kind: 'done', reference } : failed(called)
  // It says that somebody has claimed it: likely our first call, and not surely. What was asked stays asked until the callback.
  if (again && outcome.kind !== 'done') return { kind: 'unknown', reason: `${unanswered} ${reasonOf(outcome)}` }
  if (outcome.kind === 'done') await parkings.endClaim(parkingId, 'claimed', null)
  else if (outcome.kind === 'refused') await parkings.endClaim(parkingId, 'refused', outcome.reason)
  else if (outcome.kind === 'later')
    await parkings.endClaim(parkingId, from.includes('none') ? 'none' : 'wanted', outcome.reason)
  return outcome
}

function claimOutcome({ claim, claimReference, claimReason, calledBack }: Parking): ActionOutcome | undefined {
  const reference = claimReference === null ? {} : { reference: claimReference }
  if (claim === 'claimed' || calledBack) return { kind: 'done', ...reference }
  if (claim === 'refused') return { kind: 'refused', reason: claimReason ?? 'Autopay refused the claim.' }
  return claim === 'asked' ? { kind: 'unknown', reason: unanswered } : undefined
}

const unanswered = 'The claim was sent and not answered; only a callback of Autopay tells for sure.'
const noClaim: ActionOutcome = { kind: 'unknown', reason: 'The parking is being claimed by another call.' }

function reasonOf(outcome: ActionOutcome): string {
  return outcome.kind === 'done' ? '' : outcome.reason
}

/** @returns what did not work; null when all that waited is told */
export async function tellWaiting(deps: TellDeps, signal: AbortSignal): Promise<string | null> {
  const { parkings, log } = deps
  let trouble: string | null = null
  for (const parking of await parkings.waiting(mostAtOnce)) {
    if (signal.aborted) break
    const { parkingId, productWanted } = parking
    const outcomes: [string, ActionOutcome][] = []
    if (parking.claim === 'wanted') outcomes.push(['claim', await claim(deps, parking, ['wanted'], signal)])
    if (productWanted !== null) {
      const outcome = await putProduct(deps, parking, productWanted, signal)
      // Refused is for good; an answer that never comes is not asked for day and night.
      if (outcome.kind === 'refused') await parkings.putProduct(parkingId, null)
      if (outcome.kind === 'unknown') await parkings.triedProduct(parkingId, mostTries)
      outcomes.push(['product', outcome])
    }
    for (const [what, outcome] of outcomes) {
      if (outcome.kind === 'done') continue
      log.warn({ parkingId, what, outcome }, 'Autopay did not take what the hub wants of a parking')
      if (outcome.kind !== 'refused') trouble = outcome.reason
    }
    // Not to be reached now: the next would hear the same.
    if (outcomes.some(([, { kind }]) => kind === 'later')) break
  }
  return trouble
}

const mostAtOnce = 100
const mostTries = 30
