// Owns charging profiles and the composite schedule (1.6 sections 5.5, 5.7, 5.16; 2.x block K).
// Must not compute limits; charging-limit.ts does.
import { compositePeriods } from '../charging-limit.ts'
import { type Block, type Core, evseOf, list, ok, part, status } from '../core.ts'
import type { Payload } from '../options.ts'
import type { StoredProfile } from '../state.ts'

const idOf = (core: Core, profile: Payload) => (core.v16 ? profile.chargingProfileId : profile.id)

/** The same id, or the same purpose and level at the same place, is replaced (1.6 section 3.13.3; K01.FR.05 and .06). */
export function storeProfile(core: Core, evse: number, profile: Payload): void {
  const replaced = (one: StoredProfile) =>
    idOf(core, one.profile) === idOf(core, profile) ||
    (one.evse === evse &&
      one.profile.chargingProfilePurpose === profile.chargingProfilePurpose &&
      one.profile.stackLevel === profile.stackLevel)
  core.state.profiles = [...core.state.profiles.filter((one) => !replaced(one)), { evse, profile }]
}

function matching(core: Core, criteria: Payload): StoredProfile[] {
  const ids = Array.isArray(criteria.ids) ? criteria.ids : undefined
  return core.state.profiles.filter(
    (one) =>
      (ids === undefined || ids.includes(idOf(core, one.profile))) &&
      [undefined, one.evse].includes(criteria.evse as number) &&
      [undefined, one.profile.chargingProfilePurpose].includes(criteria.purpose) &&
      [undefined, one.profile.stackLevel].includes(criteria.stackLevel),
  )
}

export const chargingProfiles: Block = {
  SetChargingProfile: (payload, core) => {
    const evse = Number(core.v16 ? payload.connectorId : payload.evseId)
    const profile = part(core.v16 ? payload.csChargingProfiles : payload.chargingProfile)
    if (evse !== 0 && evseOf(core, evse) === undefined) return status('Rejected')
    if (profile.chargingProfilePurpose === 'TxProfile' && evseOf(core, evse)?.transaction == null) {
      return status('Rejected')
    }
    storeProfile(core, evse, profile)
    return status('Accepted')
  },
  ClearChargingProfile: (payload, core) => {
    const criteria = part(payload.chargingProfileCriteria)
    const id = core.v16 ? payload.id : payload.chargingProfileId
    const found = matching(core, {
      ids: id === undefined ? undefined : [id],
      evse: core.v16 ? payload.connectorId : criteria.evseId,
      purpose: core.v16 ? payload.chargingProfilePurpose : criteria.chargingProfilePurpose,
      stackLevel: core.v16 ? payload.stackLevel : criteria.stackLevel,
    })
    core.state.profiles = core.state.profiles.filter((one) => !found.includes(one))
    return status(found.length > 0 ? 'Accepted' : 'Unknown')
  },
  GetChargingProfiles: ({ requestId, evseId, chargingProfile }, core) => {
    const asked = part(chargingProfile)
    const sources = asked.chargingLimitSource
    const found = matching(core, {
      ids: asked.chargingProfileId,
      evse: evseId,
      purpose: asked.chargingProfilePurpose,
      stackLevel: asked.stackLevel,
    }).filter(() => !Array.isArray(sources) || sources.includes('CSO'))
    if (found.length === 0) return status('NoProfiles')
    return status('Accepted', async () => {
      for (const [i, one] of found.entries()) {
        await core.tell('ReportChargingProfiles', {
          requestId,
          chargingLimitSource: 'CSO',
          evseId: one.evse,
          chargingProfile: [one.profile],
          tbc: i < found.length - 1,
        })
      }
    })
  },
  GetCompositeSchedule: (payload, core) => {
    const id = Number(core.v16 ? payload.connectorId : payload.evseId)
    const evse = id === 0 ? null : evseOf(core, id)
    if (evse === undefined) return status('Rejected')
    const unit = payload.chargingRateUnit === 'W' ? 'W' : 'A'
    const duration = Math.max(0, Number(payload.duration))
    const chargingSchedulePeriod = compositePeriods(core, evse, duration, unit, 11_000)
    if (core.v16) {
      return ok({
        status: 'Accepted',
        connectorId: id,
        scheduleStart: core.stamp(),
        chargingSchedule: { duration, chargingRateUnit: unit, chargingSchedulePeriod },
      })
    }
    return ok({
      status: 'Accepted',
      schedule: { evseId: id, duration, scheduleStart: core.stamp(), chargingRateUnit: unit, chargingSchedulePeriod },
    })
  },
}

/** Changes the one period of a dynamic profile (2.1 K28). */
export function updateProfile(core: Core, id: unknown, update: Payload): boolean {
  const stored = core.state.profiles.find((one) => one.profile.id === id)
  if (stored?.profile.chargingProfileKind !== 'Dynamic') return false
  const [schedule] = list(stored.profile.chargingSchedule)
  const [period] = list(schedule?.chargingSchedulePeriod)
  if (period === undefined) return false
  Object.assign(period, update)
  return true
}
