// Owns the tests of the door's policy and of what is brought to stations: case O, certificates, passwords, profiles, the watch.
// Must not use a socket; test/http/tls-door.test.ts does.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandReply, StationCommand } from '../../../core/domain/station-command.ts'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import { systemClock } from '../../../core/runtime/system-clock.ts'
import { authorityOf } from '../../../core/services/certificates/authority.ts'
import type { CertificateDeps } from '../../../core/services/certificates/certificate-deps.ts'
import { changeSecurity, type SecurityChangeRequest } from '../../../core/services/certificates/change-security.ts'
import { followSecurity } from '../../../core/services/certificates/follow-security.ts'
import { issueRequested } from '../../../core/services/certificates/issue-requested.ts'
import {
  cancelSecurityChange,
  registerCertificate,
  revokeCertificate,
} from '../../../core/services/certificates/manage-certificates.ts'
import { revealSecret } from '../../../core/services/certificates/reveal-secret.ts'
import { signInquiry } from '../../../core/services/certificates/sign-inquiry.ts'
import { watchCertificates } from '../../../core/services/certificates/watch-certificates.ts'
import { defaultChargerSettings } from '../../../core/services/charger/charger-deps.ts'
import { chargerGateway } from '../../../core/services/charger/charger-gateway.ts'
import { refusingInquiries } from '../../../core/services/charger/inquiry-handlers.ts'
import { groupCommit } from '../../../core/store/group-commit.ts'
import { type ManualClock, manualClock } from '../../../core/testing/manual-clock.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { insertOrganization } from '../../setup/records.ts'
import { hashSecret } from '../charger/charger-harness.ts'
import { certificateDeps, newCsr, selfSigned } from './certificate-bench.ts'

const day = 86_400_000
let database: TestDatabase
let organizationId: string
let clock: ManualClock
let deps: CertificateDeps
let gateway: ReturnType<typeof chargerGateway>
let close: () => Promise<void>

beforeAll(async () => {
  database = await createTestDatabase()
  organizationId = await insertOrganization(database.db)
  clock = manualClock(new Date('2026-03-10T08:00:00Z'))
  const service = { db: database.db, clock, newId, log: silent }
  deps = certificateDeps({ ...service, wake: (id) => gateway.wake(id) })
  const commits = groupCommit({ pool: database.pool, clock: systemClock, log: silent })
  gateway = chargerGateway({
    ...service,
    pool: database.pool,
    groupCommit: commits,
    hashSecret,
    inquiries: { ...refusingInquiries, 'certificate.sign': signInquiry(deps) },
    reveal: revealSecret(deps),
    nodeId: 'node',
    authorise: async () => ({ status: 'accepted', reason: '' }),
    settings: { ...defaultChargerSettings, unknownStations: 'pending', defaultOrganizationId: organizationId },
  })
  close = async () => {
    await gateway.close()
    await commits.close()
  }
})
afterAll(async () => {
  await close()
  await database.drop()
})

const access = () => ({ organizationId, siteIds: null, actor: 'key:test', requestId: 'r' })
let count = 0

async function station(more: { profile?: number; secret?: string | null } = {}) {
  const code = `CP-${++count}`
  const stationId = newId()
  const now = clock.now()
  const { profile = 1, secret = 'secret' } = more
  const place = { organization_id: organizationId, station_id: stationId }
  await database.db
    .insertInto('station')
    .values({
      ...place,
      code,
      name: code,
      security_profile: profile,
      secret_hash: secret === null ? null : hashSecret(Buffer.from(secret)),
      created_at: now,
      updated_at: now,
    })
    .execute()
  await database.db
    .insertInto('station_identity')
    .values({ ...place, identity: code.toLowerCase() })
    .execute()
  const row = () =>
    database.db.selectFrom('station').selectAll().where('station_id', '=', stationId).executeTakeFirstOrThrow()
  return { code, stationId, row }
}

interface Coming {
  password?: string | null
  secure?: boolean
  pem?: string
  verified?: boolean
}

function admit(code: string, { password = 'secret', secure = true, pem, verified = true }: Coming = {}) {
  return gateway.port.admit({
    identity: code,
    password: password === null ? null : Buffer.from(password),
    userName: code,
    remoteAddress: '127.0.0.1',
    secure,
    clientCertificate: pem === undefined ? null : { pem, fingerprint256: 'not looked at', verified },
  })
}

