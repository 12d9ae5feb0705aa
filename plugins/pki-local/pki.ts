// Owns a small public key infrastructure for trials: a root, a sub authority, and certificates of contracts.
// Must not be used for real contracts: its keys lie in the database in clear.
import { randomBytes, webcrypto } from 'node:crypto'
import type { Kysely } from 'kysely'
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate,
  X509CertificateGenerator,
} from './x509.ts'

/** This plugin's own schema. */
export interface PkiTables {
  authority: { name: string; pem: string; key: string }
  contract: { serial: string; emaid: string; pem: string; revoked: boolean }
}

export interface Pki {
  root: X509Certificate
  sub: X509Certificate
  /** Makes the certificate of a contract, in place of none. */
  issue(emaid: string): Promise<{ chain: string; key: string }>
  /** `unknown`: not one of ours. */
  stateOf(serial: string): Promise<'good' | 'revoked' | 'unknown'>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const
const day = 86_400_000

interface Holder {
  certificate: X509Certificate
  key: webcrypto.CryptoKey
}

/** The one that was made before, or a new one. */
export async function openPki(db: Kysely<PkiTables>, now: () => Date): Promise<Pki> {
  const root = await authority(db, 'root', now, null)
  const sub = await authority(db, 'sub', now, root)
  return {
    root: root.certificate,
    sub: sub.certificate,
    async issue(emaid) {
      const keys = await newKeys()
      const certificate = await X509CertificateGenerator.create({
        serialNumber: newSerial(),
        subject: [{ CN: [emaid] }, { O: ['Baywatt test PKI'] }],
        issuer: sub.certificate.subjectName,
        notBefore: new Date(now().getTime() - day),
        notAfter: new Date(now().getTime() + 730 * day),
        publicKey: keys.publicKey,
        signingKey: sub.key,
        signingAlgorithm: signing,
        extensions: [new BasicConstraintsExtension(false, undefined, true)],
      })
      const pem = certificate.toString('pem')
      const serial = certificate.serialNumber.toLowerCase()
      await db.insertInto('contract').values({ serial, emaid, pem, revoked: false }).execute()
      return {
        chain: `${pem.trim()}\n${sub.certificate.toString('pem').trim()}\n`,
        key: await exported(keys.privateKey),
      }
    },
    async stateOf(serial) {
      const bare = (text: string) => text.toLowerCase().replace(/^0+(?=.)/, '')
      const row = await db
        .selectFrom('contract')
        .select('revoked')
        .where('serial', '=', bare(serial))
        .executeTakeFirst()
      return row === undefined ? 'unknown' : row.revoked ? 'revoked' : 'good'
    },
  }
}

async function authority(
  db: Kysely<PkiTables>,
  name: 'root' | 'sub',
  now: () => Date,
  above: Holder | null,
): Promise<Holder> {
  const there = () => db.selectFrom('authority').selectAll().where('name', '=', name).executeTakeFirst()
  const row = (await there()) ?? (await make(db, name, now, above).then(there))
  if (row === undefined) throw new Error(`the ${name} of the test PKI is not there`)
  const key = await webcrypto.subtle.importKey('pkcs8', Buffer.from(row.key, 'base64'), algorithm, false, ['sign'])
  return { certificate: new X509Certificate(row.pem), key }
}

async function make(db: Kysely<PkiTables>, name: 'root' | 'sub', now: () => Date, above: Holder | null): Promise<void> {
  const keys = await newKeys()
  const subject = [{ CN: [`Baywatt test PKI ${name}`] }]
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject,
    issuer: above === null ? subject : above.certificate.subjectName,
    notBefore: new Date(now().getTime() - day),
    notAfter: new Date(now().getTime() + 7_300 * day),
    publicKey: keys.publicKey,
    signingKey: above === null ? keys.privateKey : above.key,
    signingAlgorithm: signing,
    extensions: [
      new BasicConstraintsExtension(true, above === null ? 1 : 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  const values = { name, pem: certificate.toString('pem'), key: await exported(keys.privateKey) }
  await db
    .insertInto('authority')
    .values(values)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function exported(key: webcrypto.CryptoKey): Promise<string> {
  return Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64')
}

function newSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}
