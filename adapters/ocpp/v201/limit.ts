// Owns the plain words "limit" and "unlimit" for OCPP 2.x: which profile says it, in which unit, under which id.
// Must not plan load; one number for one EVSE or for the station.
import type { OCPP20 } from 'typed-ocpp'
import type { CommandReply, ProfilePurpose } from '../../../core/plugin/index.ts'
import { ask, askForStatus, type CallAnswer, type CommandSteps, type OutgoingCall, refused } from '../command.ts'
import type { AppliedProfile } from '../profile.ts'
import { profileType, tenths } from './charging-profile.ts'
import { knownVariables } from './known-variables.ts'
import { reasonOf } from './said.ts'
import type { Translator2 } from './words.ts'

type Limiting = Extract<ProfilePurpose, 'station_max' | 'default'>

/**
 * Profile ids 1 000 001 to 1 999 992 belong to these commands: a million, ten for each EVSE number (0 is the station), and the
 * purpose. The same limit so always replaces itself, also after a restart of either side.
 */
const firstId = 1_000_000
const largestEvse = 99_999
const digit: Record<Limiting, number> = { station_max: 1, default: 2 }
const idOf = (evse: number, purpose: Limiting) => firstId + evse * 10 + digit[purpose]

/** Nominal voltage between phase and neutral for a station that takes only the other unit (S14). */
const volts = 230

/** A start in the past holds whatever the station's clock says: an absolute schedule needs one (K01). */
const longAgo = '2020-01-01T00:00:00Z'

interface Amount {
  unit: 'A' | 'W'
  limit: number
}

const readable = (text: string | undefined) => text === undefined || !Number.isNaN(Date.parse(text))

function* amountOf(
  { amps, watts, phases }: { amps?: number; watts?: number; phases?: 1 | 3 },
  profile: AppliedProfile,
  memory: Parameters<Translator2<'limit'>>[3],
): Generator<OutgoingCall, Amount | { ended: CommandReply }, CallAnswer> {
  if ((amps === undefined) === (watts === undefined)) return { ended: refused('amps or watts: one of them, not both') }
  const given: Amount = amps === undefined ? { unit: 'W', limit: watts ?? 0 } : { unit: 'A', limit: amps }
  if (!(given.limit >= 0)) return { ended: refused(`${amps === undefined ? 'watts' : 'amps'}: must not be negative`) }
  if (profile.limitUnit !== 'any') profile.used('limitUnit')
  const [units] =
    profile.limitUnit === 'any' ? yield* knownVariables([rateUnit], memory) : [profile.limitUnit as string]
  const taken = (units ?? '').split(',').map((each) => each.trim())
  const wanted = taken.includes('A') || taken.includes('W') ? taken : ['A', 'W']
  if (wanted.includes(given.unit)) return { unit: given.unit, limit: tenths(given.limit) }
  if (phases === undefined) return { ended: refused(`phases: this station takes only ${wanted.join()}, so they count`) }
  const watt = volts * phases
  return given.unit === 'A'
    ? { unit: 'W', limit: tenths(given.limit * watt) }
    : { unit: 'A', limit: tenths(given.limit / watt) }
}

const rateUnit = 'SmartChargingCtrlr.RateUnit'
const highestLevel = 'SmartChargingCtrlr.ProfileStackLevel'

/** A limit with an end lies over all else, so that what stands below it holds again afterwards: the highest level wins (K01). */
function* levelFor(
  until: string | undefined,
  profile: AppliedProfile,
  memory: Parameters<Translator2<'limit'>>[3],
): Generator<OutgoingCall, number, CallAnswer> {
  if (profile.minStack > 0) profile.used('minStack')
  if (until === undefined) return profile.minStack
  if (profile.maxStack !== null) {
    profile.used('maxStack')
    return profile.maxStack
  }
  const known = yield* knownVariables([highestLevel, ...(profile.limitUnit === 'any' ? [rateUnit] : [])], memory)
  const told = Number(known[0] ?? Number.NaN)
  return Number.isInteger(told) && told >= profile.minStack ? told : profile.minStack
}

export const limit: Translator2<'limit'> = function* (command, words, profile, memory): CommandSteps {
  const { evse = 0, phases, until } = command
  if (evse < 0 || evse > largestEvse) return refused(`evse: ${evse} is beyond what limits are kept for`)
  if (!readable(until)) return refused('until: no time that can be read')
  const stackLevel = yield* levelFor(until, profile, memory)
  const amount = yield* amountOf(command, profile, memory)
  if ('ended' in amount) return amount.ended
  const allowed = (purpose: Limiting) => {
    const yes = profile.allowedPurposes.includes(purpose)
    if (!yes) profile.used('allowedPurposes')
    return yes
  }
  const apply = function* (purpose: Limiting): CommandSteps {
    if (!allowed(purpose)) return refused(`this model takes no profile of the purpose ${purpose}`)
    const profileId = idOf(evse, purpose)
    const made = profileType(
      {
        profileId,
        stackLevel,
        purpose,
        kind: 'absolute',
        ...(until === undefined ? {} : { validUntil: new Date(until).toISOString() }),
        schedules: [
          {
            unit: amount.unit,
            startAt: longAgo,
            periods: [{ startSeconds: 0, limit: amount.limit, ...(phases === undefined ? {} : { phases }) }],
          },
        ],
      },
      words,
    )
    if ('ended' in made) return made.ended
    const request: OCPP20.SetChargingProfileRequest = { evseId: evse, chargingProfile: made.profile }
    return yield* askForStatus('SetChargingProfile', request, {
      Accepted: { profileId, purpose, stackLevel, ...amount },
    })
  }
  if (evse > 0) return yield* apply('default')
  const whole = yield* apply('station_max')
  // S9: some stations take no profile for themselves. A default profile at 0 then binds each of their EVSEs (K01).
  return whole.kind === 'refused' ? yield* apply('default') : whole
}

export const unlimit: Translator2<'unlimit'> = function* ({ evse = 0 }): CommandSteps {
  const purposes: readonly Limiting[] = evse > 0 ? ['default'] : ['station_max', 'default']
  let cleared = 0
  for (const purpose of purposes) {
    const request: OCPP20.ClearChargingProfileRequest = { chargingProfileId: idOf(evse, purpose) }
    const said = yield* ask<typeof request, OCPP20.ClearChargingProfileResponse>('ClearChargingProfile', request)
    if ('ended' in said) return said.ended
    const { status, statusInfo } = said.answer
    // Unknown: there was no limit, which is what was asked for.
    if (status === 'Accepted') cleared++
    else if (status !== 'Unknown') return refused(reasonOf(status, statusInfo), { cleared })
  }
  return { kind: 'accepted', result: { cleared } }
}