/** A station on a socket that answers what it is told. */
async function online(
  code: string,
  protocol: 'ocpp1.6' | 'ocpp2.0.1',
  answer: (command: StationCommand) => CommandReply = () => ({ kind: 'accepted' }),
  coming: Coming = {},
) {
  const admission = await admit(code, coming)
  if (admission.kind !== 'admitted') throw new Error(admission.reason)
  const told: StationCommand[] = []
  const sink = await gateway.port.open({
    station: admission.station,
    protocol,
    remoteAddress: '127.0.0.1',
    deliver: async ({ command }) => {
      told.push(command)
      const text = JSON.stringify(command)
      sink.journal({ direction: 'out', at: clock.now(), action: 'Told', text })
      return answer(command)
    },
    displaced: () => undefined,
  })
  return { sink, told }
}

/** Runs the jobs that the services added, as the worker would. */
async function runJobs(): Promise<void> {
  const tasks: Record<string, (payload: never) => Promise<unknown>> = {
    'certificate.issue': issueRequested(deps),
    'security.follow': followSecurity(deps),
  }
  for (;;) {
    const { rows } = await database.ownerPool.query<{ task: string; payload: never }>(
      `with taken as (delete from graphile_worker._private_jobs j
          using graphile_worker._private_tasks t
          where t.id = j.task_id and t.identifier = any($1) returning t.identifier as task, j.payload)
        select * from taken`,
      [Object.keys(tasks)],
    )
    if (rows.length === 0) return
    for (const { task, payload } of rows) await tasks[task]?.(payload)
  }
}

async function commandsDone(stationId: string): Promise<void> {
  for (;;) {
    await eventually(async () => {
      const open = await database.db
        .selectFrom('command')
        .select('command_id')
        .where('station_id', '=', stationId)
        .where('state', 'in', ['queued', 'sent'])
        .execute()
      return open.length === 0
    }, 'the end of all commands')
    const before = await database.db
      .selectFrom('command')
      .select('command_id')
      .where('station_id', '=', stationId)
      .execute()
    await runJobs()
    const after = await database.db
      .selectFrom('command')
      .select('command_id')
      .where('station_id', '=', stationId)
      .execute()
    if (before.length === after.length) return
  }
}

const certificatesOf = (stationId: string) =>
  database.db
    .selectFrom('station_certificate')
    .selectAll()
    .where('station_id', '=', stationId)
    .orderBy('certificate_id')
    .execute()
const changesOf = (stationId: string) =>
  database.db
    .selectFrom('station_security_change')
    .selectAll()
    .where('station_id', '=', stationId)
    .orderBy('change_id')
    .execute()
const eventsOf = async (stationId: string, type: string) =>
  (
    await database.db.selectFrom('event').selectAll().where('subject_id', '=', stationId).orderBy('event_id').execute()
  ).filter((event) => event.type === type)

const sign = (csr: string) => ({
  kind: 'inquiry' as const,
  topic: 'certificate.sign' as const,
  ask: { csr, use: 'station' as const, requestId: 7 },
  time: { at: clock.now(), device: null },
})

async function certified(profile = 3) {
  const made = await station({ profile: 1 })
  const { sink, told } = await online(made.code, 'ocpp2.0.1')
  const csr = await newCsr(`CN=${made.code}, O=Test`)
  expect(await sink.record(sign(csr.pem))).toEqual({ accepted: true })
  await runJobs()
  await commandsDone(made.stationId)
  await database.db
    .updateTable('station')
    .set({ security_profile: profile })
    .where('station_id', '=', made.stationId)
    .execute()
  const [certificate] = await certificatesOf(made.stationId)
  return { ...made, told, sink, certificate, pem: certificate?.pem ?? '' }
}

