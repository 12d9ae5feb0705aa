// Owns the tests of Plug & Charge: the test PKI behind the hub's own judgement, contracts good and bad, eMAIDs in every writing.
// Must not stub the PKI: its certificates are real ones.

import fc from 'fast-check'
import { Kysely, PostgresDialect } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalise, searchKeys } from '../../../core/domain/credential/index.ts'
import type { ContractProvider } from '../../../core/plugin/index.ts'
import type { Asking } from '../../../core/services/charger/inquiry-handlers.ts'
import { authoriseContract } from '../../../core/services/contracts/authorise-contract.ts'
import { type ProviderDeps, providerInquiries } from '../../../core/services/contracts/provider-inquiries.ts'
import { createPluginTester, type PluginTester } from '../../../core/testing/index.ts'
import pkiLocal from '../../../plugins/pki-local/index.ts'
import type { PkiTables } from '../../../plugins/pki-local/pki.ts'
import { selfSigned } from '../../services/certificates/certificate-bench.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'

const at = new Date('2026-03-10T08:00:00Z')
const emaid = 'DE8AAC123456789'
let database: TestDatabase<PkiTables>
let db: Kysely<PkiTables>
let tester: PluginTester
let pki: ContractProvider

beforeAll(async () => {
  database = await createTestDatabase<PkiTables>({ empty: true })
  db = new Kysely<PkiTables>({ dialect: new PostgresDialect({ pool: database.ownerPool }) })
  for (const { up } of pkiLocal.migrations ?? []) await up(db as Kysely<unknown>)
  tester = createPluginTester(pkiLocal, { db: database.db as unknown as Kysely<unknown>, at })
  await tester.start()
  pki = tester.provided('certificates')
})
afterAll(async () => {
  await tester.stop()
  await database.drop()
})

const asJson = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
const install = { schemaVersion: 'urn:iso:15118:2:2013:MsgDef', action: 'install' as const }

async function contract(name = emaid): Promise<{ chain: string; serial: string }> {
  const answer = await pki.contractCertificate({ ...install, exiRequest: asJson({ emaid: name }) })
  const { chain } = JSON.parse(Buffer.from(answer.exiResponse, 'base64').toString()) as { chain: string }
  const row = await database.db.selectFrom('contract').selectAll().execute()
  return { chain, serial: row.find(({ pem }) => chain.startsWith(pem.trim()))?.serial ?? '' }
}

const deps = (
  provider: ContractProvider | undefined,
  within: ProviderDeps['within'] = (call) => call(),
): ProviderDeps => ({
  provider: () => provider,
  within,
  log: silent,
})
const asked: string[] = []
function may(provider: ContractProvider | undefined = pki, within?: ProviderDeps['within']) {
  return authoriseContract(deps(provider, within), async ({ token }) => {
    asked.push(`${token.kind}:${token.value}`)
    return { status: 'blocked', reason: 'The account is suspended.' }
  })
}
const question = (chain: string | undefined, value = emaid) => ({
  organizationId: 'o',
  siteId: null,
  stationId: 's',
  token: { value, kind: 'central' },
  at,
  contract: chain === undefined ? {} : { chain },
})

describe('a contract', () => {
  test('whose chain holds is judged as any credential, by its eMAID', async () => {
    const { chain } = await contract()
    for (const value of [emaid, 'de-8aa-c12345678-9', 'DE*8AA*C12345678']) {
      expect(await may()(question(chain, value))).toEqual({
        status: 'blocked',
        reason: 'The account is suspended.',
        contract: 'accepted',
      })
      expect(asked.at(-1)).toBe(`emaid:${value}`)
    }
  })

  test('of another, out of time, revoked, cut, changed or of a stranger never gets that far', async () => {
    const { chain, serial } = await contract()
    const before = asked.length
    const judge = async (ask: ReturnType<typeof question>) => (await may()(ask)).contract
    expect(await judge(question(chain, 'DE8AAC987654321'))).toBe('signature_invalid')
    expect(await judge({ ...question(chain), at: new Date('2030-01-01') })).toBe('expired')
    expect(await judge({ ...question(chain), at: new Date('2020-01-01') })).toBe('expired')
    const leafOnly = `${chain.split('-----END CERTIFICATE-----')[0]}-----END CERTIFICATE-----`
    expect(await judge(question(leafOnly))).toBe('no_chain')
    for (const text of ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']) {
      expect(await judge(question(text))).toBe('no_chain')
    }
    expect(await judge(question(undefined))).toBe('no_chain')
    expect(await judge(question((await selfSigned(`CN=${emaid}`)).pem))).toBe('no_chain')
    // Named like the sub authority of the PKI, with a key of its own.
    const imposter = await selfSigned('CN=Baywatt test PKI sub')
    expect(await judge(question(`${leafOnly}\n${imposter.pem}`))).toBe('signature_invalid')
    await db.updateTable('contract').set({ revoked: true }).where('serial', '=', serial).execute()
    expect(await judge(question(chain))).toBe('revoked')
    expect(asked).toHaveLength(before)
  })

  test('another contract may not issue contracts', async () => {
    const mine = await contract()
    const other = await contract('DE8AAC000000001')
    const [leaf = ''] = mine.chain.split(/(?<=-----END CERTIFICATE-----)/)
    expect((await may()(question(`${leaf}\n${other.chain}`))).contract).toBe('accepted')
    const forged = await selfSigned(`CN=${emaid}`)
    expect((await may()(question(`${forged.pem}\n${other.chain}`))).contract).toBe('no_chain')
  })

  test('verified by the station is asked about by its number', async () => {
    const { serial } = await contract()
    const hash = { hashAlgorithm: 'SHA256' as const, issuerNameHash: '', issuerKeyHash: '', responderUrl: '' }
    const ask = (serialNumber: string) =>
      may()({ ...question(undefined), contract: { hashes: [{ ...hash, serialNumber }] } })
    expect((await ask(serial.toUpperCase())).contract).toBe('accepted')
    expect((await ask('1234')).contract).toBe('no_chain')
    const status = await pki.chainStatus({
      requests: [{ hash: { ...hash, serialNumber: serial }, source: 'ocsp', urls: [] }],
    })
    expect(status.results).toMatchObject([{ status: 'good' }])
  })

  test('without a provider, or with one that fails, is late or talks nonsense, does not charge', async () => {
    const { chain } = await contract()
    const before = asked.length
    const late: ProviderDeps['within'] = () => Promise.reject(new Error('too late'))
    const mad = { ...pki, authorizeContract: async () => ({ status: 'sure', reason: '' }) as never }
    for (const judge of [authoriseContract(deps(undefined), () => Promise.reject()), may(pki, late), may(mad)]) {
      expect(await judge(question(chain))).toMatchObject({ status: 'invalid', contract: 'no_chain' })
    }
    expect(asked).toHaveLength(before)
  })
})

