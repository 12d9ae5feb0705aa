// Owns the properties of the 1.6 translators that examples cannot exhaust: limits in tenths, lists in parts.
// Must not open a socket; the translators are generators and are driven by hand.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CallAnswer, CommandSteps, OutgoingCall } from '../../../adapters/ocpp/command.ts'
import { type StationProfile, standardProfile } from '../../../adapters/ocpp/profile.ts'
import { v16 } from '../../../adapters/ocpp/v16/index.ts'
import type { CommandReply, ListEntry, StationCommand } from '../../../core/plugin/index.ts'
import { isValidRequest } from './official-schemas.ts'

const at = new Date('2025-06-01T12:00:00Z')
const runs = { seed: 20_250_601, numRuns: 500 }

function drive(
  command: StationCommand,
  answer: (call: OutgoingCall) => CallAnswer,
  flags: StationProfile = standardProfile,
): { calls: OutgoingCall[]; reply: CommandReply } {
  const steps: CommandSteps = v16.command(command, { ...flags, used: () => undefined }, new Map(), at)
  const calls: OutgoingCall[] = []
  let step = steps.next()
  while (step.done !== true) {
    calls.push(step.value)
    step = steps.next(answer(step.value))
  }
  return { calls, reply: step.value }
}

const accept: CallAnswer = { kind: 'result', payload: { status: 'Accepted' } }
const tells = (key: string, value: string): CallAnswer => ({
  kind: 'result',
  payload: { configurationKey: [{ key, value, readonly: true }] },
})

const amount = fc.double({ min: 0, max: 400_000, noNaN: true })

test('X8 a limit is valid by the schema, in tenths, never above what was asked and less than a tenth below', () => {
  fc.assert(
    fc.property(amount, fc.constantFrom('A', 'W'), (value, unit) => {
      const asked: StationCommand = { name: 'limit', evse: 1, ...(unit === 'A' ? { amps: value } : { watts: value }) }
      const { calls } = drive(asked, () => accept)
      const sent = calls.at(-1)?.payload as { csChargingProfiles: { chargingSchedule: Record<string, unknown> } }
      expect(isValidRequest('ocpp1.6', 'SetChargingProfile', sent)).toBe(true)
      const { chargingRateUnit, chargingSchedulePeriod } = sent.csChargingProfiles.chargingSchedule
      const [{ limit = Number.NaN } = {}] = chargingSchedulePeriod as { limit: number }[]
      expect(chargingRateUnit).toBe(unit)
      expect(limit).toBeLessThanOrEqual(value + 1e-6)
      expect(limit).toBeGreaterThan(value - 0.1 - 1e-6)
    }),
    runs,
  )
})

test('S14 converting there and back never raises a limit', () => {
  fc.assert(
    fc.property(amount, fc.constantFrom(1 as const, 3 as const, undefined), (watts, phases) => {
      const more = phases === undefined ? {} : { phases }
      const result = (command: StationCommand, unit: 'A' | 'W') => {
        const { reply } = drive(command, () => accept, { ...standardProfile, limitUnit: unit })
        return reply.kind === 'accepted' ? Number(reply.result?.limit) : Number.NaN
      }
      const amps = result({ name: 'limit', evse: 1, watts, ...more }, 'A')
      const back = result({ name: 'limit', evse: 1, amps, ...more }, 'W')
      expect(back).toBeLessThanOrEqual(watts + 1e-3)
      expect(back).toBeGreaterThan(watts - 0.1 * 230 * (phases ?? 3) - 1)
    }),
    runs,
  )
})

test('a list in parts is the whole list once, in order, within the maximum, under versions that grow by one', () => {
  const list = fc
    .array(fc.stringMatching(/^[A-F0-9]{4,20}$/), { maxLength: 40 })
    .map((tags) =>
      tags.map((value): ListEntry => ({ token: { value, kind: 'local' }, authorization: { status: 'accepted' } })),
    )
  fc.assert(
    fc.property(
      list,
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 100 }),
      fc.constantFrom('full' as const, 'differential' as const),
      (entries, most, version, mode) => {
        const { calls, reply } = drive({ name: 'send_list', mode, version, entries }, ({ action }) =>
          action === 'GetConfiguration' ? tells('SendLocalListMaxLength', String(most)) : accept,
        )
        const sent = calls.slice(1).map(({ payload }) => payload) as {
          listVersion: number
          updateType: string
          localAuthorizationList?: { idTag: string }[]
        }[]
        const parts = sent.map(({ localAuthorizationList = [] }) => localAuthorizationList.map(({ idTag }) => idTag))
        expect(sent.every((payload) => isValidRequest('ocpp1.6', 'SendLocalList', payload))).toBe(true)
        expect(parts.flat()).toEqual(entries.map(({ token }) => token.value))
        expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(most)
        const [first = 0] = sent.map(({ listVersion }) => listVersion)
        expect(sent.map(({ listVersion }) => listVersion)).toEqual(sent.map((_, index) => first + index))
        expect(first).toBeGreaterThan(0)
        expect(sent.map(({ updateType }) => updateType)).toEqual(
          sent.map((_, index) => (mode === 'full' && index === 0 ? 'Full' : 'Differential')),
        )
        expect(reply).toEqual({ kind: 'accepted', result: { version: sent.at(-1)?.listVersion, parts: sent.length } })
      },
    ),
    runs,
  )
})
