// Owns the task `ev_bay.evaluate`: what a charging bay is now, written and told, and the appointment at which time alone changes it.
// Must not tell of what is past: only the state of this moment is compared with the one told last.
import { normalisePlate } from '../../domain/credential/index.ts'
import { type EvBayNow, evBayNow, evBaySettings } from '../../domain/ev-bay/index.ts'
import { searchKeysOf } from '../../domain/stay/index.ts'
import {
  type BayFacts,
  type BayScope,
  bayFacts,
  type EvBayRow,
  evBayRow,
  lockEvBay,
  writeEvBay,
} from '../../store/ev-bays.ts'
import { appendEvents, type NewEvent } from '../../store/event-log.ts'
import { clearTimer, setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'

/** How far back evidence is looked through; what began before is known by the state that stands. */
const windowMs = 2 * 86_400_000
/** After an outage facts come in bulk, and each of them would look like the present: nothing is told until they have stopped. */
export const lateQuietMs = 5 * 60_000

export function evaluateEvBay(deps: ServiceDeps): (scope: BayScope) => Promise<void> {
  return async (scope) => {
    await transaction(deps.db, async (trx) => {
      const now = deps.clock.now()
      const timer = { organizationId: scope.organizationId, kind: 'ev_bay.evaluate', key: `ev_bay:${scope.bayId}` }
      const bay = await lockEvBay(trx, scope)
      if (bay === undefined) {
        await clearTimer(trx, timer)
        return
      }
      const facts = await bayFacts(trx, bay, new Date(now.getTime() - windowMs), now)
      const next = evBayNow(facts, evBaySettings(bay.settings), now)
      const before = await evBayRow(trx, scope)
      const quietUntil = facts.lateAt === null ? null : new Date(facts.lateAt.getTime() + lateQuietMs)
      const quiet = quietUntil !== null && quietUntil > now
      const row = rowOf(scope, next, facts, before, now)
      const events = quiet ? [] : news(deps, row, next, now)
      if (!quiet) Object.assign(row, told(row, next))
      if (before === undefined || differs(row, before)) await writeEvBay(trx, row)
      await appendEvents(trx, events)
      const due = [next.nextAt, quiet ? quietUntil : null]
        .filter((at) => at !== null)
        .sort((a, b) => Number(a) - Number(b))[0]
      if (due === undefined) await clearTimer(trx, timer)
      else await setTimer(trx, { ...timer, siteId: scope.siteId, dueAt: due, data: { ...scope } })
    })
  }
}

function rowOf(scope: BayScope, next: EvBayNow, facts: BayFacts, before: EvBayRow | undefined, now: Date): EvBayRow {
  const since = before?.state === next.state && next.sinceOpen && before.since < next.since ? before.since : next.since
  // Who stands there is among what was seen since the car came: the last look counts.
  const seen = next.occupied ? [...facts.seen].sort((a, b) => a.at.getTime() - b.at.getTime()).at(-1) : undefined
  const fresh =
    seen !== undefined && seen.at.getTime() >= since.getTime() - evBaySettings({}).seenMs ? seen.credentials : []
  return {
    organization_id: scope.organizationId,
    site_id: scope.siteId,
    bay_id: scope.bayId,
    state: next.state,
    since,
    working: next.working,
    occupied: next.occupied,
    session_id: next.sessionId,
    seen_keys: searchKeysOf(fresh),
    plate: plateIn(fresh),
    told_state: before?.told_state ?? null,
    told_since: before?.told_since ?? null,
    overstay_told: before?.overstay_told ?? null,
    version: (before?.version ?? 0) + 1,
    updated_at: now,
  }
}

function plateIn(seen: BayFacts['seen'][number]['credentials']): string | null {
  for (const { kind, value, country } of seen) {
    const reading = kind === 'plate' ? normalisePlate(value, country) : null
    if (reading?.outcome === 'plate') return reading.text
  }
  return null
}

function news(deps: ServiceDeps, row: EvBayRow, next: EvBayNow, now: Date): NewEvent[] {
  const { bay_id: bayId, since, told_state: previous } = row
  const tell = <T extends NewEvent['type']>(type: T, occurredAt: Date, data: Extract<NewEvent, { type: T }>['data']) =>
    ({
      id: deps.newId(),
      type,
      organizationId: row.organization_id,
      siteId: row.site_id,
      subject: { type: 'bay', id: bayId, version: row.version },
      occurredAt,
      recordedAt: now,
      data,
    }) as NewEvent
  const events: NewEvent[] = []
  if (next.state !== previous && !(previous === null && next.state === 'free')) {
    events.push(tell('ev_bay.state_changed', since, { bayId, state: next.state, previous, since: since.toISOString() }))
    if (next.state === 'occupied_not_charging') {
      events.push(tell('ev_bay.blocked', since, { bayId, since: since.toISOString() }))
    }
  }
  const { idleSince, sessionId } = next
  if (
    next.overstay &&
    idleSince !== null &&
    sessionId !== null &&
    idleSince.getTime() !== row.overstay_told?.getTime()
  ) {
    events.push(tell('ev_bay.overstay', idleSince, { bayId, sessionId, idleSince: idleSince.toISOString() }))
  }
  return events
}

function told(row: EvBayRow, next: EvBayNow): Partial<EvBayRow> {
  return {
    told_state: next.state,
    told_since: row.since,
    ...(next.overstay ? { overstay_told: next.idleSince } : {}),
  }
}

function differs(row: EvBayRow, before: EvBayRow): boolean {
  const content = ({ version: _v, updated_at: _u, ...rest }: EvBayRow) => JSON.stringify(rest, Object.keys(rest).sort())
  return content(row) !== content(before)
}
