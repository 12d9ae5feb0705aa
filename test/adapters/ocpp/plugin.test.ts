// Owns the tests of the adapter as a plugin: definition, configuration, its life from connect to stop on the contract alone.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { completeConfig, configSchema, defaultConfig } from '../../../adapters/ocpp/config.ts'
import { deviations } from '../../../adapters/ocpp/deviations.ts'
import ocpp, { chargers } from '../../../adapters/ocpp/index.ts'
import type { UpgradeHandler } from '../../../core/plugin/index.ts'
import { startOfTest, until } from './hub.ts'
import { RecordingPort } from './recording-port.ts'

test('the definition says what the plugin is allowed', () => {
  expect(ocpp).toMatchObject({
    id: 'ocpp',
    apiVersion: 1,
    autoConnect: true,
    capabilities: ['charger'],
    permissions: ['sockets:/ocpp'],
  })
})

test('an empty configuration is valid and complete; wrong ones are refused', () => {
  const valid = new Ajv({ useDefaults: true }).compile(configSchema)
  const filled = {}
  expect(valid(filled)).toBe(true)
  expect(filled).toEqual(defaultConfig)
  expect(completeConfig({})).toEqual(defaultConfig)
  expect(completeConfig({ callTimeoutSeconds: 5 })).toEqual({ ...defaultConfig, callTimeoutSeconds: 5 })
  for (const wrong of [
    { pingIntervalSeconds: -1 },
    { maxFrameBytes: 'many' },
    { defaultProtocol: 'ocpp1.5' },
    { unknown: 1 },
  ]) {
    expect(valid(wrong)).toBe(false)
  }
})

test('every code has a catalogue letter, a number and words', () => {
  for (const [code, words] of Object.entries(deviations)) {
    expect(code).toMatch(/^[TMCJWX]\d{1,2}$/)
    expect(words.length).toBeGreaterThan(5)
  }
})

test('connects, serves upgrades below its mount, and stops cleanly', async () => {
  let mounted: UpgradeHandler | null = null
  const quiet = { debug() {}, info() {}, warn() {}, error() {} }
  const capability = chargers({
    clock: { now: () => startOfTest, after: () => () => undefined },
    config: {},
    log: quiet,
    newId: () => 'id',
    upgrade(path, handler) {
      expect(path).toBe('/ocpp')
      mounted = handler
      return {
        dispose() {
          mounted = null
        },
      }
    },
  })
  const port = new RecordingPort()
  port.add('CP')
  const running = await capability.connect(port)
  const server = createServer()
  server.on('upgrade', (request, socket, head) => mounted?.(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp/CP`, ['ocpp1.6'])
  let answer = ''
  let closedWith = 0
  socket.on('message', (data) => {
    answer = String(data)
  })
  socket.on('close', (code) => {
    closedWith = code
  })
  socket.on('open', () => socket.send('[2,"1","Heartbeat",{}]'))
  await until(() => answer !== '', 'an answer')
  expect(JSON.parse(answer)).toEqual([3, '1', { currentTime: startOfTest.toISOString() }])
  expect(await running.health?.()).toEqual({ state: 'ok' })
  await running.stop()
  expect(mounted).toBeNull()
  await until(() => closedWith !== 0, 'the socket closed')
  expect(closedWith).toBe(1012)
  expect(port.isOpen('CP')).toBe(false)
  await new Promise((resolve) => server.close(resolve))
})
