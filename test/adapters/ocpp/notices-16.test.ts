// Owns the tests of what 1.6 stations tell and ask beside the Core messages: status of firmware and logs, security events,
// certificates, vendor data and Plug & Charge. And the proof that no action of the standard was forgotten.
import fc from 'fast-check'
import * as schemas from 'typed-ocpp/dist/ocpp16/schemas.js'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CallAnswer } from '../../../adapters/ocpp/command.ts'
import { standardProfile } from '../../../adapters/ocpp/profile.ts'
import { v16 } from '../../../adapters/ocpp/v16/index.ts'
import type { StationCommand } from '../../../core/plugin/index.ts'
import { coversAll } from '../../conformance/covers.ts'
import { type Station, startHub, startOfTest, type TestHub } from './hub.ts'

let hub: TestHub
let station: Station
beforeAll(async () => {
  hub = await startHub({ pingIntervalSeconds: 0 })
  station = await hub.station('N16')
})
afterAll(() => hub.stop())

const received = { at: startOfTest, device: null }
const last = () => hub.port.factsOf('N16').at(-1)
const facts = () => hub.port.factsOf('N16').length

describe('what a station tells', () => {
  test.each([
    ['FirmwareStatusNotification', 'Downloading', 'firmware.status', 'downloading'],
    ['FirmwareStatusNotification', 'DownloadFailed', 'firmware.status', 'download_failed'],
    ['FirmwareStatusNotification', 'Downloaded', 'firmware.status', 'downloaded'],
    ['FirmwareStatusNotification', 'InstallationFailed', 'firmware.status', 'installation_failed'],
    ['FirmwareStatusNotification', 'Installing', 'firmware.status', 'installing'],
    ['FirmwareStatusNotification', 'Installed', 'firmware.status', 'installed'],
    ['FirmwareStatusNotification', 'Idle', 'firmware.status', 'idle'],
    ['DiagnosticsStatusNotification', 'Uploaded', 'log.status', 'uploaded'],
    ['DiagnosticsStatusNotification', 'UploadFailed', 'log.status', 'upload_failed'],
    ['DiagnosticsStatusNotification', 'Uploading', 'log.status', 'uploading'],
    ['DiagnosticsStatusNotification', 'Idle', 'log.status', 'idle'],
  ])('%s %s', async (action, status, topic, word) => {
    expect(await station.ask(action, { status })).toEqual({})
    expect(last()).toEqual({ kind: 'notice', topic, data: { status: word }, time: received })
  })

  test.each([
    ['SignedFirmwareStatusNotification', 'InstallVerificationFailed', 'firmware.status', 'install_verification_failed'],
    ['SignedFirmwareStatusNotification', 'InvalidSignature', 'firmware.status', 'invalid_signature'],
    ['SignedFirmwareStatusNotification', 'SignatureVerified', 'firmware.status', 'signature_verified'],
    ['LogStatusNotification', 'UploadFailure', 'log.status', 'upload_failure'],
    ['LogStatusNotification', 'NotSupportedOperation', 'log.status', 'not_supported_operation'],
    ['LogStatusNotification', 'Uploaded', 'log.status', 'uploaded'],
  ])('%s %s, with and without its number', async (action, status, topic, word) => {
    expect(await station.ask(action, { status, requestId: 4 })).toEqual({})
    expect(last()).toEqual({ kind: 'notice', topic, data: { status: word, requestId: 4 }, time: received })
    expect(await station.ask(action, { status })).toEqual({})
    expect(last()).toMatchObject({ data: { status: word } })
    expect(last()).not.toHaveProperty('data.requestId')
    expect(await station.ask(action, { status, requestId: 1e30 })).toEqual({})
    expect(last()).not.toHaveProperty('data.requestId')
  })

  test.each([
    'FirmwareStatusNotification',
    'SignedFirmwareStatusNotification',
    'DiagnosticsStatusNotification',
    'LogStatusNotification',
  ])('%s: a new word passes, a missing or unreadable one is refused', async (action) => {
    expect(await station.ask(action, { status: 'Half-way there' })).toEqual({})
    expect(last()).toMatchObject({ data: { status: 'half_way_there' } })
    expect(await station.ask(action, { status: '' })).toEqual({})
    expect(last()).toMatchObject({ data: { status: 'unknown' } })
    const before = facts()
    expect(await station.call(action, {})).toMatchObject({ kind: 'error', code: 'OccurenceConstraintViolation' })
    expect(await station.call(action, { status: { a: 1 } })).toMatchObject({ code: 'TypeConstraintViolation' })
    expect(facts()).toBe(before)
  })

  test('a security event, at its own time', async () => {
    const timestamp = '2025-06-01T11:00:00Z'
    expect(
      await station.ask('SecurityEventNotification', { type: 'FirmwareUpdated', timestamp, techInfo: 'v2' }),
    ).toEqual({})
    expect(last()).toEqual({
      kind: 'notice',
      topic: 'security.event',
      data: { type: 'FirmwareUpdated', info: 'v2' },
      time: { at: new Date(timestamp), device: new Date(timestamp) },
    })
    await station.ask('SecurityEventNotification', { type: 'StartupOfTheDevice', timestamp })
    expect(last()).toMatchObject({ data: { type: 'StartupOfTheDevice' } })
  })

  test('a security event is kept whatever it lacks', async () => {
    expect(await station.ask('SecurityEventNotification', {})).toEqual({})
    expect(last()).toEqual({ kind: 'notice', topic: 'security.event', data: { type: 'unknown' }, time: received })
    expect(await station.ask('SecurityEventNotification', { type: [1], timestamp: {}, techInfo: 7 })).toEqual({})
    expect(last()).toMatchObject({ topic: 'security.event', data: { info: '7' } })
  })
})