describe('what stations ask about contracts', () => {
  const asking = { station: { record: { organization_id: 'o' } }, at } as unknown as Asking
  const hash = { hashAlgorithm: 'SHA256' as const, issuerNameHash: 'a', issuerKeyHash: 'b', serialNumber: '1' }
  const ask = { ...install, exiRequest: asJson({ emaid }) }

  test('goes to the provider', async () => {
    const handlers = providerInquiries(deps(pki))
    expect(await handlers['contract.certificate'](ask, asking)).toMatchObject({ accepted: true })
    expect(await handlers['contract.certificate']({ ...ask, exiRequest: 'gJgC' }, asking)).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('EXI'),
    })
    expect(
      await handlers['certificate.chain_status']({ requests: [{ hash, source: 'crl', urls: [] }] }, asking),
    ).toMatchObject({
      results: [{ status: 'unknown' }],
    })
    expect(await handlers['certificate.status']({ ...hash, responderUrl: '' }, asking)).toMatchObject({
      accepted: false,
    })
  })

  test('gets the polite no when it does not answer', async () => {
    const late: ProviderDeps['within'] = () => Promise.reject(new Error('too late'))
    for (const each of [deps(undefined), deps(pki, late)]) {
      const handlers = providerInquiries(each)
      expect(await handlers['contract.certificate'](ask, asking)).toMatchObject({ accepted: false, exiResponse: '' })
      expect(await handlers['certificate.status']({ ...hash, responderUrl: '' }, asking)).toMatchObject({
        accepted: false,
      })
      expect(
        await handlers['certificate.chain_status']({ requests: [{ hash, source: 'crl', urls: [] }] }, asking),
      ).toEqual({
        results: [{ hash, source: 'crl', status: 'failed', nextUpdate: at.toISOString() }],
      })
    }
  })
})

test('every writing of an eMAID is one credential, and no two contracts are', () => {
  const letters = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
  const either = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
  const text = (of: fc.Arbitrary<string>, n: number) => fc.string({ unit: of, minLength: n, maxLength: n })
  const bare = fc.tuple(text(letters, 2), text(either, 3), text(either, 8))
  const writing = fc.record({
    separator: fc.constantFrom('', '-', '*', ' '),
    lower: fc.boolean(),
    digit: fc.option(either),
  })
  const write = (
    [country, party, id]: [string, string, string],
    { separator, lower, digit }: { separator: string; lower: boolean; digit: string | null },
  ) => {
    const parts = [country, party, `C${id}`, ...(digit === null ? [] : [digit])].join(separator)
    return lower ? parts.toLowerCase() : parts
  }
  const keysOf = (raw: string) => searchKeys({ raw, kind: 'emaid' })
  fc.assert(
    fc.property(bare, bare, writing, writing, (one, two, a, b) => {
      expect(keysOf(write(one, a))).toEqual(keysOf(write(one, b)))
      expect(canonicalise({ raw: write(one, a), kind: 'emaid' }).outcome).toBe('key')
      const same = one.join() === two.join()
      expect(keysOf(write(one, a)).join() === keysOf(write(two, b)).join()).toBe(same)
    }),
    { numRuns: 300 },
  )
})
