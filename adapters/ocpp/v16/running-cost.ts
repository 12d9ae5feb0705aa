// Owns telling a 1.6 station what its transaction costs: RunningCost and FinalCost of the Open Charge Alliance's application note
// "OCPP & California Pricing Requirements" (3.1, section 3), inside DataTransfer.
// Must not compute a price, round one, or send to a station that does not say that it shows costs.
import type { OCPP16 } from 'typed-ocpp'
import type { CostStanding, StationCommand, UnitPrices } from '../../../core/plugin/index.ts'
import { ask, type CallAnswer, type CommandSteps, type Memory, type OutgoingCall, refused } from '../command.ts'
import { replyTime } from '../device-time.ts'
import { exactNumber } from '../exact-decimal.ts'
import type { AppliedProfile } from '../profile.ts'
import { learnSettings } from './learn-settings.ts'

const vendorId = 'org.openchargealliance.costmsg'
/** Read-only; a station has it where it shows costs and prices. */
const showsCostKey = 'CustomDisplayCostAndPrice'

type UpdateCost = Extract<StationCommand, { name: 'update_cost' }>

export function* updateCost(
  { transaction, totalCost, standing }: UpdateCost,
  profile: AppliedProfile,
  memory: Memory,
): CommandSteps {
  if (transaction.number === undefined) return refused('OCPP 1.6 names a transaction by its number')
  const cost = exactNumber(totalCost)
  if (cost === null) return refused(`totalCost: "${totalCost}" is no decimal of at most 15 digits`)
  if (standing === undefined)
    return refused('no meter value of the transaction is known, and 1.6 tells no cost without')
  const why = yield* whyNot(profile, memory)
  if (why !== null) return { kind: 'unsupported', reason: why }
  const final = standing.state === 'ended'
  const messageId = final ? 'FinalCost' : 'RunningCost'
  // One that it did not know: until its boot it is not asked again.
  if (memory.has(messageId)) return { kind: 'unsupported', reason: unknownMessage(messageId, memory.get(messageId)) }
  const told = final ? { cost, priceText: summary(totalCost, standing) } : running(cost, standing, profile)
  const data = JSON.stringify({ transactionId: transaction.number, ...told })
  const request: OCPP16.DataTransferRequest = { vendorId, messageId, data }
  const said = yield* ask<typeof request, OCPP16.DataTransferResponse>('DataTransfer', request)
  if ('ended' in said) return said.ended
  const { status } = said.answer
  if (status === 'Accepted') return { kind: 'accepted', result: { message: messageId } }
  if (status !== 'UnknownVendorId' && status !== 'UnknownMessageId')
    return refused(status ?? 'the answer holds no status')
  memory.set(messageId, status)
  return { kind: 'unsupported', reason: unknownMessage(messageId, status) }
}

/** Null where costs may be told. */
function* whyNot(profile: AppliedProfile, memory: Memory): Generator<OutgoingCall, string | null, CallAnswer> {
  if (profile.showsCost !== 'told') {
    profile.used('showsCost')
    return profile.showsCost === 'yes' ? null : 'this model shows no costs'
  }
  yield* learnSettings([showsCostKey], profile, memory)
  const told = memory.get(showsCostKey) ?? null
  // Some write a truth as a number.
  if (told !== null && /^(true|1)$/i.test(told.trim())) return null
  return told === null
    ? `the station does not say that it shows costs: it has no setting ${showsCostKey}`
    : `the station says that it shows no costs: ${showsCostKey} is "${told.slice(0, 40)}"`
}

const unknownMessage = (messageId: string, status: string | null | undefined) =>
  `the station does not know ${messageId} of ${vendorId} (${status})`

/** By the numbers of its own meter, so that the station can reckon on from here. */
function running(cost: number, { at, registerWh, state, prices }: CostStanding, profile: AppliedProfile) {
  if (profile.energyScale !== 1) profile.used('energyScale')
  return {
    timestamp: replyTime(new Date(at), profile),
    meterValue: Math.round(registerWh / profile.energyScale),
    cost,
    state: state === 'idle' ? 'Idle' : 'Charging',
    ...pricesOf(prices),
  }
}

/** The prices while charging have to be there; with none inside, the station shows the cost that it is told and nothing of its own. */
function pricesOf(prices: UnitPrices | undefined): object {
  if (prices === undefined) return { chargingPrice: {} }
  const { kwh, hour, flat, idle } = prices
  const chargingPrice = given({ kWhPrice: amount(kwh), hourPrice: amount(hour), flatFee: amount(flat) })
  const idlePrice =
    idle === undefined ? undefined : given({ graceMinutes: idle.graceMinutes, hourPrice: amount(idle.hour) })
  return given({ chargingPrice, idlePrice })
}

const amount = (text: string | undefined) => (text === undefined ? undefined : Number(text))

const given = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

function summary(totalCost: string, { currency, energyWh }: CostStanding): string {
  return `${totalCost} ${currency}, ${(energyWh / 1000).toFixed(3)} kWh`
}
