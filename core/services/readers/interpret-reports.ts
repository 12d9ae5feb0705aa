// Owns what reports mean where their readers stand: which arrival each belongs to, and the parking facts that follow.
// Must not write anything; the caller stores reports and facts in one transaction.
import type { ParkingFact, ReportedCredential } from '../../domain/parking-fact.ts'
import type { CardRead, PlateRead, SpaceRead } from '../../domain/reader.ts'
import { meaningOf, plateText, type ReaderRole, samePlate } from '../../domain/reader-binding.ts'
import { searchKeysOf } from '../../domain/stay/index.ts'
import type { PlacedReader, ReportMeaning, ReportRow } from '../../store/readers.ts'
import { factOfArrival } from './read-fact.ts'

/** Reads that share the vendor's name of an arrival are one within this time, however long the car stands there. */
export const longestArrivalMs = 60 * 60_000

/** A report as it is stored, before or after somebody said where its reader stands. */
export type Told = Pick<
  ReportRow,
  'report_id' | 'reader_id' | 'vendor_id' | 'revision' | 'kind' | 'taken_at' | 'backfilled' | 'plate' | 'arrival_id'
> & { state: string; data: unknown }

export interface Interpreted {
  /** One per report given, and those of earlier reports that changed. */
  meanings: ReportMeaning[]
  facts: { reader: PlacedReader; fact: ParkingFact; ask?: Asking | undefined }[]
}

/** That the gate is to be asked; when it was about this car before, with what that showed. */
export interface Asking {
  instead?: string
}

type CarRead = PlateRead | CardRead
interface Arrival {
  id: string
  reads: { told: Told; data: CarRead }[]
}

/**
 * Takes the reports one after the other.
 * @param around what was stored before near these reports; of their own vendors' names every revision
 */
export function interpretReports(
  readers: ReadonlyMap<string, PlacedReader>,
  reports: readonly Told[],
  around: readonly Told[],
): Interpreted {
  const arrivals = new Map<string, Arrival[]>()
  const meanings = new Map<string, ReportMeaning>()
  const facts = new Map<string, Interpreted['facts'][number]>()
  const askedAs = new Map<string, CarRead | undefined>()
  const known = [...around]
  for (const told of around) if (told.arrival_id !== null && told.kind !== 'space') remember(arrivals, told)

  for (const told of reports) {
    const reader = readers.get(told.reader_id)
    const siteId = reader?.site_id ?? null
    const say = (state: ReportMeaning['state'], more: Partial<ReportMeaning> = {}) => {
      const meaning: ReportMeaning = {
        reportId: told.report_id,
        siteId,
        state,
        reason: null,
        plate: plateOf(told),
        arrivalId: null,
        ...more,
      }
      meanings.set(told.report_id, meaning)
      known.push({ ...told, arrival_id: meaning.arrivalId, state })
    }
    const older = known.filter((one) => one.vendor_id === told.vendor_id && one.report_id !== told.report_id)
    const arrivalId = older.find((one) => one.arrival_id !== null)?.arrival_id ?? null
    if (older.some(({ revision }) => revision > told.revision)) {
      say('superseded', { arrivalId })
      continue
    }
    const outdate = () => {
      for (const one of older) {
        if (one.state !== 'stored' && one.state !== 'repeat') continue
        one.state = 'superseded'
        const { report_id: reportId, arrival_id } = one
        meanings.set(reportId, {
          reportId,
          siteId,
          state: 'superseded',
          reason: null,
          plate: plateOf(one),
          arrivalId: arrival_id,
        })
      }
    }
    if (reader === undefined || reader.role === null || siteId === null) {
      say('unbound')
      continue
    }
    if (told.kind === 'space') {
      const data = told.data as SpaceRead
      const bay = reader.bays[data.space] ?? (Object.keys(reader.bays).length === 0 ? reader.bay : null)
      if (bay === null || bay === undefined) {
        say('unbound', { reason: `The space ${data.space} is not mapped to a bay.` })
        continue
      }
      const id = arrivalId ?? told.report_id
      outdate()
      say('stored', { arrivalId: id })
      facts.set(id, { reader, fact: spaceFact(id, told, data, reader, bay) })
      continue
    }
    const data = told.data as CarRead
    const meaning = meaningOf(reader.role as ReaderRole, reader.reversed, movementOf(data))
    const here = arrivals.get(reader.reader_id) ?? []
    const own = here.find(({ id }) => id === arrivalId) ?? nearest(here, told, data, reader.repeat_seconds * 1_000)
    if (meaning.kind === 'against') {
      outdate()
      const undone = own && reader.passage !== 'evidence'
      say(undone ? 'backed_out' : 'ignored', {
        reason: 'The car moved against the direction of the lane.',
        arrivalId: undone ? own.id : null,
      })
      if (undone) facts.set(`back ${own.id}`, { reader, fact: backFact(own, told, reader) })
      continue
    }
    const arrival = own ?? { id: told.report_id, reads: [] }
    if (!own) arrivals.set(reader.reader_id, [...here, arrival])
    const before = bestOf(arrival)
    // Nobody was asked about what was told late.
    const live = arrival.reads.some((one) => !one.told.backfilled)
    if (!askedAs.has(arrival.id)) askedAs.set(arrival.id, live ? before?.data : undefined)
    outdate()
    arrival.reads = arrival.reads.filter(({ told: one }) => one.vendor_id !== told.vendor_id)
    arrival.reads.push({ told, data })
    const best = bestOf(arrival)
    const isCorrection = older.length > 0
    const isBest = best?.told.report_id === told.report_id
    say(before === undefined || isCorrection || isBest ? 'stored' : 'repeat', {
      arrivalId: arrival.id,
      ...(meaning.kind === 'undirected'
        ? {
            reason:
              'The lane serves both directions and the camera does not tell which: kept as seen, not as a passage.',
          }
        : {}),
    })
    if (before !== undefined && !isBest && !isCorrection) continue
    const direction = meaning.kind === 'passage' ? meaning.direction : null
    const revision = known.filter((one) => one.arrival_id === arrival.id).length
    facts.set(arrival.id, {
      reader,
      fact: carFact(arrival, revision, direction, reader),
      ask: askingOf(askedAs.get(arrival.id), best?.data),
    })
  }
  return { meanings: [...meanings.values()], facts: [...facts.values()] }
}

