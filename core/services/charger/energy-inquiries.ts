// Owns the answers to what stations ask about energy: the needs of a car are kept with its session, dynamic profiles have their latest values.
// Must not plan: where no plan exists, the answer says so.
import type { Kysely } from 'kysely'
import type { ScheduleUpdate } from '../../domain/station-command.ts'
import { dynamicLimits } from '../../store/dynamic-limits.ts'
import { noticeEffect } from '../../store/notice-effects.ts'
import type { HubTables } from '../../store/schema.ts'
import { type Asking, type InquiryHandlers, refusingInquiries } from './inquiry-handlers.ts'
import { inStation } from './station-work.ts'

type Topic = 'ev.needs' | 'schedule.pull'

/** The session that goes on at the EVSE; null when there is none. */
function sessionAt({ station, evse }: Asking): string | null {
  const open = station.evses.get(evse ?? 0)?.transactions.filter(({ row }) => row.state === 'open') ?? []
  return open.at(-1)?.row.session_id ?? null
}

export function energyInquiries(deps: { db: Kysely<HubTables> }): Pick<InquiryHandlers, Topic> {
  return {
    'ev.needs'(ask, asking) {
      const sessionId = sessionAt(asking)
      if (sessionId !== null) {
        const { needs: sent, ...read } = ask
        asking.work.effects.push(
          noticeEffect.needs({
            ...inStation(asking.station),
            session_id: sessionId,
            needs: { at: asking.at.toISOString(), ...read, sent },
          }),
        )
      }
      return refusingInquiries['ev.needs'](ask, asking)
    },
    async 'schedule.pull'(ask, asking) {
      const { organization_id, station_id } = asking.station.record
      const limits: ScheduleUpdate | undefined = await dynamicLimits(
        deps.db,
        organization_id,
        station_id,
        ask.profileId,
      )
      return limits === undefined ? refusingInquiries['schedule.pull'](ask, asking) : { accepted: true, limits }
    },
  }
}