describe('a station asks for a certificate', () => {
  test('and gets it with the issuing one as a command; once it took it, it is installed', async () => {
    const { told, certificate, stationId } = await certified()
    const { issuing } = await authorityOf(deps)(organizationId)
    expect(told).toMatchObject([{ name: 'send_certificate', use: 'station', requestId: 7 }])
    const [command] = told
    const chain = command?.name === 'send_certificate' ? command.chain : ''
    expect(chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(chain).toContain(issuing.toString('pem').trim())
    expect(certificate).toMatchObject({ state: 'installed', origin: 'hub', reason: null })
    const states = (await eventsOf(stationId, 'station.certificate_changed')).map(
      ({ data }) => (data as { state: string }).state,
    )
    expect(states).toEqual(['issued', 'installed'])
  })

  test('in the name of another: refused, kept with the reason, nothing issued', async () => {
    const { code, stationId } = await station()
    const { sink } = await online(code, 'ocpp1.6')
    const csr = await newCsr('CN=CP-OTHER, O=Test')
    expect(await sink.record(sign(csr.pem))).toMatchObject({ accepted: false, reason: expect.stringContaining(code) })
    await runJobs()
    expect(await certificatesOf(stationId)).toMatchObject([{ state: 'refused', pem: null, command_id: null }])
  })

  test('without end: refused after ten in an hour', async () => {
    const { code, stationId } = await station()
    const { sink } = await online(code, 'ocpp1.6')
    for (let i = 0; i < 10; i++) expect(await sink.record(sign('garbage'))).toMatchObject({ accepted: false })
    const csr = await newCsr(`CN=${code}, O=Test`)
    expect(await sink.record(sign(csr.pem))).toMatchObject({ accepted: false, reason: expect.stringContaining('10') })
    expect(await certificatesOf(stationId)).toHaveLength(10)
  })

  test('and does not take it: refused; a job that runs twice issues once', async () => {
    const { code, stationId } = await station()
    const { sink, told } = await online(code, 'ocpp1.6', () => ({ kind: 'refused', reason: 'Rejected' }))
    await sink.record(sign((await newCsr(`CN=${code}, O=Test`)).pem))
    const [asked] = await certificatesOf(stationId)
    await issueRequested(deps)({ organizationId, certificateId: asked?.certificate_id ?? '' })
    await runJobs()
    await commandsDone(stationId)
    expect(told).toHaveLength(1)
    expect(await certificatesOf(stationId)).toMatchObject([{ state: 'refused', reason: 'Rejected' }])
  })
})

describe('the door', () => {
  test('profile 2 turns a plain socket away and says why; over TLS the password counts', async () => {
    const { code } = await station({ profile: 2 })
    expect(await admit(code, { secure: false })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('wss://'),
    })
    expect(await admit(code, { password: 'guess' })).toMatchObject({ kind: 'unauthorized' })
    expect(await admit(code)).toMatchObject({ kind: 'admitted' })
  })

  test('profile 0 needs nothing, and takes no wrong password', async () => {
    const { code } = await station({ profile: 0 })
    expect(await admit(code, { secure: false, password: null })).toMatchObject({ kind: 'admitted' })
    expect(await admit(code, { secure: false, password: 'guess' })).toMatchObject({ kind: 'unauthorized' })
  })

  test('case O: the certificate of station A is no key to station B', async () => {
    const a = await certified()
    const b = await certified()
    expect(await admit(a.code, { pem: a.pem, password: null })).toMatchObject({ kind: 'admitted' })
    expect(await admit(a.code.toLowerCase(), { pem: a.pem, password: null })).toMatchObject({ kind: 'admitted' })
    expect(await admit(b.code, { pem: a.pem })).toEqual({
      kind: 'rejected',
      reason: 'The client certificate is not a valid one of this station.',
    })
    expect(await admit(a.code, { password: 'secret' })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('none came'),
    })
    expect(await admit(a.code, { pem: a.pem, secure: false })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('TLS'),
    })
    expect(await admit(a.code, { pem: a.pem, verified: false })).toMatchObject({ kind: 'rejected' })
  })

  test('a name that only begins alike, or another authority: refused', async () => {
    const a = await certified()
    for (const name of [`CN=${a.code}`, `CN=${a.code}0`, `CN=x${a.code}`, `CN=${a.code}, CN=other`]) {
      const { pem } = await selfSigned(name)
      expect(await admit(a.code, { pem })).toMatchObject({ kind: 'rejected' })
    }
    expect(await admit(a.code, { pem: 'garbage' })).toMatchObject({ kind: 'rejected' })
  })

  test("an operator's own certificate is good for its station, until it is revoked or over", async () => {
    const { code, stationId } = await station({ profile: 3 })
    const { pem } = await selfSigned(`CN=${code}`, { until: new Date(clock.now().getTime() + day) })
    expect(await admit(code, { pem })).toMatchObject({ kind: 'rejected' })
    const other = await selfSigned('CN=another')
    expect(await registerCertificate(deps)(access(), stationId, other.pem)).toMatchObject({ kind: 'invalid' })
    expect(await registerCertificate(deps)(access(), stationId, 'x')).toMatchObject({ kind: 'invalid' })
    const made = await registerCertificate(deps)(access(), stationId, pem)
    if (made.kind !== 'ok') throw new Error(made.kind)
    expect(await registerCertificate(deps)(access(), stationId, pem)).toMatchObject({ kind: 'conflict' })
    expect(await admit(code, { pem })).toMatchObject({ kind: 'admitted' })
    expect(await revokeCertificate(deps)(access(), made.value.certificateId, 'Stolen.')).toMatchObject({ kind: 'ok' })
    expect(await admit(code, { pem })).toMatchObject({ kind: 'rejected' })
  })

  test('a parked station is remembered with its password and its certificate', async () => {
    const { pem } = await selfSigned('CN=PARKED')
    expect(await admit('PARKED', { password: 'first', pem })).toMatchObject({
      kind: 'admitted',
      station: { admission: 'pending' },
    })
    expect(await admit('PARKED', { password: 'other' })).toMatchObject({ kind: 'unauthorized' })
    const row = await database.db
      .selectFrom('station')
      .selectAll()
      .where('code', '=', 'PARKED')
      .executeTakeFirstOrThrow()
    expect(row.presented_certificate).toMatchObject({
      subject: 'CN=PARKED',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    const next = await selfSigned('CN=PARKED')
    await admit('PARKED', { password: 'first', pem: next.pem })
    const later = await database.db
      .selectFrom('station')
      .selectAll()
      .where('code', '=', 'PARKED')
      .executeTakeFirstOrThrow()
    expect(later.presented_certificate).not.toEqual(row.presented_certificate)
  })
})

