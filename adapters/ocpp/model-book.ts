// Owns what the hub may ask about models that depart from the standard: profiles, a station's flags, the check of overrides.
// Must not touch a connection.
import type { EffectiveFlag, ModelBook, StationKind } from '../../core/plugin/index.ts'
import { deviationWords } from './deviation-handling.ts'
import { type FlagName, standardProfile } from './profile.ts'
import { profileFlags } from './profile-flags.ts'
import { filesOf, flagNames, overridesOf, profileOf } from './profile-of.ts'
import { profiles } from './profiles/index.ts'

function effective(station: StationKind): EffectiveFlag[] {
  const profile = profileOf(station, station.settings)
  const own = overridesOf(station.settings) ?? {}
  const files = filesOf(station)
  return flagNames.map((name): EffectiveFlag => {
    const { about, expects } = profileFlags[name]
    const [id, file] = files.findLast(([, each]) => name in each.flags) ?? []
    const origin = name in own ? 'operator' : file === undefined ? 'standard' : 'profile'
    return {
      name,
      about,
      expects,
      value: profile[name],
      standard: standardProfile[name],
      origin,
      profile: origin === 'profile' && id !== undefined ? { id, source: file?.source ?? '' } : null,
    }
  })
}

const isFlag = (name: string): name is FlagName => Object.hasOwn(profileFlags, name)

export const modelBook: ModelBook = {
  profiles: async () => Object.entries(profiles).map(([id, { known = [], ...file }]) => ({ id, ...file, known })),
  describe: async (station) => effective(station),
  check: async (flags) =>
    Object.entries(flags).flatMap(([name, value]) => {
      if (!isFlag(name)) return [{ name, message: 'is no flag of a station profile' }]
      const { accepts, expects } = profileFlags[name]
      return accepts(value) ? [] : [{ name, message: `must be ${expects}` }]
    }),
  deviations: async () => deviationWords,
}
