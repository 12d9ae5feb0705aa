// Owns which profile a station has: the standard, laid over by its kind's data files, laid over by what the operator set.
// Must not name a vendor or a quirk.
import { type ProfileFile, type StationProfile, standardProfile } from './profile.ts'
import { profiles } from './profiles/index.ts'

export interface StationKind {
  vendor: string | null
  model: string | null
  firmware: string | null
}

const oneOf =
  (...allowed: readonly unknown[]) =>
  (value: unknown) =>
    allowed.includes(value)
const isLevel = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0
const isText = (value: unknown) => typeof value === 'string'

/** What an operator may set per station, under the same names; anything else in the settings belongs to others. */
const acceptable: { readonly [K in keyof StationProfile]: (value: unknown) => boolean } = {
  defaultOcppVersion: oneOf('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'),
  energyScale: oneOf(1, 10, 100, 1000),
  powerDerivation: oneOf(true, false),
  clockZone: isText,
  replyTimePrecision: oneOf('milliseconds', 'seconds'),
  remoteStartConnector: oneOf('any', 'required', 'forbidden'),
  remoteStartCarriesProfile: oneOf(true, false),
  limitUnit: oneOf('A', 'W', 'any'),
  minStack: isLevel,
  maxStack: (value) => value === null || isLevel(value),
  allowedPurposes: (value) =>
    Array.isArray(value) &&
    value.every((each) => (standardProfile.allowedPurposes as readonly unknown[]).includes(each)),
  configReadMode: oneOf('all', 'by_key'),
  triggerAllowed: (value) =>
    Array.isArray(value) &&
    value.every((each) => (standardProfile.triggerAllowed as readonly unknown[]).includes(each)),
  triggerMinInterval: (value) => typeof value === 'number' && value >= 0,
  pingPolicy: oneOf('ping', 'never'),
  tagTransform: oneOf('none', 'upper', 'lower'),
  tagCut: isText,
}

function matches(file: ProfileFile, kind: StationKind): boolean {
  const { vendor, model, firmware } = file.match
  const contains = (text: string | null, part: string | undefined) =>
    part === undefined || (text ?? '').toLowerCase().includes(part.toLowerCase())
  return (
    contains(kind.vendor, vendor) &&
    contains(kind.model, model) &&
    (firmware === undefined ||
      firmware.some((each) => (kind.firmware ?? '').toLowerCase().startsWith(each.toLowerCase())))
  )
}

// Thousands of stations are of a few dozen kinds: one frozen profile per kind keeps an idle connection small.
const known = new Map<string, StationProfile>()

function profileOfKind(kind: StationKind): StationProfile {
  const key = `${kind.vendor ?? ''}\n${kind.model ?? ''}\n${kind.firmware ?? ''}`
  let profile = known.get(key)
  if (profile === undefined) {
    const files = profiles.filter((file) => matches(file, kind))
    profile =
      files.length === 0
        ? standardProfile
        : Object.freeze(Object.assign({}, standardProfile, ...files.map((file) => file.flags)))
    // A station could invent a new firmware with every boot; the table is only a cache.
    if (known.size >= 10_000) known.clear()
    known.set(key, profile as StationProfile)
  }
  return profile as StationProfile
}

/** The flags of one station: the standard, then its kind, then what the operator set. */
export function profileOf(kind: StationKind, settings: Readonly<Record<string, unknown>>): StationProfile {
  const base = profileOfKind(kind)
  let own: Record<string, unknown> | null = null
  for (const [name, accepts] of Object.entries(acceptable)) {
    const value = settings[name]
    if (value === undefined || value === null || !accepts(value)) continue
    own ??= { ...base }
    own[name] = value
  }
  return own === null ? base : (Object.freeze(own) as unknown as StationProfile)
}