const newSecret = () => `${'0123456789abcdef'.repeat(2)}${String(++count).padStart(8, '0')}`
/** As the API does it: the station is woken once everything is stored. */
async function change(stationId: string, request: SecurityChangeRequest, secret = newSecret()) {
  const made = { ...deps, wake: () => undefined, newSecret: () => secret, hashSecret }
  const outcome = await changeSecurity(made)(access(), stationId, request)
  gateway.wake(stationId)
  return outcome
}

describe('a new password', () => {
  test.each([
    ['ocpp1.6', 'AuthorizationKey'],
    ['ocpp2.0.1', 'SecurityCtrlr.BasicAuthPassword'],
  ] as const)('goes to a %s station as %s; both are good until it comes with the new one', async (protocol, key) => {
    const { code, stationId, row } = await station()
    const secret = newSecret()
    const { told, sink } = await online(code, protocol)
    expect(await change(stationId, { kind: 'password' }, secret)).toMatchObject({
      kind: 'ok',
      value: { state: 'requested' },
    })
    await commandsDone(stationId)
    expect(told).toEqual([{ name: 'write_setting', key, value: secret }])
    expect(await changesOf(stationId)).toMatchObject([{ state: 'sent', sealed_secret: null }])
    expect(await admit(code, { password: 'secret' })).toMatchObject({ kind: 'admitted' })
    expect(await admit(code, { password: 'guess' })).toMatchObject({ kind: 'unauthorized' })
    // As the bytes that the hex stands for (X1).
    const bytes = {
      identity: code,
      password: Buffer.from(secret, 'hex'),
      userName: code,
      remoteAddress: '',
      secure: true,
    }
    expect(await gateway.port.admit(bytes)).toMatchObject({ kind: 'admitted' })
    expect(await admit(code, { password: 'secret' })).toMatchObject({ kind: 'unauthorized' })
    expect(await admit(code, { password: secret })).toMatchObject({ kind: 'admitted' })
    expect(await changesOf(stationId)).toMatchObject([{ state: 'applied' }])
    expect((await row()).pending_secret_hash).toBeNull()
    await sink.close('done')
    const { rows } = await database.ownerPool.query<{ t: string }>(
      `select row_to_json(c)::text as t from command c where station_id = $1
        union all select row_to_json(m)::text from station_message m where station_id = $1
        union all select row_to_json(a)::text from audit_log a union all select row_to_json(e)::text from event e`,
      [stationId],
    )
    const stored = rows.map(({ t }) => t).join('\n')
    expect(stored).toContain('[not shown]')
    expect(stored).not.toContain(secret)
  })

  test('that the station refuses is dropped', async () => {
    const { code, stationId, row } = await station()
    const secret = newSecret()
    await online(code, 'ocpp1.6', () => ({ kind: 'refused', reason: 'Rejected' }))
    await change(stationId, { kind: 'password' }, secret)
    await commandsDone(stationId)
    expect(await changesOf(stationId)).toMatchObject([{ state: 'failed', reason: 'Rejected' }])
    expect((await row()).pending_secret_hash).toBeNull()
    expect(await admit(code, { password: secret })).toMatchObject({ kind: 'unauthorized' })
    expect(await admit(code)).toMatchObject({ kind: 'admitted' })
  })

  test.each([{ kind: 'timed_out' }, { kind: 'disconnected' }] as const)(
    'without an answer ($kind) may have been taken: both stay good',
    async (reply) => {
      const { code, stationId } = await station()
      const secret = newSecret()
      await online(code, 'ocpp2.0.1', () => reply)
      await change(stationId, { kind: 'password' }, secret)
      await commandsDone(stationId)
      expect(await changesOf(stationId)).toMatchObject([
        { state: 'sent', reason: expect.stringContaining('did not answer') },
      ])
      expect(await admit(code)).toMatchObject({ kind: 'admitted' })
      expect(await change(stationId, { kind: 'password' })).toMatchObject({ kind: 'conflict' })
      expect(await admit(code, { password: secret })).toMatchObject({ kind: 'admitted' })
      expect(await admit(code)).toMatchObject({ kind: 'unauthorized' })
      // The late end of the command changes nothing any more.
      const [last] = await changesOf(stationId)
      await followSecurity(deps)({ organizationId, commandId: last?.command_id ?? '' })
      expect(await changesOf(stationId)).toMatchObject([{ state: 'applied' }])
    },
  )

  test('that was taken back before it was sent never leaves the hub', async () => {
    const { code, stationId } = await station()
    const first = await online(code, 'ocpp1.6')
    await first.sink.close('away')
    const secret = newSecret()
    const begun = await change(stationId, { kind: 'password' }, secret)
    if (begun.kind !== 'ok') throw new Error(begun.kind)
    expect(await cancelSecurityChange(deps)(access(), stationId, begun.value.changeId)).toMatchObject({
      value: { state: 'cancelled' },
    })
    const { told } = await online(code, 'ocpp1.6')
    await commandsDone(stationId)
    expect(told).toEqual([])
    expect(await admit(code, { password: secret })).toMatchObject({ kind: 'unauthorized' })
  })
})

