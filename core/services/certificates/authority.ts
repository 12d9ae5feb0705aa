// Owns the hub's own certificate authority: a root and, below it, the one that issues; made at first use, its keys sealed.
// Must not issue to anybody: issue-certificate.ts does, once a request was judged.
import { webcrypto } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { HubTables } from '../../store/schema.ts'
import { transaction } from '../../store/transaction.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from './x509.ts'

export interface Authority {
  authorityId: string
  organizationId: string
  organizationName: string
  root: X509Certificate
  issuing: X509Certificate
  /** Signs certificates, revocation lists and OCSP answers. */
  key: webcrypto.CryptoKey
}

export const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' } as const
export const signing = { name: 'ECDSA', hash: 'SHA-256' } as const

const day = 86_400_000
const rootYears = 25
const issuingYears = 15
const keyName = 'certificate authority'

/** 16 random bytes, positive and not short (RFC 5280 4.1.2.2 allows 20). */
export function newSerial(entropy: (into: Uint8Array) => void): string {
  const bytes = new Uint8Array(16)
  entropy(bytes)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

/** The base of the addresses where an authority answers everyone. */
export function authorityUrl(publicUrl: string, authorityId: string): string {
  return `${publicUrl.replace(/\/$/, '')}/api/v1/certificate-authorities/${authorityId}`
}

/**
 * The authority of an organization, made when there is none.
 * @example const { issuing } = await authorityOf(deps)(organizationId)
 */
export function authorityOf(deps: CertificateDeps): (organizationId: string) => Promise<Authority> {
  const known = new Map<string, Authority>()
  return async (organizationId) => {
    const remembered = known.get(organizationId)
    if (remembered !== undefined) return remembered
    const authority = (await load(deps, { organizationId })) ?? (await make(deps, organizationId))
    known.set(organizationId, authority)
    return authority
  }
}

/** By its own id, for callers who know nothing else; undefined when there is none. */
export function authorityById(deps: CertificateDeps): (authorityId: string) => Promise<Authority | undefined> {
  const known = new Map<string, Authority>()
  return async (authorityId) => {
    const remembered = known.get(authorityId)
    if (remembered !== undefined) return remembered
    const authority = await load(deps, { authorityId })
    if (authority !== undefined) known.set(authorityId, authority)
    return authority
  }
}

type Which = { organizationId: string } | { authorityId: string }

async function load(deps: CertificateDeps, which: Which, db: Kysely<HubTables> = deps.db) {
  let query = db
    .selectFrom('certificate_authority as a')
    .innerJoin('organization as o', 'o.organization_id', 'a.organization_id')
    .select(['a.organization_id', 'a.authority_id', 'a.root_pem', 'a.issuing_pem', 'a.sealed_key', 'o.name'])
  query =
    'organizationId' in which
      ? query.where('a.organization_id', '=', which.organizationId)
      : query.where('a.authority_id', '=', which.authorityId)
  const row = await query.orderBy('a.created_at', 'desc').limit(1).executeTakeFirst()
  if (row === undefined) return undefined
  const keys = JSON.parse(deps.box.open(row.organization_id, keyName, row.sealed_key)) as { issuing: string }
  const authority: Authority = {
    authorityId: row.authority_id,
    organizationId: row.organization_id,
    organizationName: row.name,
    root: new X509Certificate(row.root_pem),
    issuing: new X509Certificate(row.issuing_pem),
    key: await webcrypto.subtle.importKey('pkcs8', Buffer.from(keys.issuing, 'base64'), ecdsa, false, ['sign']),
  }
  return authority
}

async function make(deps: CertificateDeps, organizationId: string): Promise<Authority> {
  const made = await ownAuthority(deps, organizationId)
  return transaction(deps.db, async (trx) => {
    // Two who need the first one at once: the second takes what the first has made.
    const organization = await trx
      .selectFrom('organization')
      .select('name')
      .where('organization_id', '=', organizationId)
      .forUpdate()
      .executeTakeFirstOrThrow()
    const there = await load(deps, { organizationId }, trx)
    if (there !== undefined) return there
    const now = deps.clock.now()
    await trx
      .insertInto('certificate_authority')
      .values({
        organization_id: organizationId,
        authority_id: made.authorityId,
        subject: made.issuing.subject,
        root_pem: made.root.toString('pem'),
        issuing_pem: made.issuing.toString('pem'),
        issuing_serial: made.issuing.serialNumber,
        sealed_key: deps.box.seal(organizationId, keyName, JSON.stringify(made.sealed)),
        not_before: made.issuing.notBefore,
        not_after: made.issuing.notAfter,
        created_at: now,
      })
      .execute()
    const { sealed: _, ...authority } = made
    return { ...authority, organizationName: organization.name }
  })
}

async function ownAuthority(deps: CertificateDeps, organizationId: string) {
  const { name } = await deps.db
    .selectFrom('organization')
    .select('name')
    .where('organization_id', '=', organizationId)
    .executeTakeFirstOrThrow()
  const authorityId = deps.newId()
  const [rootKeys, issuingKeys] = await Promise.all([newKeys(), newKeys()])
  const start = new Date(Math.floor(deps.clock.now().getTime() / 1000) * 1000 - day)
  const ends = (years: number) => new Date(start.getTime() + years * 365 * day)
  const subject = (what: string) => [{ CN: [`${what} ${authorityId.slice(-8)}`] }, { O: [name] }]
  const authorityUsage = new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true)
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(deps.entropy),
    name: subject('Baywatt root'),
    notBefore: start,
    notAfter: ends(rootYears),
    keys: rootKeys,
    signingAlgorithm: signing,
    extensions: [
      new BasicConstraintsExtension(true, 1, true),
      authorityUsage,
      await SubjectKeyIdentifierExtension.create(rootKeys.publicKey),
    ],
  })
  const issuing = await X509CertificateGenerator.create({
    serialNumber: newSerial(deps.entropy),
    subject: subject('Baywatt stations'),
    issuer: root.subjectName,
    notBefore: start,
    notAfter: ends(issuingYears),
    publicKey: issuingKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: signing,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(issuingKeys.publicKey),
      await AuthorityKeyIdentifierExtension.create(root),
    ],
  })
  const exported = async (key: webcrypto.CryptoKey) =>
    Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return {
    authorityId,
    organizationId,
    organizationName: name,
    root,
    issuing,
    key: issuingKeys.privateKey,
    sealed: { root: await exported(rootKeys.privateKey), issuing: await exported(issuingKeys.privateKey) },
  }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
}
