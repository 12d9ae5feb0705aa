// Owns the tests of the door's limits: attempts by address, failed logins, messages in a second.
// Must not wait: the pulse is moved by hand.
import { afterEach, expect, test } from 'vitest'
import type { OcppConfig } from '../../../adapters/ocpp/config.ts'
import { startHub, type TestHub, until } from './hub.ts'

let hub: TestHub
afterEach(() => hub.stop())

async function hubWith(config: Partial<OcppConfig>): Promise<TestHub> {
  hub = await startHub({ pingIntervalSeconds: 0, ...config })
  return hub
}

test('handshakes of one address past the limit are told when to come again, and may then', async () => {
  const { port, pulse } = await hubWith({ handshakesPerMinutePerAddress: 3 })
  for (const code of ['A', 'B', 'C', 'D']) port.add(code)
  for (const code of ['A', 'B', 'C']) await hub.connect(`/ocpp/${code}`)
  await expect(hub.connect('/ocpp/D')).rejects.toMatchObject({ status: 429, headers: { 'retry-after': '20' } })
  pulse.advance(20_000)
  await hub.connect('/ocpp/D')
})

test('failed logins of one station are answered unread after a few, and do not touch its neighbours', async () => {
  const { port, pulse } = await hubWith({ failedLoginsPerMinute: 2 })
  port.add('GOOD')
  for (let i = 0; i < 2; i++) await expect(hub.connect('/ocpp/NOBODY')).rejects.toMatchObject({ status: 404 })
  const asked = port.attempts.length
  await expect(hub.connect('/ocpp/nobody')).rejects.toMatchObject({ status: 429, headers: { 'retry-after': '30' } })
  expect(port.attempts).toHaveLength(asked)
  await hub.connect('/ocpp/GOOD')
  pulse.advance(30_000)
  await expect(hub.connect('/ocpp/NOBODY')).rejects.toMatchObject({ status: 404 })
})

test('by default a site of any size may come back at once', async () => {
  const { port } = await hubWith({})
  for (let i = 0; i < 60; i++) port.add(`S${i}`)
  await Promise.all(Array.from({ length: 60 }, (_, i) => hub.connect(`/ocpp/S${i}`)))
})

test('messages past the limit of a second wait, are counted, and none is lost', async () => {
  const { port, pulse } = await hubWith({ maxFramesPerSecond: 5, maxQueuedFrames: 10_000 })
  const station = await hub.station('FAST')
  const ids = Array.from({ length: 40 }, () => station.cast('Heartbeat', {}))
  const answered = () => ids.filter((id) => station.answersTo(id).length > 0).length
  // What one read of the socket brought is handled; the next read waits for the next second.
  await until(() => port.deviations.some(({ code }) => code === 'W20'), 'the limit')
  await until(() => {
    pulse.advance(1_000)
    return answered() === ids.length
  }, 'all answers')
  expect(station.closedWith).toBeNull()
})
