// Owns the test of the station profiles: every data file is loaded, matched and checked by this one.
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviations, flagCode } from '../../../adapters/ocpp/deviations.ts'
import { modelBook } from '../../../adapters/ocpp/model-book.ts'
import { type FlagName, standardProfile, traitsOf } from '../../../adapters/ocpp/profile.ts'
import { profileFlags } from '../../../adapters/ocpp/profile-flags.ts'
import { applyProfile, filesOf, flagNames, profileOf } from '../../../adapters/ocpp/profile-of.ts'
import blueprint from '../../../adapters/ocpp/profiles/blueprint.ts'
import { profiles } from '../../../adapters/ocpp/profiles/index.ts'

/** A repository with a number in it, or with the document that says so. */
const source = /^[\w.-]+\/[\w.-]+(#\d+| \w)/

describe.each(Object.entries({ ...profiles, blueprint }))('%s', (id, file) => {
  test('has a source for all it says, and only flags that operators may set too', async () => {
    expect(file.match.vendor ?? file.match.model).toBeTruthy()
    const { known = [] } = file
    expect(Object.keys(file.flags).length + known.length).toBeGreaterThan(0)
    if (Object.keys(file.flags).length === 0) expect(file.source).toBeNull()
    else expect(file.source).toMatch(source)
    for (const each of known) {
      expect(each.line).toMatch(/^[TMCJWSRX]\d+[a-d]?$/)
      expect(each.what).toBeTruthy()
      expect(each.source).toMatch(source)
    }
    expect(await modelBook.check(file.flags)).toEqual([])
    for (const [name, value] of Object.entries(file.flags)) expect(value).not.toEqual(standardProfile[name as FlagName])
  })

  test('matches its own kind, however it is written', () => {
    const kind = {
      vendor: file.match.vendor?.toUpperCase().split('').join(' ') ?? null,
      model: file.match.model === undefined ? null : `The ${file.match.model} 9000`,
      firmware: file.match.firmware?.[0] ?? null,
    }
    if (id !== 'blueprint') expect(filesOf(kind).map(([each]) => each)).toContain(id)
    expect(profileOf({ vendor: null, model: null, firmware: null }, file.flags)).toEqual({
      ...standardProfile,
      ...file.flags,
    })
  })
})

test('every file of the folder is listed under its name', () => {
  const files = readdirSync(new URL('../../../adapters/ocpp/profiles/', import.meta.url)).map((name) =>
    name.slice(0, -3),
  )
  expect(Object.keys(profiles).sort()).toEqual(files.filter((name) => name !== 'index' && name !== 'blueprint').sort())
})

test('a more special file lies over the general one', () => {
  const kind = { vendor: 'go-e', model: 'go-eCharger_V4', firmware: '055.5' }
  expect(filesOf(kind).map(([id]) => id)).toEqual(['go-e', 'go-e-before-055-6'])
  expect(profileOf(kind, {}).triggerAllowed).not.toContain('meter')
  expect(profileOf({ ...kind, firmware: '056.2' }, {}).triggerAllowed).toContain('meter')
})

test('unknown stations have the standard profile, and share one object', () => {
  const kind = { vendor: 'Nobody', model: 'Nothing', firmware: '1' }
  expect(profileOf(kind, {})).toBe(profileOf({ ...kind }, {}))
  expect(profileOf(kind, {})).toEqual(standardProfile)
  const count = () => undefined
  expect(applyProfile(standardProfile, null, count)).toBe(applyProfile(standardProfile, 'Europe/Oslo', count))
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

test('a flag is told with its value, where it comes from and what it may be', async () => {
  const described = await modelBook.describe({
    vendor: 'Alfen BV',
    model: 'NG910',
    firmware: '6.1',
    settings: { energyScale: 10, pingPolicy: 'sometimes' },
  })
  expect(described.map(({ name }) => name)).toEqual(Object.keys(profileFlags))
  const of = (name: string) => described.find((each) => each.name === name)
  expect(of('tagTransform')).toMatchObject({
    value: 'upper',
    standard: 'none',
    origin: 'profile',
    profile: { id: 'alfen' },
  })
  expect(of('energyScale')).toMatchObject({ value: 10, standard: 1, origin: 'operator', profile: null })
  expect(of('pingPolicy')).toMatchObject({ value: 'ping', origin: 'standard', profile: null })
})

test('only what concerns records is told to the core, and only where it departs', () => {
  expect(traitsOf(standardProfile)).toEqual({})
  const profile = {
    ...standardProfile,
    registerKind: 'session' as const,
    finishingMeansIdle: false,
    pingPolicy: 'never' as const,
  }
  expect(traitsOf(profile)).toEqual({ registerKind: 'session', finishingMeansIdle: false })
})

test('a zone of the site is the site’s, or UTC where it has none', () => {
  const profile = profileOf({ vendor: 'Growatt', model: 'THOR 22AS', firmware: null }, {})
  expect(profile.clockZone).toBe('site')
  expect(applyProfile(profile, 'Europe/Berlin', () => undefined).clockZone).toBe('Europe/Berlin')
  expect(applyProfile(profile, null, () => undefined).clockZone).toBeNull()
})

test('only flags that depart from the standard are counted', () => {
  const counted: FlagName[] = []
  const applied = applyProfile({ ...standardProfile, tagCut: ';' }, null, (flag) => counted.push(flag))
  applied.used('tagCut')
  applied.used('energyScale')
  expect(counted).toEqual(['tagCut'])
})

test('any value of any flag is taken or refused by name, never more', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.constantFrom(...flagNames), fc.string()), fc.anything(), async (name, value) => {
      const wrong = await modelBook.check({ [name]: value })
      expect(wrong.length).toBeLessThanOrEqual(1)
      for (const each of wrong) expect(each).toMatchObject({ name, message: expect.any(String) })
      const profile = profileOf({ vendor: null, model: null, firmware: null }, { [name]: value })
      expect(Object.keys(profile)).toEqual(flagNames)
      if (wrong.length > 0) expect(profile).toEqual(standardProfile)
    }),
    { numRuns: 300 },
  )
})

test('every code that can be counted has its words', async () => {
  const words = await modelBook.deviations()
  expect(words.map(({ code }) => code)).toEqual([...Object.keys(deviations), ...flagNames.map(flagCode)])
  for (const { title, handling } of words) expect(title.length * handling.length).toBeGreaterThan(0)
})
