// Owns the property that no interleaving of calls, replies, disconnects and reconnects breaks the order of a station,
// has a command carried out twice, or leaves one without an end. Real core, real database, real sockets, a pulse moved by hand.
// Must not judge by the hub's own account alone: the station says what it carried out.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import { systemClock } from '../../../core/runtime/system-clock.ts'
import { queueCommand } from '../../../core/services/charger/queue-command.ts'
import { type ChargerHarness, chargerHarness } from '../../services/charger/charger-harness.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { allVersions, type OcppVersion } from '../../setup/ocpp-versions.ts'
import { simulatedStation } from '../../sim/index.ts'
import { TestHub } from './hub.ts'

let database: TestDatabase
let core: ChargerHarness
let hub: TestHub
let count = 0
/** What all runs together came to: a property that nothing happened in would hold as well. */
const seen = { done: 0, timedOut: 0, kept: 0 }

beforeAll(async () => {
  database = await createTestDatabase()
  core = await chargerHarness(database)
  const config = { pingIntervalSeconds: 0, callTimeoutSeconds: 5, maxCallTimeouts: 5 }
  hub = await new TestHub(config, { port: core.gateway.port, clock: systemClock }).listen()
})
afterAll(async () => {
  await hub.stop()
  await core.close()
  await database.drop()
})

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant('command' as const) },
    { weight: 3, arbitrary: fc.constant('say' as const) },
    { weight: 2, arbitrary: fc.constant('connect' as const) },
    { weight: 2, arbitrary: fc.constant('cut' as const) },
    { weight: 2, arbitrary: fc.constant('hold' as const) },
    { weight: 2, arbitrary: fc.constant('release' as const) },
    { weight: 1, arbitrary: fc.constant('silence' as const) },
    { weight: 1, arbitrary: fc.constant('time out' as const) },
    { weight: 3, arbitrary: fc.constant('breathe' as const) },
  ),
  { minLength: 5, maxLength: 30 },
)
const runs = fc.record({ version: fc.constantFrom(...allVersions), doubled: fc.boolean(), steps })

const keys: Readonly<Record<OcppVersion, string>> = {
  'ocpp1.6': 'HeartbeatInterval',
  'ocpp2.0.1': 'OCPPCommCtrlr.HeartbeatInterval',
  'ocpp2.1': 'OCPPCommCtrlr.HeartbeatInterval',
}

/** Answers wait until they are let go. */
function gate() {
  let waiting: (() => void)[] = []
  let held = false
  return {
    hold: () => {
      held = true
    },
    release: () => {
      held = false
      for (const go of waiting.splice(0)) go()
      waiting = []
    },
    pause: () => (held ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve()),
  }
}

test('commands and messages of a station keep their order, and each has one end', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async ({ version, doubled, steps }) => {
      const code = `MIX-${++count}`
      const stationId = await core.addStation(code)
      const answers = gate()
      const station = simulatedStation({
        url: `ws://${hub.address}/ocpp`,
        code,
        password: 'secret',
        version,
        quirks: { answerDelayMs: 1, duplicateFrames: doubled },
        pause: answers.pause,
      })
      const deps = { db: database.db, clock: systemClock, newId, log: silent, wake: core.gateway.wake }
      const queue = queueCommand(deps)
      const organizationId = core.organizationId
      const said: Promise<unknown>[] = []
      let number = 0
      let connecting: Promise<unknown> = Promise.resolve()

      for (const step of steps) {
        switch (step) {
          case 'command': {
            const command = { name: 'write_setting', key: keys[version], value: String(1_000 + ++number) } as const
            await queue({ organizationId, stationId, command, requestedBy: 'test' })
            break
          }
          case 'say':
            said.push(station.call('Heartbeat', {}), station.fault(1, said.length % 4 === 0))
            break
          case 'connect':
            // Also over an open socket: the newest wins.
            connecting = connecting.then(() => station.connect())
            break
          case 'cut':
            connecting = connecting.then(() => station.cut())
            break
          case 'hold':
            answers.hold()
            break
          case 'release':
            answers.release()
            break
          case 'silence': {
            const action = version === 'ocpp1.6' ? 'ChangeConfiguration' : 'SetVariables'
            if (station.answers[action] === undefined) station.answers[action] = 'silence'
            else delete station.answers[action]
            break
          }
          case 'time out':
            hub.pulse.advance(6_000)
            break
          case 'breathe':
            await new Promise((resolve) => setImmediate(resolve))
        }
      }

      // Now all is well again: whatever waits goes out, whatever hangs times out.
      for (const action of Object.keys(station.answers)) delete station.answers[action]
      answers.release()
      await connecting
      if (!station.online()) await station.connect()
      const rows = () =>
        database.db
          .selectFrom('command')
          .selectAll()
          .where('station_id', '=', stationId)
          .orderBy('created_at')
          .orderBy('command_id')
          .execute()
      await eventually(async () => {
        if (!station.online()) await station.connect()
        hub.pulse.advance(6_000)
        return (await rows()).every((row) => row.state !== 'queued' && row.state !== 'sent')
      }, 'an end of every command')
      await Promise.all(said)
      await station.settled()

      const ended = await rows()
      expect(ended).toHaveLength(number)
      expect(ended.filter((row) => row.answered_at === null && row.state === 'answered')).toEqual([])
      const done = station.executed.map((each) => settingIn(each.payload)).filter((value) => value > 1_000)
      seen.done += done.length
      seen.timedOut += ended.filter((row) => row.state === 'timed_out').length
      expect(new Set(done).size, `twice: ${done.join(' ')}`).toBe(done.length)
      expect(done, 'in order').toEqual([...done].sort((a, b) => a - b))
      // What the hub calls answered, the station did.
      for (const row of ended.filter((one) => one.state === 'answered')) {
        expect(done).toContain(Number((row.args as { value: string }).value))
      }
      expect(station.violations).toEqual([])

      // What the station said is kept in the order in which it said it.
      await core.gateway.sweep()
      const journal = await database.db
        .selectFrom('station_message')
        .select(['frame', 'epoch'])
        .where('station_id', '=', stationId)
        .where('direction', '=', 'in')
        .orderBy('epoch')
        .orderBy('message_id')
        .execute()
      const stored = journal.flatMap(({ frame }) => /^\[2,"([^"]+)","StatusNotification"/.exec(frame)?.[1] ?? [])
      const sent = station.exchanges
        .filter((each) => each.action === 'StatusNotification' && each.outcome.kind === 'result')
        .map((each) => each.outcome.messageId)
      seen.kept += sent.length
      const places = sent.map((id) => stored.indexOf(id))
      expect(places.filter((place) => place < 0)).toEqual([])
      expect(places).toEqual([...places].sort((a, b) => a - b))
      await station.disconnect()
    }),
    { numRuns: 40 },
  )
  expect(seen.done).toBeGreaterThan(50)
  expect(seen.timedOut).toBeGreaterThan(5)
  expect(seen.kept).toBeGreaterThan(50)
}, 180_000)

function settingIn(payload: Record<string, unknown>): number {
  const [first] = Array.isArray(payload.setVariableData)
    ? (payload.setVariableData as { attributeValue: string }[])
    : []
  return Number(payload.value ?? first?.attributeValue ?? 0)
}
