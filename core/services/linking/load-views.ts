// Owns turning stored stays and sessions into what link scoring is told about them.
// Must not decide or write.
import type { Kysely } from 'kysely'
import {
  type CardProfiles,
  canonicalise,
  claimsAt,
  isPartialKey,
  isPayment,
  kindOfTokenType,
  matchPresentations,
  type Presentation,
} from '../../domain/credential/index.ts'
import type { BayInterval, LinkPresentation, PlateRead, SessionView, StayView } from '../../domain/link/index.ts'
import type { ParkerKind, ReportedCredential } from '../../domain/parking-fact.ts'
import { credentialsOf, type StayPlace, type StayPresentation } from '../../domain/stay/index.ts'
import { accountIdAt, type Enrolled, findEnrolled, platesOf } from '../../store/credentials.ts'
import { loadCardProfiles } from '../../store/decode-profiles.ts'
import { type LinkScope, type PlaceCodes, placeCodes, type SessionRow, sessionsById } from '../../store/links.ts'
import { factOfRow, observationsAt, type ParkingFactRow } from '../../store/parking-facts.ts'
import type { HubTables } from '../../store/schema.ts'
import { type StayRow, staysById } from '../../store/stays.ts'
import { enrolledPresentation, lookupKeys } from '../access/identify-credential.ts'

export interface Views {
  stays: StayView[]
  sessions: SessionView[]
  stayRows: ReadonlyMap<string, StayRow>
  /** What cameras and scanners at the charger and its bay told during each session. */
  sightings: ReadonlyMap<string, readonly ParkingFactRow[]>
}

/** A camera may see the car this long before its cable is in. */
const seenBeforeMs = 10 * 60_000
/** A driver holds the ticket to the charger soon after the cable is in, if not before. */
const scannedAfterMs = 30 * 60_000
/** A session that never ends is looked at for this long. */
const longestLookMs = 24 * 60 * 60_000

/** Nine queries at most, whatever the number of subjects. */
export async function loadViews(
  db: Kysely<HubTables>,
  scope: LinkScope,
  stayIds: readonly string[],
  sessionIds: readonly string[],
): Promise<Views> {
  const stayRows = await staysById(db, scope.organizationId, stayIds)
  const sessionRows = await sessionsById(db, scope, sessionIds)
  const places = await placeCodes(
    db,
    scope,
    present(sessionRows.flatMap((row) => [row.bay_id, row.evse_id])),
    present(stayRows.flatMap((row) => (row.bays as StayPlace[]).flatMap(({ bay, evse }) => [bay, evse]))),
  )
  const profiles = await loadCardProfiles(db, scope.organizationId)
  const presented = [
    ...stayRows.flatMap((row) => row.presentations as StayPresentation[]),
    ...sessionRows.flatMap((row) => tokenOf(row, profiles) ?? []),
  ]
  const searchKeys = [...new Set(presented.flatMap(lookupKeys))]
  const enrolled = await findEnrolled(db, scope.organizationId, searchKeys)
  const holders = [...stayRows, ...sessionRows]
  const plates = await platesOf(
    db,
    scope.organizationId,
    present(holders.map((row) => row.account_id)),
    present(holders.map((row) => row.vehicle_id)),
  )
  const seen = await observationsAt(
    db,
    scope,
    sessionRows.flatMap((row) => lookoutsOf(row, places)),
  )
  const known: Known = { scope, places, profiles, plates, seen, identify: identifier(enrolled, scope.siteId) }
  return {
    stays: stayRows.map((row) => stayView(row, known)),
    sessions: sessionRows.map((row) => sessionView(row, known)),
    stayRows: new Map(stayRows.map((row) => [row.stay_id, row])),
    sightings: new Map(sessionRows.map((row) => [row.session_id, sightingsOf(row, known)])),
  }
}

interface Known {
  scope: LinkScope
  places: PlaceCodes
  profiles: CardProfiles
  plates: Awaited<ReturnType<typeof platesOf>>
  seen: readonly ParkingFactRow[]
  /** At the instant it was shown. */
  identify(presented: Presentation, at: Date): Pick<LinkPresentation, 'credentialId' | 'fitsEnrolled'>
}

