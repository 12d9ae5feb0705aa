// Owns the proof that a station's local list ends as it is to be, whatever was lost, refused, late or forgotten on the way.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Aim,
  afterListCommand,
  type End,
  type Known,
  type ListState,
  type PlanContext,
  planReconcile,
  renewed,
  unknownItem,
  unknownList,
} from '../../../core/domain/desired/index.ts'
import type { ListEntry, StationCommand } from '../../../core/domain/station-command.ts'

const minute = 60_000
const hour = 60 * minute
const cards = ['A', 'B', 'C', 'D', 'E', 'F', 'G']
const entry = (value: string, until: string | null): ListEntry => ({
  token: { value, kind: 'unknown' },
  authorization: { status: 'accepted', ...(until === null ? {} : { validUntil: until }) },
})
const wish = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...cards), fc.constantFrom(null, '2030-01-01T00:00:00Z')), {
    selector: ([value]) => value,
  })
  .map((drawn) =>
    drawn.map(([value, until]) => entry(value, until)).sort((a, b) => (a.token.value < b.token.value ? -1 : 1)),
  )

type Fate = 'served' | 'refused' | 'lost before' | 'lost after' | 'served late'
const happening = fc.oneof(
  { weight: 2, arbitrary: wish.map((desired) => ({ kind: 'wish' as const, desired })) },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom<Fate>('served', 'served', 'refused', 'lost before', 'lost after', 'served late', 'served late')
      .map((fate) => ({ kind: 'step' as const, fate })),
  },
  { weight: 1, arbitrary: fc.boolean().map((wipes) => ({ kind: 'boot' as const, wipes })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'other' as const }) },
)

type SendList = Extract<StationCommand, { name: 'send_list' }>

/** A station's list as OCPP 1.6 5.15 and 2.0.1 D01 have it. */
class ModelStation {
  version = 0
  entries = new Map<string, ListEntry>()
  late: SendList | null = null
  lateIn = 0

  send(command: SendList): boolean {
    if (command.mode === 'differential' && command.version <= this.version) return false
    if (command.mode === 'full') this.entries.clear()
    for (const one of command.entries) {
      if (one.authorization === undefined) this.entries.delete(one.token.value)
      else this.entries.set(one.token.value, one)
    }
    this.version = command.version
    return true
  }
}

test('the list ends equal to what is wanted', () => {
  const run = fc.tuple(fc.array(happening, { maxLength: 40 }), wish, fc.integer({ min: 1, max: 4 }))
  fc.assert(
    fc.property(run, ([happenings, last, perMessage]) => {
      const station = new ModelStation()
      let list: ListState = unknownList
      let row: Known = unknownItem('local_list', 'list')
      let desired: readonly ListEntry[] = []
      let now = new Date('2026-03-10T08:00:00Z')
      let bootedAt = now

      const step = (fate: Fate): boolean => {
        // Longer than the first pauses, so that much happens between the looks by the clock.
        now = new Date(now.getTime() + 10 * minute)
        const hash = JSON.stringify(desired)
        const aim: Aim = { kind: 'local_list', key: 'list', value: {}, hash, inapplicable: null }
        row = renewed(row, aim, bootedAt)
        const context: PlanContext = {
          protocol: 'ocpp1.6',
          now,
          bootedAt,
          verifyAfterMs: hour,
          requestId: 1,
          list: { state: list, desired, maxPerMessage: perMessage, limitsAt: now },
        }
        const [next] = planReconcile([aim], [row], context)
        if (next === undefined) return false
        list = next.list ?? list
        const end = answer(next.command, fate)
        const isWanted = (entries: readonly ListEntry[]) =>
          JSON.stringify([...entries].sort((a, b) => (a.token.value < b.token.value ? -1 : 1))) === hash
        const after = afterListCommand(row, list, isWanted, next.command, end, now)
        list = after.list
        row = after.row
        return true
      }
      const answer = (command: StationCommand, fate: Fate): End => {
        const silent: End = { kind: 'silent', reason: 'lost' }
        // What arrived late comes into force some messages later, after the hub has asked what stands there.
        if (station.late !== null && --station.lateIn === 0) {
          station.send(station.late)
          station.late = null
        }
        if (fate === 'lost before') return silent
        if (fate === 'refused') return { kind: 'refused', reason: 'Failed' }
        if (command.name === 'read_list_version')
          return fate === 'served' ? { kind: 'accepted', result: { version: station.version }, items: [] } : silent
        if (command.name !== 'send_list') throw new Error(command.name)
        if (fate === 'served late') {
          station.late = command
          station.lateIn = 2
          return silent
        }
        const taken = station.send(command)
        if (fate === 'lost after') return silent
        return taken ? { kind: 'accepted', result: {}, items: [] } : { kind: 'refused', reason: 'VersionMismatch' }
      }
      const boot = () => {
        now = new Date(now.getTime() + 1000)
        bootedAt = now
      }

      for (const each of happenings) {
        if (each.kind === 'wish') desired = each.desired
        else if (each.kind === 'step') step(each.fate)
        else if (each.kind === 'boot') {
          if (each.wipes) {
            station.entries.clear()
            station.version = 0
          }
          boot()
        } else station.send({ name: 'send_list', mode: 'full', version: 500, entries: [entry('Z', null)] })
      }
      desired = last
      // Backoff passes, and what another system did in between is found by the next look at the latest.
      for (let i = 0; i < 12; i++) {
        now = new Date(now.getTime() + 7 * hour)
        boot()
        for (let steps = 0; step('served'); steps++) expect(steps).toBeLessThan(40)
      }
      expect([...station.entries.keys()].sort()).toEqual(desired.map(({ token }) => token.value))
      for (const one of desired) expect(station.entries.get(one.token.value)).toEqual(one)
      expect(row.state).toBe('in_line')
    }),
    { numRuns: 1000 },
  )
})