function remember(arrivals: Map<string, Arrival[]>, told: Told): void {
  const here = arrivals.get(told.reader_id) ?? []
  arrivals.set(told.reader_id, here)
  let arrival = here.find(({ id }) => id === told.arrival_id)
  if (!arrival) {
    arrival = { id: told.arrival_id ?? '', reads: [] }
    here.push(arrival)
  }
  if (told.state === 'stored' || told.state === 'repeat') arrival.reads.push({ told, data: told.data as CarRead })
}

/** The arrival that a read belongs to: the same car, within the window of any of its reads; the nearest in time. */
function nearest(here: readonly Arrival[], told: Told, data: CarRead, windowMs: number): Arrival | undefined {
  let best: { arrival: Arrival; away: number } | undefined
  for (const arrival of here) {
    for (const one of arrival.reads) {
      const away = Math.abs(one.told.taken_at.getTime() - told.taken_at.getTime())
      const named = 'arrivalId' in data && 'arrivalId' in one.data && data.arrivalId === one.data.arrivalId
      const fits = named ? away <= longestArrivalMs : away <= windowMs && sameThing(one.data, data)
      if (fits && (!best || away < best.away)) best = { arrival, away }
    }
  }
  return best?.arrival
}

function sameThing(a: CarRead, b: CarRead): boolean {
  if ('plate' in a && 'plate' in b) return samePlate(shown(a), shown(b))
  return 'raw' in a && 'raw' in b && a.raw.trim().toUpperCase() === b.raw.trim().toUpperCase()
}

const shown = ({ plate, country }: PlateRead) => ({ text: plate, ...(country === undefined ? {} : { country }) })

/** A car is asked about once; a read that corrects what was asked only where access would look for another credential by it. */
function askingOf(before: CarRead | undefined, now: CarRead | undefined): Asking | undefined {
  if (before === undefined) return {}
  if (now === undefined) return undefined
  const [one, other] = [credentialOf(before, ''), credentialOf(now, '')]
  const keys = new Set(searchKeysOf([one]))
  const isSame = one.value === other.value || searchKeysOf([other]).some((key) => keys.has(key))
  return isSame ? undefined : { instead: one.value }
}

