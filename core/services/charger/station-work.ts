// Owns one unit of work for a station: the effects that will share a commit, and the readings they carry.
// Must not touch the database.
import type { RegisterReading } from '../../domain/session/index.ts'
import { effect } from '../../store/charger-effects.ts'
import type { NewEvent } from '../../store/event-log.ts'
import type { Effect } from '../../store/group-commit.ts'
import type { ChargerDeps } from './charger-deps.ts'
import type { StationState } from './station-state.ts'

export interface StationWork {
  receivedAt: Date
  effects: Effect[]
  /** Register readings of this unit by transaction: not in the database yet when a sum is made again. */
  readings: { transactionId: string; reading: RegisterReading }[]
  stationReadings: RegisterReading[]
}

export function newWork(receivedAt: Date): StationWork {
  return { receivedAt, effects: [], readings: [], stationReadings: [] }
}

/** The columns that open every row of a station. */
export function inStation(station: StationState) {
  const { organization_id, site_id, station_id } = station.record
  return { organization_id, site_id, station_id }
}

type EventBody = NewEvent extends infer E
  ? E extends NewEvent
    ? Pick<E, 'type' | 'subject' | 'data'> & { occurredAt: Date }
    : never
  : never

export function addEvent(deps: ChargerDeps, station: StationState, work: StationWork, body: EventBody): void {
  const { organization_id, site_id } = station.record
  const event = {
    id: deps.newId(),
    type: body.type,
    organizationId: organization_id,
    siteId: site_id,
    subject: body.subject,
    occurredAt: body.occurredAt,
    recordedAt: work.receivedAt,
    data: body.data,
  } as NewEvent
  work.effects.push(effect.event(event))
}

/** Sets a doubtful input aside for a person; the same content asks only once. */
export function addReview(
  deps: Pick<ChargerDeps, 'newId'>,
  station: StationState,
  work: Pick<StationWork, 'effects'>,
  item: {
    contentKey: string
    kind: string
    reason: string
    data: unknown
    subjectType?: string
    subjectId?: string
    at: Date
  },
): void {
  const { organization_id, site_id, station_id } = station.record
  work.effects.push(
    effect.review({
      organization_id,
      site_id,
      station_id,
      review_id: deps.newId(),
      content_key: `${station_id}:${item.contentKey}`,
      kind: item.kind,
      subject_type: item.subjectType ?? null,
      subject_id: item.subjectId ?? null,
      reason: item.reason,
      data: item.data,
      at: item.at,
    }),
  )
}

/**
 * Has the links and, unless it runs, the bill of a session looked at again, once the commit is through. All sessions of a site
 * that changed within moments are one look.
 */
export function addSessionJobs(
  { settings, newId }: ChargerDeps,
  station: StationState,
  work: StationWork,
  session_id: string,
  { billable }: { billable: boolean },
): void {
  const { organization_id, site_id } = station.record
  if (site_id === null) return
  const name = `sessions:${site_id}`
  work.effects.push(
    effect.sessionChange({ organization_id, site_id, change_id: newId(), session_id, billable }),
    effect.job({
      task: 'sessions.changed',
      payload: { organizationId: organization_id, siteId: site_id },
      key: name,
      queue: name,
      delayMs: settings.settleAfterMs,
      delayFrom: 'first',
    }),
  )
}

/** Has the state of the bay that an EVSE serves looked at again; an EVSE without a bay costs nothing. */
export function addBayJob(
  { settings }: ChargerDeps,
  station: StationState,
  work: StationWork,
  bayId: string | null,
): void {
  const { organization_id, site_id } = station.record
  if (site_id === null || bayId === null) return
  const name = `ev_bay:${bayId}`
  work.effects.push(
    effect.job({
      task: 'ev_bay.evaluate',
      payload: { organizationId: organization_id, siteId: site_id, bayId },
      key: name,
      queue: name,
      delayMs: settings.settleAfterMs,
      delayFrom: 'first',
    }),
  )
}
