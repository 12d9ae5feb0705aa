// Owns the step from one record of a vendor to facts of the hub, or to what is wrong with it and where.
// Must not store anything, nor let a fact through that the hub's own schema did not look at.
import { type FieldError, type ParkingFact, parseFact } from '../../core/plugin/index.ts'
import type { FactMap, Profile, Taken, TakenCredential } from './profile.ts'
import { at, holdsAll, type Sources, type Spot, type TakenValue, type Terms, takeValue } from './take-value.ts'

/** A fact whose revision is still to be found when the vendor does not count corrections. */
export interface ReadFact {
  map: string
  fact: ParkingFact
  counted: boolean
}

export interface RecordReading {
  facts: ReadFact[]
  /** Pointers begin at the message's root. */
  errors: { map: string; pointer: string; message: string }[]
}

/** More facts from one record are no record but a flood. */
const mostItems = 1_000

export function termsOf(profile: Profile, site: { zone: string; currency: string }, near: Date): Terms {
  return {
    lookups: profile.lookups ?? {},
    zone: profile.zone ?? site.zone,
    currency: profile.currency ?? site.currency,
    near,
  }
}

export function readRecord(
  maps: readonly FactMap[],
  sources: Sources,
  terms: Terms,
  backfilled: boolean,
): RecordReading {
  const reading: RecordReading = { facts: [], errors: [] }
  for (const map of maps) {
    if (!holdsAll(map.when ?? [], sources, terms)) continue
    for (const each of itemsOf(map, sources, reading)) {
      const read = readOne(map, each, terms, backfilled)
      if (read.kind === 'ok') reading.facts.push(read.fact)
      else reading.errors.push(...read.errors.map((error) => ({ map: map.name, ...error })))
    }
  }
  return reading
}

function itemsOf(map: FactMap, sources: Sources, reading: RecordReading): readonly Sources[] {
  if (map.each === undefined) return [sources]
  const list = at(sources.record, map.each)
  if (list.value === undefined || list.value === null) return []
  if (!Array.isArray(list.value) || list.value.length > mostItems) {
    reading.errors.push({ map: map.name, pointer: list.pointer, message: `is no list of up to ${mostItems} items` })
    return []
  }
  return list.value.map((value, i) => ({ record: { value, pointer: `${list.pointer}/${i}` }, message: sources.record }))
}

type One = { kind: 'ok'; fact: ReadFact } | { kind: 'wrong'; errors: FieldError[] }

function readOne(map: FactMap, sources: Sources, terms: Terms, backfilled: boolean): One {
  const errors: FieldError[] = []
  /** Where each field of the fact came from, so that what the schema refuses is told at the vendor's place. */
  const origins = new Map<string, string>()
  const take = (field: string, taken: Taken | undefined, from: Sources = sources): unknown => {
    if (taken === undefined) return undefined
    const found: TakenValue = takeValue(taken, from, terms)
    origins.set(field, found.pointer)
    if (found.kind === 'wrong') errors.push({ pointer: found.pointer, message: found.message })
    return found.kind === 'value' ? found.value : undefined
  }
  const texts = (field: string, taken: Taken | undefined, from?: Sources): string | undefined => {
    const value = take(field, taken, from)
    return value === undefined || typeof value === 'object' ? undefined : String(value)
  }

  const key = map.key.map((taken, i) => texts(`/id/${i}`, taken))
  const missing = key.indexOf(undefined)
  if (missing >= 0 && errors.length === 0)
    errors.push({
      pointer: origins.get(`/id/${missing}`) ?? sources.record.pointer,
      message: 'is part of the key, and is missing',
    })
  const credentials = map.credentials?.flatMap((each, i) => credentialsOf(each, i, sources, take, texts, errors))
  const data = Object.fromEntries(
    Object.entries(map.data ?? {}).map(([name, taken]) => [name, take(`/data/${name}`, taken)]),
  )
  const revision = take('/revision', map.revision)
  const wire = {
    // Escaped: ("a:b", "c") and ("a", "b:c") are two keys.
    id: [map.name, ...key.map((part) => part?.replaceAll('%', '%25').replaceAll(':', '%3A'))].join(':'),
    type: map.fact,
    revision: map.revision === undefined ? 1 : revision,
    occurredAt: take('/occurredAt', map.occurredAt),
    stayRef: texts('/stayRef', map.stayRef),
    lane: texts('/lane', map.lane),
    device: texts('/device', map.device),
    backfilled,
    data: shaped(map, data, credentials),
  }
  if (map.revision !== undefined && revision === undefined && errors.length === 0)
    errors.push({ pointer: origins.get('/revision') ?? '', message: 'is the revision, and is missing' })
  if (errors.length > 0) return { kind: 'wrong', errors }
  const parsed = parseFact(withoutGaps(wire))
  if (parsed.kind === 'ok')
    return { kind: 'ok', fact: { map: map.name, fact: parsed.value, counted: map.revision !== undefined } }
  return {
    kind: 'wrong',
    errors: parsed.errors.map(({ pointer, message }) => ({
      pointer: originOf(origins, pointer) ?? sources.record.pointer,
      message: `${pointer} of the fact ${message}`,
    })),
  }
}

/** A gate or camera fact has to say its credentials, if only that there are none. */
function shaped(map: FactMap, data: Record<string, unknown>, credentials: unknown[] | undefined): unknown {
  const needed =
    map.fact.startsWith('gate.') || map.fact === 'credential.observed' || map.fact === 'reservation.changed'
  const listed = credentials ?? (needed ? [] : undefined)
  if (map.fact !== 'stay.corrected') return { ...data, credentials: listed }
  const { operator, ...changed } = data
  return { changed: { ...changed, credentials: listed }, operator }
}

function credentialsOf(
  { kind, value, encoding, country, confidence, each }: TakenCredential,
  index: number,
  sources: Sources,
  take: (field: string, taken: Taken | undefined, from?: Sources) => unknown,
  texts: (field: string, taken: Taken | undefined, from?: Sources) => string | undefined,
  errors: FieldError[],
): unknown[] {
  const list: Spot | undefined = each === undefined ? undefined : at(sources.record, each)
  if (list !== undefined && list.value !== undefined && list.value !== null && !Array.isArray(list.value)) {
    errors.push({ pointer: list.pointer, message: 'is no list' })
    return []
  }
  const places: Sources[] =
    list === undefined
      ? [sources]
      : ((list.value as unknown[] | null | undefined) ?? [])
          .slice(0, 51)
          .map((item, i) => ({ record: { value: item, pointer: `${list.pointer}/${i}` }, message: sources.record }))
  return places.flatMap((place, i) => {
    const field = `/data/credentials/${index + i}`
    const said = texts(`${field}/value`, value, place)
    if (said === undefined) return []
    return [
      {
        kind,
        value: said,
        encoding,
        country: texts(`${field}/country`, country, place),
        confidence: take(`${field}/confidence`, confidence, place),
      },
    ]
  })
}

function originOf(origins: ReadonlyMap<string, string>, pointer: string): string | undefined {
  for (let path = pointer; path !== ''; path = path.slice(0, path.lastIndexOf('/'))) {
    const found = origins.get(path)
    if (found !== undefined) return found
  }
  return undefined
}

/** Fields without a value are not sent; JSON has no undefined, and the schema no field of that kind. */
function withoutGaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutGaps)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => [name, withoutGaps(inner)]),
  )
}
