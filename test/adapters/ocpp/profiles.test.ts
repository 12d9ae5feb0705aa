// Owns the test of the station profiles: every data file is loaded, matched and checked by this one.
import { describe, expect, test } from 'vitest'
import { type ProfileFile, standardProfile } from '../../../adapters/ocpp/profile.ts'
import { profileOf } from '../../../adapters/ocpp/profile-of.ts'
import { profiles } from '../../../adapters/ocpp/profiles/index.ts'

const named = (file: ProfileFile) =>
  `${file.match.vendor ?? '*'} ${file.match.model ?? '*'} ${file.match.firmware?.[0] ?? '*'}`

describe.each(profiles.map((file) => [named(file), file] as const))('%s', (_name, file) => {
  test('matches its own kind, has a source, and only flags that operators may set too', () => {
    expect(file.match.vendor ?? file.match.model).toBeTruthy()
    expect(file.source).toMatch(/[#]\d+/)
    const kind = {
      vendor: file.match.vendor?.toUpperCase() ?? null,
      model: file.match.model === undefined ? null : `The ${file.match.model} 9000`,
      firmware: file.match.firmware?.[0] ?? null,
    }
    expect(profileOf(kind, {})).toEqual({ ...standardProfile, ...file.flags })
    expect(profileOf({ vendor: null, model: null, firmware: null }, file.flags)).toEqual({
      ...standardProfile,
      ...file.flags,
    })
  })
})

test('unknown stations have the standard profile, and share one object', () => {
  const kind = { vendor: 'Nobody', model: 'Nothing', firmware: '1' }
  expect(profileOf(kind, {})).toBe(profileOf({ ...kind }, {}))
  expect(profileOf(kind, {})).toEqual(standardProfile)
})

test('what the operator set wins; what makes no sense is left out', () => {
  const kind = { vendor: 'Alfen', model: null, firmware: null }
  expect(
    profileOf(kind, { tagTransform: 'lower', pingPolicy: 'sometimes', energyScale: 7, clockZone: 5, other: 1 }),
  ).toEqual({
    ...standardProfile,
    tagTransform: 'lower',
  })
  expect(profileOf(kind, { triggerAllowed: ['boot'], clockZone: 'Europe/Oslo' })).toMatchObject({
    triggerAllowed: ['boot'],
    clockZone: 'Europe/Oslo',
    tagTransform: 'upper',
  })
})
