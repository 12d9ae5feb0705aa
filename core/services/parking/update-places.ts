// Owns the live picture that facts give of bays, counters and equipment, and what they observe at chargers and bays.
// Must not open stays. The newest fact by its own time wins, in whatever order facts arrive.
import type { StayFact } from '../../domain/stay/index.ts'
import { factOfRow, factsOfPlaces } from '../../store/parking-facts.ts'
import {
  baysByCode,
  sessionsAtPlaces,
  writeBayStates,
  writeDeviceStates,
  writeOccupancy,
} from '../../store/site-state.ts'
import { placeOf } from './classify-facts.ts'
import { evaluateLinks, type ParkingChange, tell } from './parking-change.ts'

/** How far back the beginning of a bay's present state is looked for. Sensors that repeat themselves more often move it. */
const bayHistory = 50
/** A camera may see the car this long before the cable is in, or after it is out. */
export const observationToleranceMs = 15 * 60_000

export async function updatePlaces(change: ParkingChange): Promise<void> {
  await updateBays(change)
  await updateCounters(change)
  await updateEquipment(change)
  await wakeObservedSessions(change)
}

function touched<T extends StayFact['type']>(change: ParkingChange, type: T): string[] {
  const places = [...change.gained, ...change.lost].filter((fact) => fact.type === type).map(placeOf)
  return [...new Set(places.filter((place) => place !== null))].sort()
}

async function newestOf<T extends StayFact['type']>(change: ParkingChange, type: T, depth = 1) {
  const rows = await factsOfPlaces(change.trx, change.source, type, touched(change, type), depth)
  const facts = rows.map(factOfRow) as Extract<StayFact, { type: T }>[]
  const byPlace = new Map<string, typeof facts>()
  for (const fact of facts) {
    const place = placeOf(fact) ?? ''
    byPlace.set(place, [...(byPlace.get(place) ?? []), fact])
  }
  return byPlace
}

async function updateBays(change: ParkingChange): Promise<void> {
  const { trx, source } = change
  const known = await newestOf(change, 'bay.changed', bayHistory)
  if (known.size === 0) return
  const bays = await baysByCode(trx, source, [...known.keys()])
  const rows = [...known].flatMap(([code, facts]) => {
    const bayId = bays.get(code)
    const last = facts.at(-1)
    if (!last) return []
    if (bayId === undefined) {
      change.log.warn(
        { bay: code, connectionId: source.connectionId },
        'a fact names a bay that this site does not have',
      )
      return []
    }
    const other = facts.findLastIndex((fact) => fact.data.occupied !== last.data.occupied)
    const run = facts.slice(other + 1)
    const seen = last.data.occupied ? run.flatMap((fact) => fact.data.credentials ?? []) : []
    return [
      {
        organization_id: source.organizationId,
        site_id: source.siteId,
        bay_id: bayId,
        occupied: last.data.occupied,
        since: run[0]?.occurredAt ?? last.occurredAt,
        presentations: JSON.stringify(seen),
      },
    ]
  })
  const changed = await writeBayStates(trx, rows)
  for (const { bay_id: bayId, occupied, since } of rows) {
    if (changed.has(bayId)) tell(change, 'bay.changed', { type: 'bay', id: bayId }, since, { bayId, occupied })
  }
}

async function updateCounters(change: ParkingChange): Promise<void> {
  const { organizationId, siteId } = change.source
  const facts = [...(await newestOf(change, 'occupancy.changed')).values()].flat()
  const rows = facts.map(({ data, occurredAt }) => ({
    organization_id: organizationId,
    site_id: siteId,
    counter: data.counter,
    category: data.category ?? '',
    area_code: data.area ?? null,
    free: data.free ?? null,
    occupied: data.occupied ?? null,
    capacity: data.capacity ?? null,
    at: occurredAt,
  }))
  const written = await writeOccupancy(change.trx, rows)
  if (written.length > 0) {
    const name = `occupancy:${siteId}`
    const payload = { organizationId, siteId }
    // Cars that pass together are one look.
    const delay = { delayMs: 30_000, delayFrom: 'first' } as const
    change.jobs.push({ task: 'occupancy.check', payload, key: name, queue: name, ...delay })
  }
  for (const { counter, category } of written) {
    const row = rows.find((one) => one.counter === counter && one.category === category)
    if (!row) continue
    const { occupied, free, at } = row
    tell(change, 'occupancy.changed', { type: 'site', id: siteId }, at, { counter, occupied, free })
  }
}

async function updateEquipment(change: ParkingChange): Promise<void> {
  const { organizationId, siteId } = change.source
  const facts = [...(await newestOf(change, 'equipment.changed')).values()].flat()
  const rows = facts.map(({ device = '', data, occurredAt }) => ({
    organization_id: organizationId,
    site_id: siteId,
    device_id: change.newId(),
    code: device,
    name: device,
    kind: 'unknown',
    state: data.state,
    state_code: data.code ?? null,
    state_text: data.text ?? null,
    state_at: occurredAt,
    created_at: change.now,
    updated_at: change.now,
  }))
  for (const { device_id: deviceId, code } of await writeDeviceStates(change.trx, rows)) {
    const row = rows.find((one) => one.code === code)
    if (!row) continue
    const { state, state_text: text, state_at: at } = row
    tell(change, 'equipment.changed', { type: 'device', id: deviceId }, at, { deviceId, state, text })
  }
}

/** A credential seen at a bay or charger is evidence for the session running there; which stay it is follows from the session. */
async function wakeObservedSessions(change: ParkingChange): Promise<void> {
  const places = [...change.gained, ...change.lost].flatMap((fact) => {
    const seen = fact.type === 'credential.observed' || (fact.type === 'bay.changed' && fact.data.credentials)
    const code = seen ? placeOf(fact) : null
    return code === null ? [] : [{ code, at: fact.occurredAt }]
  })
  for (const sessionId of await sessionsAtPlaces(change.trx, change.source, places, observationToleranceMs)) {
    evaluateLinks(change, { sessionId })
  }
}