/** The surest read; of equally sure ones the first, so that a fact does not change without need. */
function bestOf({ reads }: Arrival): Arrival['reads'][number] | undefined {
  return reads.toSorted(
    (a, b) => sureness(b.data) - sureness(a.data) || a.told.taken_at.getTime() - b.told.taken_at.getTime(),
  )[0]
}

function sureness(data: CarRead): number {
  return 'plate' in data ? (data.confidence ?? 0.5) : 1
}

function movementOf(data: CarRead): PlateRead['movement'] {
  return 'plate' in data ? data.movement : undefined
}

function plateOf({ kind, data }: Pick<Told, 'kind' | 'data'>): string | null {
  if (kind === 'plate') return plateText((data as PlateRead).plate, (data as PlateRead).country)
  const plate = kind === 'space' ? (data as SpaceRead).plate : undefined
  return plate === undefined ? null : plateText(plate.text, plate.country)
}

function carFact(
  arrival: Arrival,
  revision: number,
  direction: 'entry' | 'exit' | 'internal' | null,
  reader: PlacedReader,
): ParkingFact {
  const best = bestOf(arrival)
  const first = Math.min(...arrival.reads.map(({ told }) => told.taken_at.getTime()))
  const credentials = best ? [credentialOf(best.data, reader.name)] : []
  const common = {
    id: factOfArrival(arrival.id),
    revision,
    occurredAt: new Date(first),
    backfilled: arrival.reads.every(({ told }) => told.backfilled),
    device: reader.name,
    ...(reader.lane === null ? {} : { lane: reader.lane }),
  }
  if (direction === null || reader.role === 'bay' || reader.passage === 'evidence') {
    const atBay = reader.role === 'bay'
    const bay = atBay && reader.bay !== null ? { bay: reader.bay } : {}
    return { ...common, type: 'credential.observed', data: { role: atBay ? 'bay' : 'gate', credentials, ...bay } }
  }
  const data = { direction, requestId: `read:${arrival.id}`, credentials }
  return reader.passage === 'passes'
    ? { ...common, type: 'gate.passed', data }
    : { ...common, type: 'gate.requested', data }
}

function backFact(arrival: Arrival, told: Told, reader: PlacedReader): ParkingFact {
  return {
    id: `hub:back:${arrival.id}`,
    revision: told.taken_at.getTime() % 2_147_483_647,
    type: 'gate.backedOut',
    occurredAt: told.taken_at,
    backfilled: told.backfilled,
    device: reader.name,
    ...(reader.lane === null ? {} : { lane: reader.lane }),
    data: {
      direction: reader.role === 'exit' ? 'exit' : 'entry',
      requestId: `read:${arrival.id}`,
      credentials: [credentialOf(told.data as CarRead, reader.name)],
    },
  }
}

function spaceFact(id: string, told: Told, data: SpaceRead, reader: PlacedReader, bay: string): ParkingFact {
  const { plate } = data
  return {
    id: `hub:space:${id}`,
    revision: told.revision,
    type: 'bay.changed',
    occurredAt: told.taken_at,
    backfilled: told.backfilled,
    device: reader.name,
    data: {
      bay,
      occupied: data.occupied,
      ...(plate === undefined
        ? {}
        : {
            credentials: [
              {
                kind: 'plate',
                value: plate.text,
                reader: reader.name,
                ...(plate.confidence === undefined ? {} : { confidence: plate.confidence }),
                ...(plate.country === undefined ? {} : { country: plate.country }),
              },
            ],
          }),
    },
  }
}

function credentialOf(data: CarRead, reader: string): ReportedCredential {
  if (!('plate' in data)) {
    const { raw, encoding, bitLength } = data
    return {
      kind: 'card',
      value: raw,
      reader,
      ...(encoding === undefined ? {} : { encoding }),
      ...(bitLength === undefined ? {} : { bitLength }),
    }
  }
  const { plate, confidence, charConfidence, country, region, candidates } = data
  return {
    kind: 'plate',
    value: plate,
    reader,
    ...(confidence === undefined ? {} : { confidence }),
    ...(charConfidence === undefined ? {} : { charConfidence }),
    ...(country === undefined ? {} : { country }),
    ...(region === undefined ? {} : { region }),
    ...(candidates === undefined
      ? {}
      : { candidates: candidates.map(({ plate: value, ...rest }) => ({ value, ...rest })) }),
  }
}