function stayView(row: StayRow, known: Known): StayView {
  const shown = row.presentations as StayPresentation[]
  // What a camera at a bay read is kept beside the bay; compared as a gate's reading it would meet itself.
  const gate = shown.filter(({ role }) => role !== 'bay' && role !== 'charger')
  return {
    id: row.stay_id,
    siteId: row.site_id,
    enteredAt: row.entered_at,
    exitedAt: row.exited_at,
    presentations: gate.filter(({ kind }) => kind !== 'plate').map((one) => shownAtGate(one, momentOf(row), known)),
    plateReads: gate.filter(({ kind }) => kind === 'plate').map(plateRead),
    accountId: row.account_id,
    vehicleId: row.vehicle_id,
    accountPlates: platesOfHolder(row, momentOf(row), known),
    bays: baysOf(row, shown, known.places),
    parkerKind: row.parker_kind as ParkerKind,
    state: row.state as StayView['state'],
  }
}

/** The instant as of which a stay's holder is told. */
function momentOf({ entered_at, exited_at, facts_at }: StayRow): Date {
  return entered_at ?? exited_at ?? facts_at
}

function shownAtGate(one: StayPresentation, at: Date, known: Known): LinkPresentation {
  const { raw, kind, encoding, bitLength, country, readerProfile } = one
  return { raw, kind, encoding, bitLength, country, readerProfile, ...keyed(one.key), ...known.identify(one, at) }
}

function plateRead(shown: StayPresentation): PlateRead {
  const { raw, at, confidence, charConfidence, lane, country, candidates } = shown
  return {
    text: raw,
    at: new Date(at),
    confidence,
    charConfidence,
    lane: lane ?? undefined,
    country,
    candidates: candidates
      ?.filter(({ value }) => value !== raw)
      .map(({ value, ...rest }) => ({ text: value, ...rest })),
  }
}

function baysOf(row: StayRow, shown: readonly StayPresentation[], places: PlaceCodes): BayInterval[] {
  const seen = (row.bays as StayPlace[]).flatMap(({ at, bay, evse }) => {
    const bayId = places.bayIdByCode.get(bay ?? '') ?? places.evses.get(evse ?? '')?.bayId
    return bayId ? [{ at, bayId }] : []
  })
  return seen.map(({ at, bayId }, index) => {
    const next = seen.slice(index + 1).find((one) => one.bayId !== bayId)
    const plate = shown.find(
      (one) => one.kind === 'plate' && one.at === at && (one.role === 'bay' || one.role === 'charger'),
    )
    return {
      bayId,
      from: new Date(at),
      to: next ? new Date(next.at) : row.exited_at,
      source: 'parcs',
      ...(plate ? { plate: plate.raw } : {}),
    }
  })
}

function sessionView(row: SessionRow, known: Known): SessionView {
  const token = tokenOf(row, known.profiles)
  const plate = plateSeen(row, known)
  const [vehicle] = claimsAt(
    known.plates.filter(({ vehicleId }) => vehicleId === row.vehicle_id),
    row.plugged_at,
  )
  const found = token ? known.identify(token, row.plugged_at) : {}
  const scan = scanned(row, known)
  return {
    id: row.session_id,
    siteId: known.scope.siteId,
    evseId: row.evse_id ?? `${row.station_id}/${row.evse_number}`,
    bayId: bayOf(row, known.places),
    pluggedAt: row.plugged_at,
    unpluggedAt: row.unplugged_at,
    presentations: [
      ...(token
        ? [{ ...token, ...canonical(token), ...found, credentialId: row.credential_id ?? found.credentialId }]
        : []),
      ...(scan ? [{ ...scan, ...canonical(scan), ...known.identify(scan, row.plugged_at) }] : []),
    ],
    accountId: row.account_id,
    vehicleId: row.vehicle_id,
    plate: plate ?? (vehicle ? { text: vehicle.plate, country: vehicle.country ?? undefined } : null),
    accountPlates: platesOfHolder(row, row.plugged_at, known),
    idTokenKind: row.id_token_kind,
  }
}

function tokenOf({ id_token, id_token_kind, station_id }: SessionRow, profiles: CardProfiles): Presentation | null {
  return id_token === null || id_token === '' || id_token_kind === 'none' || isPayment({ kind: id_token_kind })
    ? null
    : { raw: id_token, kind: kindOfTokenType(id_token_kind), readerProfile: profiles.ofStation(station_id) }
}

function bayOf(row: SessionRow, places: PlaceCodes): string | null {
  return row.bay_id ?? places.evses.get(row.evse_id ?? '')?.bayId ?? null
}

function lookoutsOf(row: SessionRow, places: PlaceCodes): { code: string; from: Date; to: Date }[] {
  const bayId = bayOf(row, places)
  const codes = [bayId === null ? undefined : places.bayCodeById.get(bayId), places.evses.get(row.evse_id ?? '')?.code]
  const from = new Date(row.plugged_at.getTime() - seenBeforeMs)
  const to = row.unplugged_at ?? new Date(row.plugged_at.getTime() + longestLookMs)
  return present(codes).map((code) => ({ code, from, to }))
}

