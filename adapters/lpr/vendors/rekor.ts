// Owns the posts of a Rekor (OpenALPR) agent: single results, the group that follows them, heartbeats.
// Must not let a single result stand beside its group: the group is the corrected read (parcs section 8, recipe 7).
import { confidence } from '../read/confidence.ts'
import { originOf } from '../read/country.ts'
import { type Field, field, flag, items, path, text } from '../read/fields.ts'
import { aliveOnly, candidatesOf, epochTime, outcomeOf, type Sight, vehicleOf } from '../read/sight.ts'
import type { Message, Outcome, Settings, Vendor } from '../vendor.ts'

export interface RekorConfig {
  singleResults?: boolean
}

const most = 50

export const rekor: Vendor<RekorConfig> = {
  id: 'rekor',
  title: 'Rekor Scout (OpenALPR agent)',
  proofs: ['key', 'header', 'basic', 'bearer'],
  zone: 'none',
  traits: { events: 'webhook', corrections: 'sameId', delivery: 'atLeastOnce', clock: 'utc', docStatus: 'public' },
  properties: {
    singleResults: {
      type: 'boolean',
      title: 'Report single results',
      description: 'Tells each read at once; the group that follows a moment later corrects them. Off: groups alone.',
      default: false,
    },
  },
  read(message, settings, config): Outcome {
    const document: Field = { value: message.document, pointer: '' }
    const camera = text(field(document, 'camera_id'))
    const kind = text(field(document, 'data_type'))
    if (kind === 'alpr_group') return outcomeOf(group(document, camera, message, settings, config), message, settings)
    if (kind === 'alpr_results' && config.singleResults)
      return outcomeOf(singles(document, camera, message, settings), message, settings)
    if (kind === 'heartbeat') return heartbeat(document, message)
    return aliveOnly(message, camera)
  },
}

/** The agent speaks for its cameras; one whose stream has stopped is not alive. */
function heartbeat(document: Field, message: Message): Outcome {
  const streams = items(field(document, 'video_streams'))
  if (streams.length === 0) return aliveOnly(message, text(field(document, 'agent_uid')))
  const running = streams.filter((stream) => flag(field(stream, 'is_streaming')) !== false)
  return {
    kind: 'read',
    reports: [],
    alive: running.flatMap((stream) => text(field(stream, 'camera_id')) ?? []),
    notes: [],
  }
}

function group(
  document: Field,
  camera: string | undefined,
  message: Message,
  settings: Settings,
  config: RekorConfig,
): Sight[] {
  const best = field(document, 'best_plate')
  const plate = field(best, 'plate').value === undefined ? field(document, 'best_plate_number') : field(best, 'plate')
  const arrivalId = text(field(document, 'best_uuid'))
  const region = text(field(best, 'region')) ?? text(field(document, 'best_region'))
  const vehicle = field(document, 'vehicle')
  const first = (name: string) => text(field(items(field(vehicle, name))[0] ?? vehicle, 'name'))
  const sight: Sight = {
    id: arrivalId,
    revision: 2,
    reader: camera,
    time: epochTime(field(document, 'epoch_start'), 1_000, message),
    plate,
    details: {
      ...origin(document, region, settings),
      arrivalId,
      confidence:
        confidence(text(field(best, 'confidence')), '100') ??
        confidence(text(field(document, 'best_confidence')), '100'),
      candidates: candidatesIn(best, text(plate)),
      vehicle: vehicleOf({
        make: first('make'),
        model: first('make_model'),
        color: first('color'),
        kind: first('body_type'),
      }),
    },
  }
  if (!config.singleResults) return [sight]
  // Every single result that was told becomes the group's read, so that none keeps its misread plate.
  const others = items(field(document, 'uuids'), most).flatMap((uuid) => text(uuid) ?? [])
  return [sight, ...others.filter((id) => id !== arrivalId).map((id) => ({ ...sight, id }))]
}

function singles(document: Field, camera: string | undefined, message: Message, settings: Settings): Sight[] {
  const results = items(field(document, 'results'), most)
  const uuid = text(field(document, 'uuid'))
  return results.map((result, i) => {
    const plate = field(result, 'plate')
    return {
      // One picture with two plates has one uuid.
      id: i === 0 || uuid === undefined ? uuid : `${uuid}/${i}`,
      reader: camera,
      time: epochTime(field(document, 'epoch_time'), 1_000, message),
      plate,
      details: {
        ...origin(document, text(field(result, 'region')), settings),
        confidence: confidence(text(field(result, 'confidence')), '100'),
        candidates: candidatesIn(result, text(plate)),
      },
    }
  })
}

/** A region may be "us-mo", or "mo" with the country beside it. */
function origin(document: Field, region: string | undefined, settings: Settings) {
  const country = text(path(document, 'country')) ?? settings.homeCountry
  return originOf(region, region?.includes('-') ? undefined : (originOf(country).country ?? settings.homeCountry))
}

function candidatesIn(from: Field, plate: string | undefined) {
  return candidatesOf(
    items(field(from, 'candidates')).map((guess) => ({
      plate: text(field(guess, 'plate')),
      confidence: confidence(text(field(guess, 'confidence')), '100'),
    })),
    plate,
  )
}
