// Owns which cars have a permit in which zone now: by a charging session that runs or has just ended, or by a standing right.
// Must not remember anything; what was told before is permit-book.ts's.
import type { BookedCharging, BookedRight, BookedSite, Page, PageQuery, ParkingBook } from '../../core/plugin/index.ts'
import { type GenetecConfig, wholeSite, type ZoneConfig } from './config.ts'

export interface Permit {
  zoneId: string
  /** Two cars of one charging session share it: one of them may stand there. */
  permitId: string
  plate: string
  /** State, province or country as the plate has it; empty when not known. */
  plateState: string
  from: Date | null
  until: Date | null
}

export interface PermitDeps {
  book: Pick<ParkingBook, 'site' | 'charging' | 'rights'>
  config: GenetecConfig
  now(): Date
}

export type Zone = Required<ZoneConfig>

export function zonesOf({ zones }: Pick<GenetecConfig, 'zones'>, siteName: string): Zone[] {
  const usual = { areas: [], charging: true, rights: ['park', 'charge'] as const }
  return zones.length === 0
    ? [{ id: wholeSite, name: siteName, ...usual }]
    : zones.map((zone) => ({ ...usual, ...zone }))
}

/** How plates are compared: cameras and people disagree about blanks and dashes. */
export function plateKey(text: string): string {
  return text.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** @param plate only the permits of this car */
export async function permitsNow({ book, config, now }: PermitDeps, plate?: string): Promise<Permit[]> {
  const site = await book.site()
  const zones = zonesOf(config, site.name)
  const at = now()
  const about = plate === undefined ? {} : { plate }
  const since = new Date(at.getTime() - config.graceMinutes * 60_000)
  const running = await all((page) => book.charging({ ...about, ...page, now: true }))
  const ended = (await all((page) => book.charging({ ...about, ...page, changedSince: since }))).filter(
    ({ unpluggedAt }) => unpluggedAt !== null,
  )
  // One that was unplugged between the two readings is told by the second.
  const sessions = new Map([...running, ...ended].map((one) => [one.sessionId, one]))
  const rights = await all((page) => book.rights({ ...about, ...page }))
  const areaOf = areaFinder(site)
  const permits = [
    ...[...sessions.values()].flatMap((one) => chargingPermits(one, zones, areaOf, config, at)),
    ...rights.flatMap((one) => rightPermits(one, zones, at)),
  ]
  const wanted = plate === undefined ? permits : permits.filter((one) => plateKey(one.plate) === plateKey(plate))
  return [...new Map(wanted.map((one) => [permitKey(one), one])).values()]
}

export function permitKey({ zoneId, permitId, plate }: Pick<Permit, 'zoneId' | 'permitId' | 'plate'>): string {
  return JSON.stringify([zoneId, permitId, plateKey(plate)])
}

async function all<T>(read: (query: PageQuery) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = []
  let after: string | undefined
  do {
    const page = await read({ limit: 500, ...(after === undefined ? {} : { after }) })
    items.push(...page.items)
    after = page.next ?? undefined
  } while (after !== undefined)
  return items
}

function chargingPermits(
  session: BookedCharging,
  zones: readonly Zone[],
  areaOf: (session: BookedCharging) => string | undefined,
  { graceMinutes, runningHours }: GenetecConfig,
  now: Date,
): Permit[] {
  const { sessionId, pluggedAt, unpluggedAt, plates } = session
  const until =
    unpluggedAt === null
      ? runningUntil(pluggedAt, now, runningHours)
      : new Date(unpluggedAt.getTime() + graceMinutes * 60_000)
  if (until <= now) return []
  const area = areaOf(session)
  // A charger whose place nobody has entered is no reason to fine whoever charges there.
  const inside = ({ areas }: Zone) => areas.length === 0 || area === undefined || areas.includes(area)
  return zones
    .filter((zone) => zone.charging && inside(zone))
    .flatMap(({ id }) =>
      plates.map(({ text, country }) => ({
        zoneId: id,
        permitId: `C-${sessionId}`,
        plate: text,
        plateState: stateOf(country),
        from: pluggedAt,
        until,
      })),
    )
}

/** Moves on by half of the time when half of it is used up: it stays the same meanwhile, so that it is not told at every look. */
function runningUntil(pluggedAt: Date, now: Date, runningHours: number): Date {
  const half = runningHours * 1_800_000
  const used = Math.max(0, Math.floor((now.getTime() - pluggedAt.getTime()) / half))
  return new Date(pluggedAt.getTime() + (used + 2) * half)
}

function rightPermits(right: BookedRight, zones: readonly Zone[], now: Date): Permit[] {
  const { credentialId, status, rights, plates, validFrom, validUntil } = right
  if (status !== 'active' || (validUntil !== null && validUntil <= now)) return []
  return zones
    .filter((zone) => rights.some((one) => zone.rights.includes(one)))
    .flatMap(({ id }) =>
      plates.map(({ text, country }) => ({
        zoneId: id,
        // Of its own for each car: how many may be inside is the gate's question, and no shared permit of Genetec's.
        permitId: `R-${credentialId}-${plateKey(text)}`,
        plate: text,
        plateState: stateOf(country),
        from: validFrom,
        until: validUntil,
      })),
    )
}

/** "US-NY" is NY on the plate, and "DE" is DE. */
function stateOf(country: string | null): string {
  return country === null ? '' : (country.split('-').at(-1) ?? '')
}

function areaFinder({ areas, bays }: BookedSite): (session: BookedCharging) => string | undefined {
  const codes = new Map(areas.map(({ areaId, code }) => [areaId, code]))
  const byBay = new Map(bays.map(({ code, areaId }) => [code, areaId]))
  const byEvse = new Map(
    bays.flatMap(({ evse, areaId }) => (evse ? [[`${evse.stationIdentity}#${evse.evse}`, areaId] as const] : [])),
  )
  return ({ bay, stationIdentity, evse }) => {
    const areaId = (bay === null ? undefined : byBay.get(bay)) ?? byEvse.get(`${stationIdentity}#${evse}`)
    return areaId ? codes.get(areaId) : undefined
  }
}
