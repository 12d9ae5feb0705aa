// Owns the plain limit in OCPP 1.6: which profile on which connector, at which level and in which unit, and its removal.
// Must not verify that the limit is kept; the meter values tell.
import type { OCPP16 } from 'typed-ocpp'
import type { ChargingProfile, CommandReply, StationCommand } from '../../../core/plugin/index.ts'
import { ask, type CommandSteps, type Memory, refused, type Translator } from '../command.ts'
import { replyTime } from '../device-time.ts'
import type { AppliedProfile } from '../profile.ts'
import { toProfile16 } from './charging-profile.ts'
import { learnSettings } from './learn-settings.ts'
import { type Rate, rateFor, rateUnitKey } from './rate-unit.ts'
import { sendProfile } from './set-charging-profile.ts'

const stackKey = 'ChargeProfileMaxStackLevel'

type Purpose = 'station_max' | 'default'

/**
 * The profile ids 30000 to 32767 are the plain limits': one for each place and purpose, so that a new limit replaces the older
 * one (5.16: same id), and small enough for stations that count in 16 bits.
 */
function profileIdOf(purpose: Purpose, connector: number): number {
  return purpose === 'station_max' ? 30_000 : 31_000 + connector
}

/** An older start covers a station whose clock is behind ours: it must not wait for its limit. */
const startedBeforeMs = 60_000

export function* limit(
  asked: Extract<StationCommand, { name: 'limit' }>,
  profile: AppliedProfile,
  memory: Memory,
  at: Date,
): CommandSteps {
  const { evse = 0, until } = asked
  const end = until === undefined ? null : new Date(until)
  if (end !== null && !(end > at)) return refused(`until: "${until}" is no time in the future`)
  // ChargePointMax binds the station whatever runs; where it is refused, TxDefault on connector 0 binds every transaction (S9).
  const purposes = (evse === 0 ? (['station_max', 'default'] as const) : (['default'] as const)).filter((purpose) =>
    profile.allowedPurposes.includes(purpose),
  )
  if (purposes.length < (evse === 0 ? 2 : 1)) profile.used('allowedPurposes')
  if (purposes.length === 0) return { kind: 'unsupported', reason: 'this model takes no profile for a plain limit' }
  const unknown: string[] = []
  if (profile.limitUnit === 'any') unknown.push(rateUnitKey)
  if (profile.maxStack === null) unknown.push(stackKey)
  else profile.used('maxStack')
  if (profile.minStack > 0) profile.used('minStack')
  yield* learnSettings(unknown, profile, memory)
  const rate = rateFor(asked, profile, memory.get(rateUnitKey))
  if (rate === null) return refused('amps or watts: one of them is needed')
  let reply: CommandReply = refused('nothing was sent')
  for (const purpose of purposes) {
    const place: Place = { purpose, connector: evse, stackLevel: stackLevelFor(profile, memory), end, at }
    reply = yield* limitAt(place, rate, asked.phases, profile)
    if (reply.kind === 'accepted') return reply
  }
  return reply
}

/** The highest level wins over whatever else is installed (3.13.2); where none is known, the lowest is taken by every station. */
function stackLevelFor({ minStack, maxStack }: AppliedProfile, memory: Memory): number {
  const told = Number(memory.get(stackKey) ?? Number.NaN)
  return maxStack ?? (Number.isInteger(told) && told >= minStack ? told : minStack)
}

interface Place {
  purpose: Purpose
  connector: number
  stackLevel: number
  end: Date | null
  at: Date
}

function* limitAt(place: Place, rate: Rate, phases: 1 | 3 | undefined, profile: AppliedProfile): CommandSteps {
  const { purpose, connector, stackLevel, end, at } = place
  const start = new Date(at.getTime() - startedBeforeMs)
  const profileId = profileIdOf(purpose, connector)
  const neutral: ChargingProfile = {
    profileId,
    stackLevel,
    purpose,
    kind: 'absolute',
    schedules: [
      {
        unit: rate.unit,
        startAt: replyTime(start, profile),
        periods: [{ startSeconds: 0, limit: rate.limit, ...(phases === undefined ? {} : { phases }) }],
      },
    ],
  }
  if (end !== null) {
    neutral.validUntil = end.toISOString()
    // Some stations look at one of the two only.
    for (const schedule of neutral.schedules) {
      schedule.durationSeconds = Math.ceil((end.getTime() - start.getTime()) / 1000)
    }
  }
  const translated = toProfile16(neutral, profile)
  if ('ended' in translated) return translated.ended
  const { reply, sent } = yield* sendProfile(connector, translated.carried)
  if (reply.kind !== 'accepted') return reply
  const { unit, assumed } = rate
  const sentLimit = sent.chargingSchedule.chargingSchedulePeriod[0]?.limit
  const result = { purpose, unit, limit: sentLimit, stackLevel, profileId }
  return { kind: 'accepted', result: assumed === undefined ? result : { ...result, assumed } }
}

export const unlimit: Translator<'unlimit'> = function* ({ evse = 0 }): CommandSteps {
  const ids = evse === 0 ? [profileIdOf('station_max', 0), profileIdOf('default', 0)] : [profileIdOf('default', evse)]
  let cleared = false
  for (const id of ids) {
    const said = yield* ask<OCPP16.ClearChargingProfileRequest, OCPP16.ClearChargingProfileResponse>(
      'ClearChargingProfile',
      { id },
    )
    if ('ended' in said) return said.ended
    const { status } = said.answer
    // Unknown: the limit is not there, which is what was asked for.
    if (status !== 'Accepted' && status !== 'Unknown') return refused(status ?? 'the answer holds no status')
    if (status === 'Accepted') cleared = true
  }
  return { kind: 'accepted', result: { cleared } }
}