describe('SignCertificate', () => {
  test.each([
    [true, 'Accepted'],
    [false, 'Rejected'],
  ])('%s', async (yes, status) => {
    hub.port.answers['certificate.sign'] = { accepted: yes }
    expect(await station.ask('SignCertificate', { csr: 'CSR' })).toEqual({ status })
    expect(last()).toEqual({
      kind: 'inquiry',
      topic: 'certificate.sign',
      ask: { csr: 'CSR', use: 'station' },
      time: received,
    })
  })

  test('without a request', async () => {
    const before = facts()
    expect(await station.call('SignCertificate', {})).toMatchObject({ code: 'OccurenceConstraintViolation' })
    expect(await station.call('SignCertificate', { csr: {} })).toMatchObject({ code: 'TypeConstraintViolation' })
    expect(facts()).toBe(before)
  })
})

describe('DataTransfer', () => {
  test.each([
    ['accepted', 'Accepted'],
    ['rejected', 'Rejected'],
    ['unknown_message', 'UnknownMessageId'],
    ['unknown_vendor', 'UnknownVendorId'],
  ] as const)('%s', async (status, word) => {
    hub.port.answers.data_transfer = { status }
    expect(await station.ask('DataTransfer', { vendorId: 'com.example', messageId: 'x', data: '{"a":1}' })).toEqual({
      status: word,
    })
    expect(last()).toEqual({
      kind: 'inquiry',
      topic: 'data_transfer',
      ask: { vendorId: 'com.example', messageId: 'x', data: '{"a":1}' },
      time: received,
    })
  })

  test('data of the answer is text, whatever the core gives', async () => {
    for (const [data, text] of [
      ['plain', 'plain'],
      [{ a: 1 }, '{"a":1}'],
      [null, 'null'],
    ]) {
      hub.port.answers.data_transfer = { status: 'accepted', data }
      expect(await station.ask('DataTransfer', { vendorId: 'com.example' })).toEqual({ status: 'Accepted', data: text })
    }
    expect(last()).toMatchObject({ ask: { vendorId: 'com.example' } })
  })

  test('without a vendor', async () => {
    expect(await station.call('DataTransfer', {})).toMatchObject({ code: 'OccurenceConstraintViolation' })
    expect(await station.call('DataTransfer', { vendorId: { a: 1 } })).toMatchObject({
      code: 'TypeConstraintViolation',
    })
  })

  test('data that should be text but is JSON is taken as what it means', async () => {
    await station.ask('DataTransfer', { vendorId: 'com.example', data: { a: [1] } })
    expect(last()).toMatchObject({ ask: { data: '{"a":[1]}' } })
    expect(hub.port.codesOf('N16')).toContain('J16')
    await station.ask('DataTransfer', {
      vendorId: 'org.openchargealliance.iso15118pnc',
      messageId: 'Authorize',
      data: { idToken: 'EM0' },
    })
    expect(last()).toMatchObject({ kind: 'token.presented', token: { value: 'EM0' } })
  })

  test('data nested too deep to be read costs no more than its answer', async () => {
    const deep = `${'['.repeat(40_000)}${']'.repeat(40_000)}`
    station.expect('deep', 'DataTransfer')
    station.raw(`[2,"deep","DataTransfer",{"vendorId":"com.example","data":${deep}}]`)
    expect((await station.answer('deep')).kind).toMatch(/result|error/)
    expect(await station.ask('Heartbeat', {})).toHaveProperty('currentTime')
  })
})

