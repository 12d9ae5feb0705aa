// Owns the tests of the hub's certificate authority: who gets a certificate, and what it says, judged by OpenSSL as well.
// Must not trust our own library alone.
import { spawnSync } from 'node:child_process'
import { webcrypto } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import { type Authority, authorityOf } from '../../../core/services/certificates/authority.ts'
import type { CertificateDeps } from '../../../core/services/certificates/certificate-deps.ts'
import { checkCsr } from '../../../core/services/certificates/check-csr.ts'
import { issueCertificate } from '../../../core/services/certificates/issue-certificate.ts'
import { ocspResponder } from '../../../core/services/certificates/ocsp-responder.ts'
import { revocationList } from '../../../core/services/certificates/revocation-list.ts'
import { X509Crl } from '../../../core/services/certificates/x509.ts'
import { manualClock } from '../../../core/testing/manual-clock.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'
import { insertOrganization } from '../../setup/records.ts'
import { certificateDeps, newCsr, newKeys } from './certificate-bench.ts'

let database: TestDatabase
let deps: CertificateDeps
let organizationId: string
let authority: Authority
// OpenSSL goes by real time.
const clock = manualClock(new Date())
const folder = mkdtempSync(join(tmpdir(), 'authority-'))

beforeAll(async () => {
  database = await createTestDatabase()
  organizationId = await insertOrganization(database.db)
  deps = certificateDeps({ db: database.db, clock, newId, log: silent })
  authority = await authorityOf(deps)(organizationId)
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await database.drop()
})

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const program = process.env.OPENSSL ?? 'openssl'
/** An outside judge; .ci/run installs it. */
const judged = test.skipIf(spawnSync(program, ['version']).status !== 0)

