// Owns the property of the permit list: whoever takes changes only, with answers lost on the way, holds what is true at every moment.
// Must not know how the adapter numbers its changes.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import genetec from '../../../adapters/genetec/index.ts'
import type { AnyPlugin } from '../../../core/plugin/index.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { apiKey, type SecurityCenter, securityCenter } from '../../sim/genetec/security-center.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'
import { addParker, addStation, plug, setRight, unplug } from './charging.ts'

const graceMinutes = 20
let database: TestDatabase
let line: OpenConnection
let station: string
const cars: { plate: string; credentialId: string; vehicleId: string }[] = []
beforeAll(async () => {
  database = await createTestDatabase()
  line = await openConnection(database, genetec as AnyPlugin, {
    config: { graceMinutes, runningHours: 2, zones: [{ id: 'z', name: 'Z', rights: ['park'] }] },
    secrets: { apiKey },
  })
  station = await addStation(line.garage, 'CP-1')
  for (const plate of ['P1', 'P2', 'P3'])
    cars.push({ plate, ...(await addParker(line.garage, plate, { rights: ['charge'] })) })
  // One more, whose right to park is a permit of itself.
  cars.push({ plate: 'P4', ...(await addParker(line.garage, 'P4', { rights: ['park'] })) })
})
afterAll(async () => {
  await line.stop()
  await database.drop()
})

const step = fc.oneof(
  fc.record({ do: fc.constant('plug' as const), car: fc.nat(3) }),
  fc.record({ do: fc.constant('unplug' as const), car: fc.nat(3) }),
  fc.record({ do: fc.constant('block' as const), car: fc.constant(3) }),
  fc.record({ do: fc.constant('unblock' as const), car: fc.constant(3) }),
  fc.record({ do: fc.constant('wait' as const), car: fc.integer({ min: 1, max: 90 }) }),
  fc.record({ do: fc.constant('sync' as const), car: fc.constant(0) }),
  fc.record({ do: fc.constant('lose' as const), car: fc.constant(0) }),
)

test('after any history, the changes alone lead to the truth', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const { garage } = line
      const center: SecurityCenter = securityCenter(() => line.url)
      const plugged = new Map<number, string>()
      const lastEnd = new Map<number, number>()
      let blocked = false
      await setRight(garage, cars[3]?.credentialId ?? '', 'active')
      await center.sync('z', 'full')
      const at = () => garage.clock.now()
      for (const { do: what, car } of steps) {
        const { vehicleId = '', credentialId = '' } = cars[car] ?? {}
        if (what === 'plug' && !plugged.has(car)) plugged.set(car, await plug(garage, station, { vehicleId }))
        const session = plugged.get(car)
        if (what === 'unplug' && session !== undefined) {
          await unplug(garage, session)
          plugged.delete(car)
          lastEnd.set(car, at().getTime())
        }
        if (what === 'block' || what === 'unblock') {
          blocked = what === 'block'
          await setRight(garage, credentialId, blocked ? 'blocked' : 'active')
        }
        if (what === 'wait') garage.clock.advance(car * 60_000)
        if (what === 'lose') center.lose = 1
        if (what === 'sync' || what === 'lose') await center.sync('z', 'changes')
      }
      await center.sync('z', 'changes')
      for (const [index, { plate }] of cars.entries()) {
        const graced = (lastEnd.get(index) ?? Number.NEGATIVE_INFINITY) + graceMinutes * 60_000 > at().getTime()
        const right = index === 3 && !blocked
        expect([plate, center.holds('z', plate, at())]).toEqual([plate, plugged.has(index) || graced || right])
      }
      for (const session of plugged.values()) await unplug(garage, session)
      garage.clock.advance(24 * 3_600_000)
    }),
    { numRuns: 25 },
  )
}, 240_000)