/** The plate that a camera at the charger or its bay read nearest to the moment the cable went in. */
function plateSeen(row: SessionRow, known: Known): SessionView['plate'] {
  const nearest = nearestSeen(row, known, ({ kind }) => kind === 'plate')
  if (!nearest) return null
  const { value, country, confidence, charConfidence } = nearest.credential
  return { text: value, country, confidence, charConfidence, reader: `bay:${nearest.place}` }
}

/**
 * The ticket, code or card that was held to a scanner at the charger or its bay nearest to that moment. Not long after it: then the
 * next driver may be trying, while this car still stands there.
 */
function scanned(row: SessionRow, known: Known): Presentation | null {
  const until = row.plugged_at.getTime() + scannedAfterMs
  const nearest = nearestSeen(row, known, ({ kind }, at) => kind !== 'plate' && at.getTime() <= until)
  if (!nearest) return null
  const { value, kind, encoding, bitLength } = nearest.credential
  return { raw: value, kind, encoding, bitLength }
}

function sightingsOf(row: SessionRow, { places, seen }: Known): ParkingFactRow[] {
  const lookouts = seen.length === 0 ? [] : lookoutsOf(row, places)
  return seen.filter(({ occurred_at: at, place_code: place }) =>
    lookouts.some(({ code, from, to }) => code === place && at >= from && at <= to),
  )
}

function nearestSeen(
  row: SessionRow,
  known: Known,
  wanted: (one: ReportedCredential, at: Date) => boolean,
): { credential: ReportedCredential; place: string | null } | undefined {
  let nearest: { credential: ReportedCredential; place: string | null; away: number } | undefined
  for (const stored of sightingsOf(row, known)) {
    const { occurred_at: at, place_code: place } = stored
    const credential = credentialsOf(factOfRow(stored)).find((one) => wanted(one, at))
    const away = Math.abs(at.getTime() - row.plugged_at.getTime())
    if (credential && (!nearest || away < nearest.away)) nearest = { credential, place, away }
  }
  return nearest
}

/** Plates known at that instant, and those that were told since: an enrolment that came late, or was put right. */
function platesOfHolder(
  row: { account_id: string | null; vehicle_id: string | null },
  at: Date,
  { plates }: Known,
): string[] {
  const own = plates.filter(
    (plate) =>
      (plate.until === null || plate.until > at) &&
      ((row.account_id !== null && accountIdAt(plate, at) === row.account_id) || plate.vehicleId === row.vehicle_id),
  )
  return [...new Set(own.map(({ plate }) => plate))]
}

/** The one enrolled credential that something presented is, or how many it may be a part of. */
function identifier(enrolled: readonly Enrolled[], siteId: string): Known['identify'] {
  const byKey = new Map<string, Enrolled[]>()
  for (const row of enrolled) {
    if (row.siteIds !== null && !row.siteIds.includes(siteId)) continue
    byKey.set(row.searchKey, [...(byKey.get(row.searchKey) ?? []), row])
  }
  return (presented, at) => {
    const fitting: Enrolled[] = []
    const partial = new Set<string>()
    for (const row of lookupKeys(presented).flatMap((key) => byKey.get(key) ?? [])) {
      const { equal } = matchPresentations(presented, enrolledPresentation(row))
      if (equal === 'partial' && (row.until === null || row.until > at)) partial.add(row.credentialId)
      else if (!row.crowded && equal !== 'no' && equal !== 'partial') fitting.push(row)
    }
    const whole = new Set(claimsAt(fitting, at).map(({ credentialId }) => credentialId))
    if (whole.size > 0) return whole.size === 1 ? { credentialId: [...whole][0] } : {}
    return partial.size > 0 ? { fitsEnrolled: partial.size } : {}
  }
}

function canonical(presented: Presentation): Pick<LinkPresentation, 'key'> {
  const name = canonicalise(presented)
  return keyed(name.outcome === 'key' ? name.key : null)
}

function keyed(key: string | null): Pick<LinkPresentation, 'key'> {
  return key === null || isPartialKey(key) ? {} : { key: key as NonNullable<LinkPresentation['key']> }
}

function present<T>(values: readonly (T | null | undefined)[]): T[] {
  return [...new Set(values)].filter((value) => value !== null && value !== undefined)
}
