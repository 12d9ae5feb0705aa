// Owns the provider of contract certificates that ships with the hub: a local test PKI, for trials and tests.
// Must not claim to code EXI: it speaks JSON in its place, and says so.
import type { Kysely } from 'kysely'
import { ConfigInvalid, type ContractProvider, definePlugin } from '../../core/plugin/index.ts'
import { contractOf } from './emaid.ts'
import { openPki, type Pki, type PkiTables } from './pki.ts'
import { certificatesIn, verifyChain } from './verify-chain.ts'
import type { X509Certificate } from './x509.ts'

interface Config {
  trustedRoots?: string
}

const hourMs = 3_600_000

/**
 * @param trusted roots beside the test PKI's own
 */
function provider(pki: () => Promise<Pki>, trusted: readonly X509Certificate[], now: () => Date): ContractProvider {
  return {
    async authorizeContract({ emaid, chain, hashes, at }) {
      const own = await pki()
      if (contractOf(emaid) === null) return { status: 'no_chain', reason: 'This is no eMAID.' }
      if (chain !== undefined && chain !== '') {
        const verdict = await verifyChain(chain, { emaid, at, roots: [own.root, ...trusted] })
        if (verdict.kind === 'bad') return { status: verdict.status, reason: verdict.reason }
        const revoked = (await own.stateOf(verdict.leaf.serialNumber)) === 'revoked'
        return revoked
          ? { status: 'revoked', reason: 'The contract certificate was taken back.' }
          : { status: 'accepted', reason: 'The chain leads to a trusted root.' }
      }
      // The station has verified the chain itself and asks whether it was taken back; of strangers nothing is known here.
      const states = await Promise.all((hashes ?? []).map(({ serialNumber }) => own.stateOf(serialNumber)))
      if (states.includes('revoked')) return { status: 'revoked', reason: 'The contract certificate was taken back.' }
      return states.includes('good')
        ? { status: 'accepted', reason: 'The contract certificate is known and good.' }
        : { status: 'no_chain', reason: 'None of these certificates is known to the test PKI.' }
    },
    async ocspStatus() {
      return { accepted: false, reason: 'The test PKI has no OCSP responder.' }
    },
    async chainStatus({ requests }) {
      const own = await pki()
      const nextUpdate = new Date(now().getTime() + hourMs).toISOString()
      return {
        results: await Promise.all(
          requests.map(async ({ hash, source }) => ({
            hash,
            source,
            status: await own.stateOf(hash.serialNumber),
            nextUpdate,
          })),
        ),
      }
    },
    async contractCertificate({ exiRequest }) {
      const emaid = askedFor(exiRequest)
      if (emaid === null) {
        const reason = 'The test PKI reads no EXI; it takes base64 of the JSON {"emaid": "…"} in its place.'
        return { accepted: false, exiResponse: '', reason }
      }
      const made = await (await pki()).issue(emaid)
      return { accepted: true, exiResponse: Buffer.from(JSON.stringify({ emaid, ...made })).toString('base64') }
    },
  }
}

function askedFor(request: string): string | null {
  try {
    const { emaid } = JSON.parse(Buffer.from(request, 'base64').toString()) as { emaid?: unknown }
    return typeof emaid === 'string' ? contractOf(emaid) : null
  } catch {
    return null
  }
}

export default definePlugin<Config, 'certificates'>({
  id: 'pki-local',
  title: 'Test PKI for Plug & Charge',
  version: '0.1.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['certificates'],
  permissions: ['db'],
  traits: {
    purpose: 'For trials and tests. Its keys lie in the database in clear.',
    exi: 'Contract certificates are asked for and given as JSON in base64, in place of EXI.',
    ocsp: 'None.',
  },
  config: {
    type: 'object',
    additionalProperties: false,
    properties: {
      trustedRoots: {
        type: 'string',
        title: 'Trusted roots',
        description: 'PEM of further roots that contract certificates may lead to.',
        maxLength: 100_000,
      },
    },
  },
  migrations: [
    {
      name: '0001-pki',
      async up(db) {
        await db.schema
          .createTable('authority')
          .addColumn('name', 'text', (column) => column.primaryKey())
          .addColumn('pem', 'text', (column) => column.notNull())
          .addColumn('key', 'text', (column) => column.notNull())
          .execute()
        await db.schema
          .createTable('contract')
          .addColumn('serial', 'text', (column) => column.primaryKey())
          .addColumn('emaid', 'text', (column) => column.notNull())
          .addColumn('pem', 'text', (column) => column.notNull())
          .addColumn('revoked', 'boolean', (column) => column.notNull())
          .execute()
      },
    },
  ],
  async setup(ctx) {
    const { trustedRoots = '' } = ctx.config
    const trusted = trustedRoots.trim() === '' ? [] : certificatesIn(trustedRoots)
    if (trusted === null)
      throw new ConfigInvalid('/trustedRoots', 'holds no certificate in PEM, or one that cannot be read')
    const now = () => ctx.clock.now()
    let opened: Promise<Pki> | null = null
    // Made when first needed; one that could not be opened is tried again.
    const pki = () => {
      opened ??= openPki(ctx.db as Kysely<PkiTables>, now)
      opened.catch(() => {
        opened = null
      })
      return opened
    }
    ctx.provide('certificates', provider(pki, trusted, now))
  },
})
