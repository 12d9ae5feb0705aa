// Owns the proof that no order of a plugin's moods, an operator's wishes and passing time brings a connection out of step.
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connectionStates } from '../../core/host/connection-state.ts'
import { AuthFailed, ConfigInvalid, type Ctx, NotReady } from '../../core/plugin/index.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { forgetConnections, type TestHub, testHub, testPlugin } from './hub.ts'

let database: TestDatabase
let hub: TestHub | undefined
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
afterEach(async () => {
  await hub?.stop()
  hub = undefined
  await forgetConnections(database)
})

const moods = {
  fine: async () => undefined,
  throws: async () => Promise.reject(new Error('no')),
  unready: async () => Promise.reject(new NotReady('later')),
  refused: async () => Promise.reject(new AuthFailed('no key')),
  wrong: async () => Promise.reject(new ConfigInvalid('/n', 'not this')),
  hangs: () => new Promise<never>(() => undefined),
} as const
type Mood = keyof typeof moods

const step = fc.oneof(
  fc.record({ do: fc.constant('mood' as const), mood: fc.constantFrom(...(Object.keys(moods) as Mood[])) }),
  fc.record({ do: fc.constant('time' as const), seconds: fc.constantFrom(1, 5, 30, 60, 600, 3_600) }),
  fc.record({ do: fc.constantFrom('enable', 'disable', 'restart', 'configure', 'stray', 'settle', 'look' as const) }),
  fc.record({ do: fc.constant('health' as const), health: fc.constantFrom('ok', 'degraded', 'silent' as const) }),
)

test('a connection is always in a state of the table, tells it in its row, and can be switched off', async () => {
  const fewest = fc.array(step, { minLength: 1, maxLength: 25 })
  await fc.assert(
    fc.asyncProperty(fewest, async (steps) => {
      let mood: Mood = 'fine'
      let health: 'ok' | 'degraded' | 'silent' = 'ok'
      let stray = () => {}
      const plugin = testPlugin({
        setup: (async (ctx: Ctx<unknown, never>) => {
          stray = () => {
            ctx.clock.after(0, () => {
              throw new Error('stray')
            })
          }
          await moods[mood]()
        }) as never,
        health: async () => {
          if (health === 'silent') throw new Error('no answer')
          return { state: health }
        },
      })
      const made = await testHub(database, [plugin])
      hub = made
      const id = await made.connect(plugin)
      let n = 0
      for (const each of steps) {
        switch (each.do) {
          case 'mood':
            mood = each.mood
            break
          case 'health':
            health = each.health
            break
          case 'time':
            await made.pace.settle(new Date(made.pace.now().getTime() + each.seconds * 1_000))
            break
          case 'enable':
          case 'disable':
          case 'restart':
            await made.host.connections[each.do](made.access, id)
            break
          case 'configure':
            await made.host.connections.update(made.access, id, { config: { n: ++n } })
            break
          case 'stray':
            stray()
            made.clock.advance(1)
            break
          case 'settle':
            if (mood !== 'hangs') await settled(made)
            break
          case 'look':
            await made.host.reconcile()
        }
      }
      await settled(made)
      const { state } = await made.state(id)
      expect(connectionStates).toContain(state)
      await made.host.connections.disable(made.access, id)
      await settled(made)
      expect((await made.state(id)).state).toBe('disabled')
      expect(made.lines.filter(({ message }) => message.includes('bug of the hub'))).toEqual([])
      mood = 'fine'
      health = 'ok'
      await made.host.connections.enable(made.access, id)
      await settled(made)
      expect((await made.state(id)).state).toBe('running')
      await made.stop()
      hub = undefined
      await forgetConnections(database)
    }),
    { numRuns: 60 },
  )
})

/** Hangs end by their limits, so time passes until nothing is under way. */
async function settled(hub: TestHub): Promise<void> {
  let done = false
  const waiting = hub.host.settled().then(() => {
    done = true
  })
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve))
    hub.pace.advance(1_000)
  }
  await waiting
}