describe('Plug & Charge', () => {
  const vendorId = 'org.openchargealliance.iso15118pnc'
  const send = async (messageId: string | undefined, held: unknown, to: Station = station) => {
    const data = typeof held === 'string' ? held : JSON.stringify(held)
    const answer = await to.ask('DataTransfer', { vendorId, messageId, data })
    const { status, data: answered } = answer
    return {
      status,
      data: answered,
      held: status === 'Accepted' ? (JSON.parse(String(answered)) as unknown) : undefined,
    }
  }
  const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb', serialNumber: '01' }
  const asked = { ...hash, responderURL: 'http://ocsp.example' }
  const question = { ...hash, responderUrl: 'http://ocsp.example' }

  beforeEach(() => {
    hub.port.answers['certificate.sign'] = { accepted: true }
    hub.port.answers['certificate.status'] = { accepted: true, ocspResult: 'T0NTUA==' }
    hub.port.answers['contract.certificate'] = { accepted: true, exiResponse: 'RVhJ' }
  })

  test('Authorize, the token as text, with a chain and with hashes', async () => {
    const { held } = await send('Authorize', {
      idToken: 'DEABCC123456',
      certificate: 'PEM',
      iso15118CertificateHashData: [asked],
    })
    expect(held).toEqual({ idTokenInfo: { status: 'Accepted' }, certificateStatus: 'NoCertificateAvailable' })
    expect(last()).toEqual({
      kind: 'token.presented',
      token: { value: 'DEABCC123456', kind: 'emaid' },
      contract: { chain: 'PEM', hashes: [question] },
    })
  })

  test('Authorize, the token as the object of 2.0.1; longer than an idTag may be', async () => {
    await send('Authorize', { idToken: { idToken: 'DE-ABC-C12345678-9-AND-MORE', type: 'eMAID' }, certificate: null })
    expect(last()).toEqual({
      kind: 'token.presented',
      token: { value: 'DE-ABC-C12345678-9-AND-MORE', kind: 'emaid' },
    })
  })

  test.each([
    ['accepted', 'Accepted'],
    ['signature_invalid', 'SignatureError'],
    ['expired', 'CertificateExpired'],
    ['revoked', 'CertificateRevoked'],
    ['no_chain', 'CertChainError'],
    ['cancelled', 'ContractCancelled'],
  ] as const)('Authorize, the contract %s', async (contract, certificateStatus) => {
    hub.port.verdicts.set('EM1', { status: contract === 'accepted' ? 'accepted' : 'invalid', reason: '', contract })
    const { held } = await send('Authorize', { idToken: 'EM1', certificate: 'PEM' })
    expect(held).toEqual({
      idTokenInfo: { status: contract === 'accepted' ? 'Accepted' : 'Invalid' },
      certificateStatus,
    })
  })

  test('Authorize at a station that waits for approval', async () => {
    const waiting = await hub.station('N16-PENDING', 'ocpp1.6', { admission: 'pending' })
    hub.port.verdicts.set('EM2', { status: 'accepted', reason: '', contract: 'accepted' })
    expect((await send('Authorize', { idToken: 'EM2' }, waiting)).held).toEqual({ idTokenInfo: { status: 'Invalid' } })
    expect((await send('Authorize', { idToken: 'EM2', certificate: 'PEM' }, waiting)).held).toEqual({
      idTokenInfo: { status: 'Invalid' },
      certificateStatus: 'NoCertificateAvailable',
    })
  })

  test.each([
    [true, 'Accepted'],
    [false, 'Rejected'],
  ])('SignCertificate: %s', async (yes, status) => {
    hub.port.answers['certificate.sign'] = { accepted: yes }
    const { held } = await send('SignCertificate', { csr: 'CSR', certificateType: 'V2GCertificate' })
    expect(held).toEqual({ status })
    expect(last()).toMatchObject({ topic: 'certificate.sign', ask: { csr: 'CSR', use: 'v2g' } })
  })

  test.each([
    ['Install', 'install'],
    ['Update', 'update'],
  ])('Get15118EVCertificate: %s', async (action, neutral) => {
    const request = { iso15118SchemaVersion: 'urn:iso:15118:2:2013:MsgDef', action, exiRequest: 'RVhJ' }
    expect((await send('Get15118EVCertificate', request)).held).toEqual({ status: 'Accepted', exiResponse: 'RVhJ' })
    expect(last()).toEqual({
      kind: 'inquiry',
      topic: 'contract.certificate',
      ask: { schemaVersion: 'urn:iso:15118:2:2013:MsgDef', action: neutral, exiRequest: 'RVhJ' },
      time: received,
    })
    hub.port.answers['contract.certificate'] = { accepted: false, exiResponse: '' }
    expect((await send('Get15118EVCertificate', request)).held).toEqual({ status: 'Failed', exiResponse: '' })
  })

  test('GetCertificateStatus', async () => {
    expect((await send('GetCertificateStatus', { ocspRequestData: asked })).held).toEqual({
      status: 'Accepted',
      ocspResult: 'T0NTUA==',
    })
    expect(last()).toEqual({ kind: 'inquiry', topic: 'certificate.status', ask: question, time: received })
    hub.port.answers['certificate.status'] = { accepted: false }
    expect((await send('GetCertificateStatus', { ocspRequestData: asked })).held).toEqual({ status: 'Failed' })
  })

  test('vendor and message in another case', async () => {
    const answer = await station.ask('DataTransfer', {
      vendorId: vendorId.toUpperCase(),
      messageId: 'authorize',
      data: '{"idToken":"EM3"}',
    })
    expect(answer).toMatchObject({ status: 'Accepted' })
    expect(last()).toMatchObject({ token: { value: 'EM3' } })
  })

  const contract = { iso15118SchemaVersion: 'v', action: 'Install', exiRequest: 'e' }
  test.each([
    ['Authorize', '', 'data'],
    ['Authorize', '{"idToken":', 'data'],
    ['Authorize', '[]', 'data'],
    ['Authorize', 'null', 'data'],
    ['Authorize', '"x"', 'data'],
    ['Authorize', {}, 'idToken'],
    ['Authorize', { idToken: 7 }, 'idToken'],
    ['Authorize', { idToken: null }, 'idToken'],
    ['Authorize', { idToken: '  ' }, 'idToken'],
    ['Authorize', { idToken: { idToken: {} } }, 'idToken'],
    ['Authorize', { idToken: 'E', certificate: 5 }, 'certificate'],
    [
      'Authorize',
      { idToken: 'E', iso15118CertificateHashData: [asked, 1] },
      'iso15118CertificateHashData[1].hashAlgorithm',
    ],
    ['Authorize', { idToken: 'E', iso15118CertificateHashData: hash }, 'iso15118CertificateHashData[0].responderURL'],
    ['SignCertificate', {}, 'csr'],
    ['SignCertificate', { csr: '' }, 'csr'],
    ['Get15118EVCertificate', { ...contract, iso15118SchemaVersion: 2 }, 'iso15118SchemaVersion'],
    ['Get15118EVCertificate', { ...contract, action: 'Delete' }, 'action'],
    ['Get15118EVCertificate', { ...contract, exiRequest: null }, 'exiRequest'],
    ['GetCertificateStatus', {}, 'ocspRequestData.hashAlgorithm'],
    ['GetCertificateStatus', { ocspRequestData: { ...asked, hashAlgorithm: 'MD5' } }, 'ocspRequestData.hashAlgorithm'],
    ['GetCertificateStatus', { ocspRequestData: { ...asked, issuerNameHash: 1 } }, 'ocspRequestData.issuerNameHash'],
    ['GetCertificateStatus', { ocspRequestData: { ...asked, issuerKeyHash: '' } }, 'ocspRequestData.issuerKeyHash'],
    ['GetCertificateStatus', { ocspRequestData: { ...asked, serialNumber: [] } }, 'ocspRequestData.serialNumber'],
  ] as const)('%s %j is rejected, and says why', async (messageId, held, field) => {
    const answer = await send(messageId, held)
    expect(answer.status).toBe('Rejected')
    expect(String(answer.data).startsWith(`${field}: `)).toBe(true)
    expect(last()).toMatchObject({ topic: 'data_transfer', ask: { vendorId, messageId } })
  })

  test.each(['InstallCertificate', 'constructor', '', undefined])(
    'message %s is none that a station sends',
    async (messageId) => {
      expect(await send(messageId, {})).toMatchObject({ status: 'UnknownMessageId' })
    },
  )

  test('without data', async () => {
    expect(await station.ask('DataTransfer', { vendorId, messageId: 'Authorize' })).toMatchObject({
      status: 'Rejected',
    })
  })

  test('whatever the data holds, the answer is valid and no mistake is logged', async () => {
    const value = fc.jsonValue({ maxDepth: 2 })
    const held = fc.record(
      {
        idToken: fc.oneof(value, fc.record({ idToken: value, type: value })),
        certificate: value,
        iso15118CertificateHashData: fc.oneof(
          value,
          fc.array(fc.record({ hashAlgorithm: value, issuerNameHash: value })),
        ),
        csr: value,
        iso15118SchemaVersion: value,
        action: value,
        exiRequest: value,
        ocspRequestData: value,
      },
      { requiredKeys: [] },
    )
    const messageId = fc.constantFrom('Authorize', 'SignCertificate', 'Get15118EVCertificate', 'GetCertificateStatus')
    const errors = () => hub.log.filter(({ level }) => level === 'error').length
    const before = errors()
    await fc.assert(
      fc.asyncProperty(
        messageId,
        fc.oneof(
          held.map((each) => JSON.stringify(each)),
          fc.string(),
        ),
        async (message, data) => {
          const { status } = await station.ask('DataTransfer', { vendorId, messageId: message, data })
          expect(['Accepted', 'Rejected']).toContain(status)
        },
      ),
      { seed: 20_250_601, numRuns: 300 },
    )
    expect(errors()).toBe(before)
  })
})