function openssl(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`)
  return stdout + stderr
}

const wanted = { code: 'CP-01', organizations: ['Test'] }
const refusal = async (csr: string, want: Parameters<typeof checkCsr>[1] = wanted) => {
  const verdict = await checkCsr(csr, want)
  return verdict.kind === 'refused' ? verdict.reason : 'good'
}

describe('a signing request', () => {
  test.each(['P-256', 'P-384', 'RSA-2048'] as const)('with a key %s is good', async (algorithm) => {
    const { pem, der } = await newCsr('CN=cp-01, O=Test', { algorithm })
    expect(await refusal(pem)).toBe('good')
    expect(await refusal(der.toString('base64'))).toBe('good')
  })

  test('of another station, without a name or with two is refused', async () => {
    for (const name of [
      'CN=CP-02, O=Test',
      'O=Test',
      'CN=CP-01, CN=CP-02, O=Test',
      'CN=CP-01x, O=Test',
      'CN=xCP-01, O=Test',
    ]) {
      expect(await refusal((await newCsr(name)).pem)).toContain('common name')
    }
  })

  test('of another organization is refused, unless any will do', async () => {
    const { pem } = await newCsr('CN=CP-01, O=Other')
    expect(await refusal(pem)).toBe('The organization (O) must be "Test".')
    expect(await refusal(pem, { code: 'CP-01', organizations: null })).toBe('good')
    expect(await refusal((await newCsr('CN=CP-01')).pem)).toContain('organization')
  })

  test('with a weak or strange key is refused', async () => {
    expect(await refusal((await newCsr('CN=CP-01, O=Test', { algorithm: 'RSA-1024' })).pem)).toContain('2048')
    expect(await refusal((await newCsr('CN=CP-01, O=Test', { algorithm: 'Ed25519' })).pem)).toContain('must be RSA or')
  })

  test('whose signature is not that of its key is refused', async () => {
    const mine = await newKeys()
    const yours = await newKeys()
    const { pem } = await newCsr('CN=CP-01, O=Test', {
      keys: { publicKey: yours.publicKey, privateKey: mine.privateKey },
    })
    expect(await refusal(pem)).toContain('signature')
    const { der } = await newCsr('CN=CP-01, O=Test')
    der[der.length - 4] = (der[der.length - 4] ?? 0) ^ 1
    expect(await refusal(der.toString('base64'))).toContain('signature')
  })

  test('that is too long or no request is refused', async () => {
    expect(await refusal('A'.repeat(5_501))).toContain('longer')
    const { pem } = await newCsr('CN=CP-01, O=Test')
    for (const csr of [
      '',
      'x',
      'AAAA',
      '-----BEGIN CERTIFICATE REQUEST-----\n\n-----END CERTIFICATE REQUEST-----',
      pem.slice(0, 200),
    ]) {
      expect(await refusal(csr)).toContain('PKCS #10')
    }
  })

  test('damaged anywhere is refused or means the same, never a crash', async () => {
    const { der, keys } = await newCsr('CN=CP-01, O=Test')
    const publicKey = Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey))
    await fc.assert(
      fc.asyncProperty(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const copy = Buffer.from(der)
        copy[at] = (copy[at] ?? 0) ^ change
        const verdict = await checkCsr(copy.toString('base64'), wanted)
        // A length outside the signed part may be off: then nothing of what is signed has changed.
        if (verdict.kind === 'good') expect(Buffer.from(verdict.request.publicKey.rawData)).toEqual(publicKey)
      }),
      { numRuns: 150 },
    )
  })
})

test('the authority is made once, whoever asks first, and its key is nowhere in clear', async () => {
  const other = await insertOrganization(database.db)
  const made = await Promise.all([1, 2, 3].map(() => authorityOf(deps)(other)))
  expect(new Set(made.map(({ authorityId }) => authorityId)).size).toBe(1)
  const row = await database.db
    .selectFrom('certificate_authority')
    .selectAll()
    .where('organization_id', '=', other)
    .executeTakeFirstOrThrow()
  expect(JSON.stringify(row)).not.toContain('PRIVATE')
  expect(() => deps.box.open(organizationId, 'certificate authority', row.sealed_key)).toThrow(/cannot be opened/)
})

async function issued(code = 'CP-01') {
  const verdict = await checkCsr((await newCsr(`CN=${code}, O=Test`)).pem, { ...wanted, code })
  if (verdict.kind !== 'good') throw new Error(verdict.reason)
  return issueCertificate(deps, authority, { code, publicKey: verdict.request.publicKey })
}

judged('OpenSSL takes what is issued for a client certificate, and for nothing else', async () => {
  const leaf = file('leaf.pem', (await issued()).toString('pem'))
  const root = file('root.pem', authority.root.toString('pem'))
  const issuing = file('issuing.pem', authority.issuing.toString('pem'))
  expect(
    openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', root, '-untrusted', issuing, leaf),
  ).toContain('OK')
  expect(() => openssl('verify', '-purpose', 'sslserver', '-CAfile', root, '-untrusted', issuing, leaf)).toThrow()
  const text = openssl('x509', '-in', leaf, '-noout', '-text')
  expect(text).toContain('CN = CP-01')
  expect(text).toContain(`${deps.publicUrl}/api/v1/certificate-authorities/${authority.authorityId}/crl`)
  expect(text).toContain('CA:FALSE')
})

judged('the revocation list and OCSP say of each certificate what the rows say', async () => {
  const stationId = newId()
  const at = clock.now()
  const place = { organization_id: organizationId, station_id: stationId, created_at: at, updated_at: at }
  await database.db
    .insertInto('station')
    .values({ ...place, code: 'CP-01', name: 'CP-01' })
    .execute()
  const [good, bad, unknown] = [await issued(), await issued(), await issued()]
  for (const [certificate, revoked] of [
    [good, null],
    [bad, at],
  ] as const) {
    await database.db
      .insertInto('station_certificate')
      .values({
        ...place,
        certificate_id: newId(),
        use: 'station',
        origin: 'hub',
        state: revoked ? 'revoked' : 'installed',
        authority_id: authority.authorityId,
        serial: certificate.serialNumber.toLowerCase(),
        revoked_at: revoked,
      })
      .execute()
  }
  const list = await revocationList(deps)(authority)
  const read = new X509Crl(Buffer.from(list))
  expect(await read.verify({ publicKey: authority.issuing.publicKey })).toBe(true)
  expect(read.entries.map(({ serialNumber }) => serialNumber.toLowerCase())).toEqual([bad.serialNumber.toLowerCase()])
  const root = file('root.pem', authority.root.toString('pem'))
  const issuing = file('issuing.pem', authority.issuing.toString('pem'))
  const crl = file('list.crl', list)
  expect(openssl('crl', '-in', crl, '-inform', 'DER', '-CAfile', issuing, '-noout', '-crlnumber')).toContain(
    'crlNumber',
  )

  for (const [name, certificate, word] of [
    ['good', good, ': good'],
    ['bad', bad, ': revoked'],
    ['unknown', unknown, ': unknown'],
  ] as const) {
    const cert = file(`${name}.pem`, certificate.toString('pem'))
    const question = join(folder, `${name}.req`)
    openssl('ocsp', '-issuer', issuing, '-cert', cert, '-reqout', question)
    const answer = file(`${name}.res`, await ocspResponder(deps)(authority, readFileSync(question)))
    // The nonce of the question comes back, and the answer is signed by the authority.
    const proof = openssl('ocsp', '-reqin', question, '-respin', answer, '-issuer', issuing, '-CAfile', root)
    expect(proof).toContain('Response verify OK')
    expect(proof).not.toContain('WARNING')
    const said = openssl('ocsp', '-no_nonce', '-issuer', issuing, '-cert', cert, '-respin', answer, '-CAfile', root)
    expect(said).toContain(`${name}.pem${word}`)
  }
})

test('an OCSP request that cannot be read has its own answer', async () => {
  const ask = ocspResponder(deps)
  for (const bytes of [Buffer.alloc(0), Buffer.from('nonsense'), Buffer.alloc(9_000, 48)]) {
    // OCSPResponse with the status malformedRequest (1), RFC 6960 4.2.1.
    expect(Buffer.from(await ask(authority, bytes)).toString('hex')).toBe('30030a0101')
  }
})
