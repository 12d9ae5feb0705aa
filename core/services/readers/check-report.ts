// Owns what makes a report impossible to keep, whichever adapter handed it over.
// Must not judge plausibility, and must not trust the types: the other side may be another process.
import type { ReaderReport } from '../../domain/reader.ts'
import { type FactProblem, isText, unstorable } from '../parking/check-fact.ts'

const earliest = Date.UTC(2000, 0, 1)
/** A camera's clock further ahead than a time zone's mistake would make its arrivals the newest for days. */
const furthestAheadMs = 26 * 3_600_000
const most = { characters: 64, candidates: 20, images: 8 } as const
const movements = ['towards', 'away', 'in', 'out']
const imageKinds = ['plate', 'vehicle', 'scene']

export function checkReport(report: ReaderReport, now: Date): FactProblem | null {
  if (typeof report !== 'object' || report === null) return { reason: 'report_invalid', pointer: '' }
  const { id, revision, reader, takenAt } = report
  if (!isText(id, 255)) return { reason: 'id_invalid', pointer: '/id' }
  if (!Number.isInteger(revision) || revision < 0 || revision > 2_147_483_647)
    return { reason: 'revision_invalid', pointer: '/revision' }
  if (!isText(reader, 200)) return { reason: 'reader_invalid', pointer: '/reader' }
  if (!(takenAt instanceof Date) || !isBelievable(takenAt, now))
    return { reason: 'taken_at_unbelievable', pointer: '/takenAt' }
  const { images: _, ...content } = report as ReaderReport & { images?: unknown }
  const own = byType(report) ?? images(report)
  if (own) return own
  const text = unstorable(content, '')
  return text === null ? null : { reason: 'text_unstorable', pointer: text }
}

function byType(report: ReaderReport): FactProblem | null {
  switch (report.type) {
    case 'plate':
      return plate(report)
    case 'card':
      if (!isText(report.raw, 256)) return { reason: 'raw_invalid', pointer: '/raw' }
      if (report.encoding !== undefined && !isText(report.encoding, 32))
        return { reason: 'encoding_invalid', pointer: '/encoding' }
      if (report.bitLength !== undefined && !isWithin(report.bitLength, 1, 1_024))
        return { reason: 'bit_length_invalid', pointer: '/bitLength' }
      return null
    case 'space':
      if (!isText(report.space, 255)) return { reason: 'space_invalid', pointer: '/space' }
      if (typeof report.occupied !== 'boolean') return { reason: 'occupied_invalid', pointer: '/occupied' }
      if (report.plate !== undefined && !isText(report.plate?.text, most.characters))
        return { reason: 'plate_invalid', pointer: '/plate/text' }
      return null
    default:
      return { reason: 'type_unknown', pointer: '/type' }
  }
}

function plate(read: Extract<ReaderReport, { type: 'plate' }>): FactProblem | null {
  const { confidence, charConfidence, country, region, candidates, movement, arrivalId, original, vehicle } = read
  if (!isText(read.plate, most.characters)) return { reason: 'plate_invalid', pointer: '/plate' }
  if (original !== undefined && !isText(original, most.characters))
    return { reason: 'plate_invalid', pointer: '/original' }
  if (confidence !== undefined && !isWithin(confidence, 0, 1))
    return { reason: 'confidence_invalid', pointer: '/confidence' }
  if (charConfidence !== undefined && !isList(charConfidence, most.characters, (one) => isWithin(one, 0, 1)))
    return { reason: 'confidence_invalid', pointer: '/charConfidence' }
  if (country !== undefined && !/^[A-Z]{2}$/.test(String(country)))
    return { reason: 'country_invalid', pointer: '/country' }
  if (region !== undefined && !isText(region, 8)) return { reason: 'region_invalid', pointer: '/region' }
  if (movement !== undefined && !movements.includes(movement))
    return { reason: 'movement_unknown', pointer: '/movement' }
  if (arrivalId !== undefined && !isText(arrivalId, 255)) return { reason: 'arrival_id_invalid', pointer: '/arrivalId' }
  if (vehicle !== undefined && !isFlat(vehicle)) return { reason: 'vehicle_invalid', pointer: '/vehicle' }
  const known = (one: { plate: string; confidence?: number }) =>
    isText(one?.plate, most.characters) && (one.confidence === undefined || isWithin(one.confidence, 0, 1))
  return candidates === undefined || isList(candidates, most.candidates, known)
    ? null
    : { reason: 'candidates_invalid', pointer: '/candidates' }
}

function images(report: ReaderReport): FactProblem | null {
  const given = 'images' in report ? report.images : undefined
  if (given === undefined) return null
  if (!Array.isArray(given) || given.length > most.images) return { reason: 'too_many_images', pointer: '/images' }
  const wrong = given.findIndex((image) => {
    if (typeof image !== 'object' || image === null || !imageKinds.includes(image.kind)) return true
    if ('url' in image) return !isText(image.url, 2_048) || !/^https?:\/\//i.test(image.url)
    return !(image.bytes instanceof Uint8Array)
  })
  return wrong < 0 ? null : { reason: 'image_invalid', pointer: `/images/${wrong}` }
}

function isBelievable(at: Date, now: Date): boolean {
  const ms = at.getTime()
  return ms >= earliest && ms <= now.getTime() + furthestAheadMs
}

function isWithin(value: unknown, least: number, greatest: number): boolean {
  return typeof value === 'number' && value >= least && value <= greatest
}

function isList<T>(value: readonly T[], longest: number, fits: (one: T) => boolean): boolean {
  return Array.isArray(value) && value.length <= longest && value.every(fits)
}

function isFlat(value: object): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length <= 8 &&
    Object.values(value).every((one) => one === undefined || (typeof one === 'string' && one.length <= 100))
  )
}
