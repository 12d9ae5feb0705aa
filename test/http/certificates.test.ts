// Owns the tests of the API for station certificates, the authority's public parts, and security changes.
// Must not test the rules themselves; test/services/certificates does.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PemConverter, X509Certificate, X509Crl } from '../../core/services/certificates/x509.ts'
import { selfSigned } from '../services/certificates/certificate-bench.ts'
import { type HubApi, startHubApi } from './hub-api.ts'

let hub: HubApi
let stationId: string

beforeAll(async () => {
  hub = await startHubApi()
  const site = await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })
  const { siteId } = site.body
  const made = await hub.call('POST', '/stations', { body: { siteId, code: 'CP-01', defaultProtocol: 'ocpp1.6' } })
  stationId = made.body.stationId
})
afterAll(() => hub.close())

test('an own certificate is registered, found, revoked, and the socket comes back under the new terms', async () => {
  const { pem } = await selfSigned('CN=CP-01')
  const made = await hub.call('POST', `/stations/${stationId}/certificates`, { body: { pem } })
  expect(made).toMatchObject({ status: 201, body: { origin: 'operator', state: 'installed', stationId } })
  const { certificateId } = made.body
  expect((await hub.call('GET', `/certificates?stationId=${stationId}&state=installed`)).body.items).toHaveLength(1)
  expect((await hub.call('GET', `/certificates/${certificateId}`)).body.subject).toBe('CN=CP-01')
  const revoke = () => hub.call('POST', `/certificates/${certificateId}/revoke`, { body: { reason: 'Stolen.' } })
  expect(await revoke()).toMatchObject({ status: 200, body: { state: 'revoked', reason: 'Stolen.' } })
  expect(hub.refreshed).toContain(stationId)
  expect((await revoke()).status).toBe(409)
  const wrong = await hub.call('POST', `/stations/${stationId}/certificates`, { body: { pem: 'x' } })
  expect(wrong).toMatchObject({ status: 422, body: { errors: [{ pointer: '/pem' }] } })
})

test('the authority shows its chain, list and answers to everyone, and nothing of others', async () => {
  const { body } = await hub.call('GET', '/certificate-authority')
  const at = `/certificate-authorities/${body.authorityId}`
  const chain = await hub.call('GET', `${at}/chain`, { key: null })
  expect(chain.status).toBe(200)
  const [issuing, root] = PemConverter.decode(chain.body).map((der) => new X509Certificate(der))
  expect(issuing?.subject).toBe(body.subject)
  expect(await issuing?.verify({ ...(root ? { publicKey: root.publicKey } : {}) })).toBe(true)
  expect(body.chainPem).toBe(chain.body)
  const list = await hub.app.request(`/api/v1${at}/crl`)
  expect(list.headers.get('content-type')).toBe('application/pkix-crl')
  expect(new X509Crl(await list.arrayBuffer()).issuer).toBe(body.subject)
  const ocsp = (content: string) => hub.app.request(`/api/v1${at}/ocsp`, { method: 'POST', body: content })
  expect(Buffer.from(await (await ocsp('nonsense')).arrayBuffer()).toString('hex')).toBe('30030a0101')
  expect((await ocsp('x'.repeat(10_000))).status).toBe(413)
  const nobody = '/certificate-authorities/0195f3b2-6c00-7000-8000-0a1b2c3d4e5f/crl'
  expect((await hub.call('GET', nobody, { key: null })).status).toBe(404)
})

test('a password goes its way without anybody seeing it; a profile is not lowered in silence', async () => {
  const path = `/stations/${stationId}/security-changes`
  const begun = await hub.call('POST', path, { body: { kind: 'password' } })
  expect(begun).toMatchObject({ status: 202, body: { kind: 'password', state: 'requested', toProfile: 1 } })
  expect(hub.woken).toContain(stationId)
  const { body: command } = await hub.call('GET', `/commands/${begun.body.commandId}`)
  expect(command.args).toEqual({ key: 'AuthorizationKey', value: '[the new password]' })
  expect((await hub.call('POST', path, { body: { kind: 'profile', profile: 2 } })).status).toBe(409)
  const cancelled = await hub.call('POST', `${path}/${begun.body.changeId}/cancel`)
  expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled' } })
  const lower = await hub.call('POST', path, { body: { kind: 'profile', profile: 0 } })
  expect(lower).toMatchObject({ status: 422, body: { errors: [{ pointer: '/allowLower' }] } })
  expect((await hub.call('GET', path)).body.items).toHaveLength(1)
  const patch = (body: object) => hub.call('PATCH', `/stations/${stationId}`, { body })
  expect(await patch({ securityProfile: 0 })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/securityProfile' }] },
  })
  expect(await patch({ securityProfile: 0, allowLowerSecurity: true })).toMatchObject({ body: { securityProfile: 0 } })
  expect((await hub.call('POST', `/stations/${stationId}/renew-certificate`)).body).toMatchObject({
    name: 'trigger',
    args: { message: 'sign_station_certificate' },
  })
})

test('a parked station is accepted with the certificate that it came with', async () => {
  const { pem } = await selfSigned('CN=PARKED')
  const { db } = hub.database
  const now = hub.clock.now()
  const parked = '0195f3b2-6c00-7000-8000-00000000aaaa'
  const place = { organization_id: hub.organizationId, station_id: parked }
  const presented = { pem, fingerprint: 'f', subject: 'CN=PARKED', issuer: 'CN=PARKED', notBefore: now, notAfter: now }
  await db
    .insertInto('station')
    .values({
      ...place,
      code: 'PARKED',
      name: 'PARKED',
      admission: 'pending',
      presented_certificate: JSON.stringify(presented),
      created_at: now,
      updated_at: now,
    })
    .execute()
  expect((await hub.call('GET', `/stations/${parked}`)).body.presentedCertificate.subject).toBe('CN=PARKED')
  const { siteId } = (await hub.call('GET', `/stations/${stationId}`)).body
  const body = { decision: 'accept', siteId, registerCertificate: true, securityProfile: 3 }
  expect(await hub.call('POST', `/stations/${parked}/admission`, { body })).toMatchObject({
    status: 200,
    body: { admission: 'accepted', securityProfile: 3 },
  })
  const { items } = (await hub.call('GET', `/certificates?stationId=${parked}`)).body
  expect(items).toMatchObject([{ state: 'installed', siteId }])
})