describe('every action of the standard', () => {
  const actions = Object.keys(schemas)
    .filter((name) => name.endsWith('Request'))
    .map((name) => name.slice(0, -'Request'.length))

  const token = { value: 'T', kind: 'local' }
  const url = 'https://hub.example/x'
  const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb', serialNumber: '01' } as const
  const commands: StationCommand[] = [
    { name: 'start', token, remoteStartId: 1 },
    { name: 'stop', transaction: { number: 1 } },
    { name: 'unlock', evse: 1, connector: 1 },
    { name: 'reset', mode: 'immediate' },
    { name: 'availability', operative: true },
    { name: 'trigger', message: 'boot' },
    { name: 'clear_cache' },
    { name: 'data_transfer', vendorId: 'x' },
    { name: 'read_settings' },
    { name: 'write_setting', key: 'k', value: 'v' },
    { name: 'read_list_version' },
    { name: 'send_list', mode: 'full', version: 1, entries: [] },
    { name: 'reserve', reservationId: 1, token, until: '2025-06-01T13:00:00Z' },
    { name: 'cancel_reservation', reservationId: 1 },
    { name: 'limit', amps: 6 },
    { name: 'unlimit' },
    { name: 'read_schedule', durationSeconds: 1 },
    { name: 'update_firmware', requestId: 1, url, retrieveAt: '2025-06-01T13:00:00Z' },
    {
      name: 'update_firmware',
      requestId: 1,
      url,
      retrieveAt: '2025-06-01T13:00:00Z',
      signingCertificate: 'x',
      signature: 'x',
    },
    { name: 'get_log', log: 'diagnostics', requestId: 1, url },
    { name: 'install_certificate', use: 'central_root', pem: 'x' },
    { name: 'delete_certificate', hash },
    { name: 'list_certificates' },
    { name: 'send_certificate', use: 'station', chain: 'x' },
  ]

  /** What the hub asks for of a station that implements nothing, so that every fallback is tried. */
  const sent = new Set<string>()
  for (const command of commands) {
    const steps = v16.command(command, { ...standardProfile, used: () => undefined }, new Map(), startOfTest)
    const no: CallAnswer = { kind: 'error', code: 'NotImplemented', description: '' }
    for (let step = steps.next(); step.done !== true; step = steps.next(no)) sent.add(step.value.action)
  }

  test('there are 39', () => {
    expect(actions).toHaveLength(39)
  })

  test.each(actions)('%s is known in its direction', (action) => {
    const incoming = v16.messages.has(action)
    const outgoing = sent.has(action)
    // 1.6 has one message that both sides send.
    expect([incoming, outgoing]).toEqual(action === 'DataTransfer' ? [true, true] : [incoming, !incoming])
  })

  test('nothing else is received or sent', () => {
    expect([...v16.messages.keys(), ...sent].filter((action) => !actions.includes(action))).toEqual([])
  })
})

coversAll(['ocpp1.6'], 'in', {
  DataTransfer: ['TC_064_CSMS'],
  DiagnosticsStatusNotification: ['TC_045_1_CSMS', 'TC_045_2_CSMS'],
  FirmwareStatusNotification: ['TC_044_1_CSMS', 'TC_044_2_CSMS', 'TC_044_3_CSMS'],
  LogStatusNotification: ['TC_079_CSMS'],
  SecurityEventNotification: [],
  SignCertificate: ['TC_074_CSMS'],
  SignedFirmwareStatusNotification: ['TC_080_CSMS', 'TC_081_CSMS'],
})
