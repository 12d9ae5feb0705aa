// Owns the tests of what is left out of the journal: no password of a station is ever written down, whatever carries it.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redacted } from '../../../adapters/ocpp/redact.ts'
import { startHub, type TestHub } from './hub.ts'

const secret = 'S3cr3t-4f1a9c'
const bearers: Record<string, unknown> = {
  ChangeConfiguration: [2, '1', 'ChangeConfiguration', { key: 'AuthorizationKey', value: secret }],
  'GetConfiguration answer': [
    3,
    '1',
    { configurationKey: [{ key: 'authorizationkey', readonly: false, value: secret }] },
  ],
  'a vendor key': [2, '1', 'ChangeConfiguration', { key: 'WifiPassphrase', value: secret }],
  SetVariables: [
    2,
    '1',
    'SetVariables',
    {
      setVariableData: [
        { attributeValue: secret, component: { name: 'SecurityCtrlr' }, variable: { name: 'BasicAuthPassword' } },
      ],
    },
  ],
  NotifyReport: [
    2,
    '1',
    'NotifyReport',
    {
      reportData: [
        {
          component: { name: 'SecurityCtrlr' },
          variable: { name: 'BasicAuthPassword' },
          variableAttribute: [{ type: 'Actual', value: secret, mutability: 'WriteOnly' }],
        },
      ],
    },
  ],
  NotifyEvent: [
    2,
    '1',
    'NotifyEvent',
    { eventData: [{ actualValue: secret, component: { name: 'X' }, variable: { name: 'BasicAuthPassword' } }] },
  ],
  SetNetworkProfile: [
    2,
    '1',
    'SetNetworkProfile',
    {
      connectionData: {
        basicAuthPassword: secret,
        vpn: { server: 'vpn.example', user: 'u', password: secret, key: secret, type: 'IPSec' },
        apn: { apn: 'internet', apnPassword: secret, simPin: 1234 },
      },
    },
  ],
  'an upload address': [2, '1', 'GetDiagnostics', { location: `ftp://user:${secret}@files.example/logs` }],
  'a vendor message': [2, '1', 'DataTransfer', { vendorId: 'Acme', data: JSON.stringify({ password: secret }) }],
  'a broken frame': `[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"${secret}"`,
}

test.each(Object.entries(bearers))('%s is kept without its secret', (_name, frame) => {
  const text = typeof frame === 'string' ? frame : JSON.stringify(frame)
  expect(text).toContain(secret)
  expect(redacted(text)).not.toContain(secret)
})

test('what has no secret stays as it was, to the letter', () => {
  for (const text of [
    '[2, "1", "Heartbeat" , {}]',
    '[2,"1","GetConfiguration",{"key":["AuthorizationKey"]}]',
    '[2,"1","MeterValues",{"connectorId":1,"meterValue":[{"sampledValue":[{"value":"1.0"}]}]}]',
    '[2,"1","UpdateFirmware",{"location":"https://files.example/fw@2.bin"}]',
  ])
    expect(redacted(text)).toBe(text)
  expect(redacted('[3,"1",{"configurationKey":[{"key":"AuthorizationKey","readonly":false}]}]')).toContain(
    'AuthorizationKey',
  )
})

test('the fields beside a secret stay', () => {
  const kept = JSON.parse(redacted(JSON.stringify(bearers.SetNetworkProfile)))[3].connectionData
  expect(kept).toEqual({
    basicAuthPassword: '***',
    vpn: { server: 'vpn.example', user: 'u', password: '***', key: '***', type: 'IPSec' },
    apn: { apn: 'internet', apnPassword: '***', simPin: '***' },
  })
})

test('no depth and no shape makes it throw, and no value under a secret name survives', () => {
  const deep = `${'{"password":'.repeat(200_000)}"${secret}"${'}'.repeat(200_000)}`
  expect(redacted(deep)).not.toContain(secret)
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom('AuthorizationKey', 'BasicAuthPassword', 'ftpPassword'),
      (value, name) => {
        const text = JSON.stringify([2, 'x', 'A', { list: [value, { key: name, value: secret }, { [name]: secret }] }])
        expect(redacted(text)).not.toContain(secret)
      },
    ),
    { numRuns: 300 },
  )
})

describe('on the wire', () => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await startHub()
  })
  afterAll(() => hub.stop())

  test('the station gets its password, the journal does not', async () => {
    const station = await hub.station('REDACT')
    station.responder = () => ({ status: 'Accepted' })
    await hub.port.deliver('REDACT', { name: 'write_setting', key: 'AuthorizationKey', value: secret })
    expect((await station.request('ChangeConfiguration')).payload).toEqual({ key: 'AuthorizationKey', value: secret })
    await station.call('DataTransfer', { vendorId: 'Acme', data: `{"password":"${secret}"}` })
    const frames = hub.port.frames.map(({ frame }) => frame.text)
    expect(frames.filter((text) => text.includes('ChangeConfiguration'))).toHaveLength(1)
    expect(frames.join('\n')).not.toContain(secret)
  })
})
