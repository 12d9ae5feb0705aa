// Owns the security of stations end to end on a hub under TLS: certificates asked for and shown, passwords changed, contracts judged.
// Must not look into the hub; whoever is let in, and what the API tells, is what counts.
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allVersions, type OcppVersion } from '../../setup/ocpp-versions.ts'
import type { SimulatedStation } from '../../sim/index.ts'
import { signingRequest } from '../../sim/station/der.ts'
import { HandshakeRefused } from '../../sim/station/wire.ts'
import { type AddedStation, freshCode, type LiveHub, liveHub } from '../live-hub.ts'
import { change } from './files.ts'
import { type TlsFiles, tlsFiles } from './tls-files.ts'

let files: TlsFiles
let hub: LiveHub
beforeAll(async () => {
  files = await tlsFiles()
  // For the calls of the API alone: stations trust the hub's certificate, or do not come in.
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  hub = await liveHub(files.env)
}, 300_000)
afterAll(async () => {
  await hub.stop()
  files.remove()
})

const organization = 'My organization'
const refusal = (station: SimulatedStation) =>
  station.connect().then(
    (said) => said,
    (error: unknown) => (error instanceof HandshakeRefused ? error.status : String(error)),
  )

describe.each(allVersions)('%s', (version) => {
  const v16 = version === 'ocpp1.6'

  test('a station that does not trust the hub stays out', async () => {
    const added = await hub.addStation(freshCode('SEC'), version)
    const stranger = await tlsFiles()
    stranger.remove()
    expect(await refusal(hub.play(added, { tls: { ca: stranger.ca } }))).toMatch(/certificate/i)
  })

  test('O. a signed request becomes a certificate, which opens the door in profile 3 to its station alone', async () => {
    const { added, station } = await connected(version)
    const { csr, privateKey } = signingRequest(added.code, organization)
    const asked = v16 ? { csr } : { csr, certificateType: 'ChargingStationCertificate' }
    expect(await station.call('SignCertificate', asked)).toMatchObject({ payload: { status: 'Accepted' } })
    const [row] = await hub.until('the certificate', async () => {
      const rows = await hub.all(`certificates?stationId=${added.stationId}`)
      return rows[0]?.state === 'installed' && rows
    })
    const chain = String(station.state.ownCertificates.get('ChargingStationCertificate'))
    const [leaf, issuer, ...more] = certificatesOf(chain)
    expect(more).toEqual([])
    if (leaf === undefined || issuer === undefined) throw new Error('the chain is cut')
    expect(leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey)).toBe(true)
    expect(leaf.publicKey.equals(createPublicKey(createPrivateKey(privateKey)))).toBe(true)
    expect(leaf.subject).toContain(`CN=${added.code}`)
    const authority = await hub.call('GET', 'certificate-authority')
    expect(String(authority.chainPem)).toContain(issuer.toString().trim())
    expect(row).toMatchObject({ origin: 'hub', fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase() })

    await station.disconnect()
    await change(hub, `stations/${added.stationId}`, { securityProfile: 3 })
    const tls = { ca: files.ca, cert: chain, key: privateKey }
    expect(await refusal(hub.play(added, { tls }))).toBe('accepted')
    // Its password alone is no longer enough, and no other station comes in with its certificate.
    expect([401, 403]).toContain(await refusal(hub.play(added, { tls: { ca: files.ca } })))
    const other = (await connected(version)).added
    await change(hub, `stations/${other.stationId}`, { securityProfile: 3 })
    expect([401, 403]).toContain(await refusal(hub.play(other, { tls })))
    await hub.call('POST', `certificates/${row.certificateId}/revoke`, { reason: 'stolen' })
    expect([401, 403]).toContain(await refusal(hub.play(added, { tls })))
  }, 150_000)

  test('a station that is told to asks for its certificate in the name of the operator', async () => {
    const { added, station } = await connected(version)
    const key = v16 ? 'CpoName' : 'SecurityCtrlr.OrganizationName'
    const renew = () => hub.call('POST', `stations/${added.stationId}/renew-certificate`)
    const states = async () => (await hub.all(`certificates?stationId=${added.stationId}`)).map((one) => one.state)
    await renew()
    await hub.until('the refusal', async () => (await states()).length === 1)
    expect(await states()).toEqual(['refused'])
    const write = { name: 'write_setting', key, value: organization }
    expect(await hub.command(added.stationId, write)).toMatchObject({ outcome: 'accepted' })
    await renew()
    await hub.until('the certificate', async () => (await states())[0] === 'installed')
    expect(await states()).toEqual(['installed', 'refused'])
    expect(station.state.ownCertificates.size).toBe(1)
  }, 150_000)

  test('a new password goes through the station, and the old one is good until it comes with it', async () => {
    const { added, station } = await connected(version)
    const path = `stations/${added.stationId}/security-changes`
    const { changeId } = await hub.call('POST', path, { kind: 'password' })
    const state = async () => (await hub.all(path)).find((one) => one.changeId === changeId)?.state
    await hub.until('the password at the station', async () => (await state()) === 'sent')
    const key = v16 ? 'AuthorizationKey' : 'SecurityCtrlr.BasicAuthPassword'
    const password = String(station.state.settings.get(key)?.value)
    expect(password.length).toBeGreaterThanOrEqual(16)
    expect(password).not.toBe(added.password)
    const old = hub.play(added, { tls: { ca: files.ca } })
    expect(await refusal(old)).toBe('accepted')
    await old.disconnect()
    expect(await state()).toBe('sent')
    // From here on the simulator uses what was written.
    await station.disconnect()
    expect(await refusal(station)).toBe('accepted')
    await hub.until('its arrival', async () => (await state()) === 'applied')
    expect(await refusal(old)).toBe(401)
    await station.disconnect()
    expect(await refusal(station)).toBe('accepted')
    // Lines that no commit took along reach the journal within a second or so.
    const messages = await hub.until('the order in the journal', async () => {
      const lines = await hub.all(`stations/${added.stationId}/messages`)
      return lines.some((one) => String(one.frame).includes(key.replace('SecurityCtrlr.', ''))) && lines
    })
    expect(messages.filter((one) => String(one.frame).includes(password))).toEqual([])
  }, 150_000)

  test('a higher profile is brought through the station, and holds once it has come in it', async () => {
    const { added, station } = await connected(version)
    const path = `stations/${added.stationId}/security-changes`
    const { changeId } = await hub.call('POST', path, { kind: 'profile', profile: 2 })
    const state = async () => (await hub.all(path)).find((one) => one.changeId === changeId)?.state
    if (v16) {
      await hub.until('the profile at the station', async () => (await state()) === 'sent')
      expect(station.state.settings.get('SecurityProfile')?.value).toBe('2')
      await station.reboot()
    }
    await hub.until('its arrival', async () => (await state()) === 'applied')
    await hub.until('the station', async () => station.online())
    expect(await hub.call('GET', `stations/${added.stationId}`)).toMatchObject({ securityProfile: 2 })
    if (!v16) {
      const written = { ocppCsmsUrl: hub.ocppUrl, securityProfile: 2, ocppTransport: 'JSON' }
      expect(station.state.networkProfiles.get(1)).toMatchObject(written)
    }
  })
})

