// Owns the proof of what is read from an account at Flash: the documented shapes, and anything else without a crash.
// Must not open a socket; lifecycle.test.ts does.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stands, thereOf, type Wanted } from '../../../adapters/flash/account.ts'
import { account, olderCars } from '../../fixtures/flash/answers.ts'

const wanted: Wanted = {
  account: { AllowPassback: true, Parks: 1, Status: 'Active', StartDate: '2019-03-01', ValidUntil: '03/31/2019' },
  vehicles: new Map([['V-00112233445566778899', {}]]),
  contacts: new Map([['C-00112233445566778899', {}]]),
}

test('the documented account stands, with dates in any of the three forms', () => {
  expect(thereOf(account)).toMatchObject({
    active: true,
    vehicles: ['V-00112233445566778899'],
    contacts: ['C-00112233445566778899'],
  })
  expect(stands(thereOf(account), wanted)).toBe(true)
  expect(stands(thereOf({ ...account, ValidUntil: '2019-03-31T00:00:00' }), wanted)).toBe(true)
})

test.each([
  ['another last day', { ValidUntil: '4/30/2019' }],
  ['no last day', { ValidUntil: '' }],
  ['another limit', { Parks: 2 }],
  ['another status', { Status: 'Inactive' }],
  ['no vehicle', { Cars: [] }],
  ['a vehicle of an older content', { Cars: [...account.Cars, { ExternalId: 'V-99999999999999999999' }] }],
])('with %s it does not', (_, change) => {
  expect(stands(thereOf({ ...account, ...change }), wanted)).toBe(false)
})

test('a list in another shape is no list of ours', () => {
  expect(thereOf(olderCars).vehicles).toEqual([])
})

test('anything else is read without a crash', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(account)), fc.anything(), (name, value) => {
      const there = thereOf({ ...account, [name]: value })
      expect(typeof stands(there, wanted)).toBe('boolean')
      expect(there.vehicles.every((id) => typeof id === 'string')).toBe(true)
    }),
  )
})