describe('another profile', () => {
  test('1.6 goes from 1 to 2: raised when it has come by TLS, plain refused from then on', async () => {
    const { code, stationId, row } = await station()
    const { told } = await online(code, 'ocpp1.6', undefined, { secure: false })
    expect(await change(stationId, { kind: 'profile', profile: 2 })).toMatchObject({ kind: 'ok' })
    await commandsDone(stationId)
    expect(told).toEqual([{ name: 'write_setting', key: 'SecurityProfile', value: '2' }])
    expect(await admit(code, { secure: false })).toMatchObject({ kind: 'admitted' })
    expect(await admit(code, { secure: true })).toMatchObject({ kind: 'admitted' })
    expect(await row()).toMatchObject({ security_profile: 2, pending_profile: null })
    expect(await admit(code, { secure: false })).toMatchObject({ kind: 'rejected' })
    expect((await eventsOf(stationId, 'station.security_changed')).at(-1)?.data).toMatchObject({
      state: 'applied',
      kind: 'profile',
    })
  })

  test('2.0.1 gets a network profile, its priority and a restart, each when the one before was taken', async () => {
    const { code, stationId } = await station()
    const { told } = await online(code, 'ocpp2.0.1', undefined, { secure: false })
    await change(stationId, { kind: 'profile', profile: 2, slot: 2 })
    await commandsDone(stationId)
    expect(told).toMatchObject([
      {
        name: 'set_network_profile',
        slot: 2,
        profile: { securityProfile: 2, url: 'wss://hub.test/ocpp', version: 'ocpp2.0.1' },
      },
      { name: 'write_setting', key: 'OCPPCommCtrlr.NetworkConfigurationPriority', value: '2' },
      { name: 'reset', mode: 'on_idle' },
    ])
    expect(await changesOf(stationId)).toMatchObject([{ state: 'sent', step: 2 }])
  })

  test('a step that is refused ends it, and the old profile stays', async () => {
    const { code, stationId, row } = await station()
    const { told } = await online(code, 'ocpp2.0.1', () => ({ kind: 'refused', reason: 'Failed' }), { secure: false })
    await change(stationId, { kind: 'profile', profile: 2 })
    await commandsDone(stationId)
    expect(told).toHaveLength(1)
    expect(await changesOf(stationId)).toMatchObject([{ state: 'failed', reason: 'Failed' }])
    expect(await row()).toMatchObject({ security_profile: 1, pending_profile: null })
  })

  test('is never lowered without saying so, nor raised to what cannot be met', async () => {
    const { code, stationId } = await station({ profile: 2 })
    await online(code, 'ocpp1.6')
    expect(await change(stationId, { kind: 'profile', profile: 1 })).toMatchObject({
      kind: 'invalid',
      problems: [{ pointer: '/allowLower' }],
    })
    expect(await change(stationId, { kind: 'profile', profile: 2 })).toMatchObject({ kind: 'invalid' })
    expect(await change(stationId, { kind: 'profile', profile: 3 })).toMatchObject({ kind: 'conflict' })
    expect(await changesOf(stationId)).toEqual([])
    expect(await change(stationId, { kind: 'profile', profile: 1, allowLower: true })).toMatchObject({ kind: 'ok' })
    await commandsDone(stationId)
    expect(await admit(code, { secure: true })).toMatchObject({ kind: 'admitted' })
    expect(await changesOf(stationId)).toMatchObject([{ state: 'sent' }])
    expect(await admit(code, { secure: false })).toMatchObject({ kind: 'admitted' })
    expect(await changesOf(stationId)).toMatchObject([{ state: 'applied' }])
  })

  test('2 to 3 is met by the certificate alone', async () => {
    const { code, stationId, pem, row } = await certified(2)
    await change(stationId, { kind: 'profile', profile: 3 })
    await commandsDone(stationId)
    expect(await admit(code)).toMatchObject({ kind: 'admitted' })
    expect(await row()).toMatchObject({ security_profile: 2 })
    expect(await admit(code, { pem, password: null })).toMatchObject({ kind: 'admitted' })
    expect(await row()).toMatchObject({ security_profile: 3 })
    expect(await admit(code)).toMatchObject({ kind: 'rejected' })
  })
})