describe.each(allVersions)('Plug & Charge over %s', (version) => {
  const v16 = version === 'ocpp1.6'
  const number = allVersions.indexOf(version)
  // Without the check digit, which is no part of the contract's name.
  const emaid = `DE8AAC1000000${number}`
  let station: SimulatedStation
  let credentialId: string
  let chain: string

  /** As it is in 2.x, or in the envelope of the application note. */
  async function ask(action: string, payload: object): Promise<Record<string, unknown>> {
    const vendorId = 'org.openchargealliance.iso15118pnc'
    const outcome = v16
      ? await station.call('DataTransfer', { vendorId, messageId: action, data: JSON.stringify(payload) })
      : await station.call(action, { ...payload })
    if (outcome.kind !== 'result') throw new Error(`${action}: ${JSON.stringify(outcome)}`)
    if (!v16) return outcome.payload
    expect(outcome.payload.status).toBe('Accepted')
    return JSON.parse(String(outcome.payload.data)) as Record<string, unknown>
  }
  const authorize = async (value: string, more: object) => {
    const idToken = v16 ? value : { idToken: value, type: 'eMAID' }
    const said = await ask('Authorize', { idToken, ...more })
    return [(said.idTokenInfo as { status: string }).status, said.certificateStatus]
  }
  const hash = (serialNumber: string) => ({
    hashAlgorithm: 'SHA256',
    issuerNameHash: 'a'.repeat(64),
    issuerKeyHash: 'b'.repeat(64),
    serialNumber,
    responderURL: 'http://127.0.0.1/ocsp',
  })

  beforeAll(async () => {
    const { items } = await hub.call<{ items: { pluginId: string }[] }>('GET', 'connections?limit=200')
    if (!items.some((one) => one.pluginId === 'pki-local')) {
      const body = { pluginId: 'pki-local', name: 'Contracts', config: {} }
      const { connectionId } = await hub.call('POST', 'connections', body)
      const state = async () => (await hub.call('GET', `connections/${connectionId}`)).state
      await hub.until('who signs contracts', async () => (await state()) === 'running')
    }
    station = (await connected(version)).station
    const made = await hub.call('POST', 'credentials', { kind: 'emaid', presentations: [{ value: emaid }] })
    credentialId = String(made.credentialId)
  })

  test('a contract certificate is asked for and given', async () => {
    const request = (content: string) => ({
      iso15118SchemaVersion: 'urn:iso:15118:2:2013:MsgDef',
      action: 'Install',
      exiRequest: Buffer.from(content).toString('base64'),
    })
    const said = await ask('Get15118EVCertificate', request(JSON.stringify({ emaid })))
    expect(said.status).toBe('Accepted')
    const given = JSON.parse(Buffer.from(String(said.exiResponse), 'base64').toString()) as { chain: string }
    chain = given.chain
    expect(certificatesOf(chain)[0]?.subject).toContain(`CN=${emaid}`)
    expect((await ask('Get15118EVCertificate', request('no contract'))).status).toBe('Failed')
  })

  test('a car charges under its contract, shown whole or by its hashes, and under no other', async () => {
    const serial = String(certificatesOf(chain)[0]?.serialNumber)
    expect(await authorize(emaid, { certificate: chain })).toEqual(['Accepted', 'Accepted'])
    expect(await authorize(emaid, { iso15118CertificateHashData: [hash(serial)] })).toEqual(['Accepted', 'Accepted'])
    expect(await authorize(emaid, { iso15118CertificateHashData: [hash('4711')] })).toEqual([
      'Invalid',
      'CertChainError',
    ])
    expect(await authorize('DE8AAC99999999', { certificate: chain })).toEqual(['Invalid', 'SignatureError'])
    const [leafOnly = ''] = chain.split(/(?<=-----END CERTIFICATE-----)/)
    expect(await authorize(emaid, { certificate: leafOnly })).toEqual(['Invalid', 'CertChainError'])
    await change(hub, `credentials/${credentialId}`, { status: 'blocked' })
    expect(await authorize(emaid, { certificate: chain })).toEqual(['Blocked', 'Accepted'])
  })

  test('whether a certificate is still good is answered, be it with no', async () => {
    const said = await ask('GetCertificateStatus', { ocspRequestData: hash('4711') })
    expect(said.status).toBe('Failed')
    if (version === 'ocpp2.1') {
      const serialNumber = String(certificatesOf(chain)[0]?.serialNumber)
      const { responderURL, ...certificateHashData } = hash(serialNumber)
      const requests = [{ source: 'OCSP', urls: [responderURL], certificateHashData }]
      const answer = await ask('GetCertificateChainStatus', { certificateStatusRequests: requests })
      expect(answer.certificateStatus).toMatchObject([{ source: 'OCSP', status: 'Good' }])
    }
    // The frames of the cases above were all good ones, so that none was answered for its form.
    expect(station.ownFaults).toEqual([])
  })
})

function certificatesOf(pem: string): X509Certificate[] {
  const each = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return each.map((one) => new X509Certificate(one))
}

async function connected(version: OcppVersion): Promise<{ added: AddedStation; station: SimulatedStation }> {
  const added = await hub.addStation(freshCode('SEC'), version)
  const station = hub.play(added, { tls: { ca: files.ca } })
  expect(await station.connect()).toBe('accepted')
  return { added, station }
}
