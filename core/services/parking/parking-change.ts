// Owns what one transaction of the parking side is given and what it gathers: events and jobs, written at its end.
// Must not write anything itself.
import type { Kysely } from 'kysely'
import type { CardProfiles } from '../../domain/credential/index.ts'
import type { StayContext, StayFact } from '../../domain/stay/index.ts'
import type { NewEvent, NewJob } from '../../store/event-log.ts'
import type { ParkingSource } from '../../store/parking-facts.ts'
import type { HubTables } from '../../store/schema.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface ParkingChange {
  trx: Kysely<HubTables>
  source: ParkingSource
  context: StayContext
  /** How the readers of the organization write cards. */
  profiles: CardProfiles
  now: Date
  newId: ServiceDeps['newId']
  log: ServiceDeps['log']
  /** Facts that count now and did not before. */
  gained: readonly StayFact[]
  /** Facts that counted before and do not now. */
  lost: readonly StayFact[]
  events: NewEvent[]
  jobs: NewJob[]
}

type EventOf<T extends NewEvent['type']> = Extract<NewEvent, { type: T }>

export function tell<T extends NewEvent['type']>(
  change: ParkingChange,
  type: T,
  subject: { type: string; id: string },
  occurredAt: Date,
  data: EventOf<T>['data'],
): void {
  const { source, newId, now } = change
  change.events.push({
    id: newId(),
    type,
    organizationId: source.organizationId,
    siteId: source.siteId,
    subject,
    occurredAt,
    recordedAt: now,
    data,
  } as NewEvent)
}

export function evaluateLinks(change: ParkingChange, of: { stayId: string } | { sessionId: string }): void {
  const { organizationId, siteId } = change.source
  const name = `link:${'stayId' in of ? of.stayId : of.sessionId}`
  change.jobs.push({ task: 'link.evaluate', payload: { organizationId, siteId, ...of }, key: name, queue: name })
}

export function evaluateBill(change: ParkingChange, subjectKey: string): void {
  const { organizationId, siteId } = change.source
  const name = `bill:${subjectKey}`
  change.jobs.push({ task: 'bill.evaluate', payload: { organizationId, siteId, subjectKey }, key: name, queue: name })
}