test('the watch renews thirty days before the end, tells once, asks again each day, and marks what is over', async () => {
  const { code, stationId, pem } = await certified()
  const other = await certified(2)
  const watch = watchCertificates(deps)
  const triggers = async (of: string) =>
    (
      await database.db
        .selectFrom('command')
        .selectAll()
        .where('station_id', '=', of)
        .where('name', '=', 'trigger')
        .execute()
    ).length
  clock.advance(334 * day)
  await watch()
  expect(await triggers(stationId)).toBe(0)
  clock.advance(2 * day)
  await Promise.all([watch(), watch()])
  expect(await triggers(stationId)).toBe(1)
  expect(await eventsOf(stationId, 'station.certificate_expiring')).toHaveLength(1)
  // Profile 2 can do without: told, not renewed.
  expect(await triggers(other.stationId)).toBe(0)
  expect(await eventsOf(other.stationId, 'station.certificate_expiring')).toHaveLength(1)
  clock.advance(day)
  await watch()
  expect(await triggers(stationId)).toBe(2)
  expect(await eventsOf(stationId, 'station.certificate_expiring')).toHaveLength(1)
  expect(await admit(code, { pem })).toMatchObject({ kind: 'admitted' })
  clock.advance(40 * day)
  expect(await admit(code, { pem })).toMatchObject({ kind: 'rejected' })
  await watch()
  expect(await certificatesOf(stationId)).toMatchObject([{ state: 'expired' }])
})
