// Owns which profile a station has: the standard, laid over by its kind's data files, laid over by what the operator set.
// Must not name a vendor or a quirk.
import type { StationKind } from '../../core/plugin/index.ts'
import {
  type AppliedProfile,
  type FlagName,
  type ProfileFile,
  type StationProfile,
  standardProfile,
} from './profile.ts'
import { profileFlags } from './profile-flags.ts'
import { profiles } from './profiles/index.ts'

type Named = Omit<StationKind, 'settings'>

export const flagNames = Object.keys(standardProfile) as readonly FlagName[]

const squeezed = (text: string | null) => (text ?? '').toLowerCase().replace(/[\s_.-]/g, '')

function matches(file: ProfileFile, kind: Named): boolean {
  const { vendor, model, firmware } = file.match
  const contains = (text: string | null, part: string | undefined) =>
    part === undefined || squeezed(text).includes(squeezed(part))
  return (
    contains(kind.vendor, vendor) &&
    contains(kind.model, model) &&
    (firmware === undefined ||
      firmware.some((each) => (kind.firmware ?? '').toLowerCase().startsWith(each.toLowerCase())))
  )
}

/** The files that are laid over one another for this kind, by id, the last one on top. */
export function filesOf(kind: Named): [id: string, file: ProfileFile][] {
  return Object.entries(profiles).filter(([, file]) => matches(file, kind))
}

// Thousands of stations are of a few dozen kinds: one frozen profile per kind keeps an idle connection small.
const known = new Map<string, StationProfile>()

function profileOfKind(kind: Named): StationProfile {
  const key = `${kind.vendor ?? ''}\n${kind.model ?? ''}\n${kind.firmware ?? ''}`
  let profile = known.get(key)
  if (profile === undefined) {
    const files = filesOf(kind)
    profile =
      files.length === 0
        ? standardProfile
        : Object.freeze(Object.assign({}, standardProfile, ...files.map(([, file]) => file.flags)) as StationProfile)
    // A station could invent a new firmware with every boot; the table is only a cache.
    if (known.size >= 10_000) known.clear()
    known.set(key, profile)
  }
  return profile
}

/** What the operator set under a flag's name and can be used; anything else in the settings belongs to others. */
export function overridesOf(settings: StationKind['settings']): Partial<Record<FlagName, unknown>> | null {
  let own: Partial<Record<FlagName, unknown>> | null = null
  for (const name of flagNames) {
    const value = settings[name]
    if (value === undefined || !profileFlags[name].accepts(value)) continue
    own ??= {}
    own[name] = value
  }
  return own
}

/** The flags of one station: the standard, then its kind, then what the operator set. */
export function profileOf(kind: Named, settings: StationKind['settings']): StationProfile {
  const base = profileOfKind(kind)
  const own = overridesOf(settings)
  return own === null ? base : (Object.freeze({ ...base, ...own }) as StationProfile)
}

const nothingToCount: AppliedProfile = Object.freeze({ ...standardProfile, used() {} })

/** The profile at work on one connection; `count` hears of each flag that changed what was done. */
export function applyProfile(
  profile: StationProfile,
  siteZone: string | null,
  count: (flag: FlagName) => void,
): AppliedProfile {
  if (profile === standardProfile) return nothingToCount
  const used = (flag: FlagName) => {
    if (profile[flag] !== standardProfile[flag]) count(flag)
  }
  const own: PropertyDescriptorMap = { used: { value: used } }
  if (profile.clockZone === 'site') own.clockZone = { value: siteZone }
  return Object.create(profile, own) as AppliedProfile
}
