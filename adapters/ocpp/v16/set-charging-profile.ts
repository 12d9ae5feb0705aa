// Owns OCPP 1.6 SetChargingProfile (5.16).
// Must not verify that the limit is kept; the meter values tell.
import type { OCPP16 } from 'typed-ocpp'
import type { CommandReply } from '../../../core/plugin/index.ts'
import { ask, type CallAnswer, type CommandSteps, type OutgoingCall, refused, type Translator } from '../command.ts'
import { type ChargingProfile16, toProfile16 } from './charging-profile.ts'

/** Sends a profile; where a station's parser refuses tenths, once more in whole numbers (X8). */
export function* sendProfile(
  connectorId: number,
  csChargingProfiles: ChargingProfile16,
): Generator<OutgoingCall, { reply: CommandReply; sent: ChargingProfile16 }, CallAnswer> {
  let sent = csChargingProfiles
  let said = yield* askOnce(connectorId, sent)
  const periods = sent.chargingSchedule.chargingSchedulePeriod
  if ('ended' in said && said.ended.kind === 'refused' && periods.some(({ limit }) => !Number.isInteger(limit))) {
    sent = {
      ...sent,
      chargingSchedule: {
        ...sent.chargingSchedule,
        chargingSchedulePeriod: periods.map((period) => ({ ...period, limit: Math.floor(period.limit) })),
      },
    }
    said = yield* askOnce(connectorId, sent)
  }
  if ('ended' in said) return { reply: said.ended, sent }
  return { reply: replyOf(said.answer.status), sent }
}

function askOnce(connectorId: number, csChargingProfiles: ChargingProfile16) {
  return ask<OCPP16.SetChargingProfileRequest, OCPP16.SetChargingProfileResponse>('SetChargingProfile', {
    connectorId,
    csChargingProfiles,
  })
}

function replyOf(status: string | undefined): CommandReply {
  if (status === undefined) return refused('the answer holds no status')
  if (status === 'Accepted') return { kind: 'accepted' }
  return status === 'NotSupported' ? { kind: 'unsupported', reason: status } : refused(status)
}

export const setProfile: Translator<'set_profile'> = function* (
  { evse = 0, transaction, profile },
  station,
): CommandSteps {
  const translated = toProfile16(profile, station)
  if ('ended' in translated) return translated.ended
  const { carried } = translated
  // 3.13.1: the station's limit belongs to connector 0, and a transaction's profile names its transaction and connector.
  if (profile.purpose === 'station_max' && evse !== 0) return refused('evse: a station_max profile is for the station')
  if (profile.purpose === 'transaction') {
    if (evse === 0) return refused('evse: a transaction profile needs it')
    if (transaction?.number === undefined) return refused('transaction: OCPP 1.6 names a transaction by its number')
    carried.transactionId = transaction.number
  } else if (transaction !== undefined) return refused(`transaction: a ${profile.purpose} profile has none`)
  return (yield* sendProfile(evse, carried)).reply
}
