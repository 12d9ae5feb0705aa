// Owns the hub's one root key and the keys made from it, one per purpose.
// Must not leave the process: nothing here is ever logged, stored in the database or shown.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { HubError } from '../domain/hub-error.ts'

export interface HubKeys {
  /** Keyed hash of a station's password. */
  hashStationSecret(secret: Uint8Array): Buffer
  /** 32 bytes for sealing the secrets of connections. */
  connectionKey: Buffer
  /** 32 bytes for sealing the keys of the certificate authority and passwords on their way to stations. */
  authorityKey: Buffer
  /** 32 bytes for signing browser sessions. */
  sessionKey: Buffer
  /** Keyed hash that signs the links by which stations fetch and send files. */
  signLink(bytes: Uint8Array): Buffer
}

const rootBytes = 32

/**
 * Reads the root key from the data directory, making it on the first start. `BAYWATT_ROOT_KEY` (64 hex digits) takes its
 * place where several nodes share one database.
 */
export function openHubKeys(dataDir: string, fromEnvironment: string | undefined): HubKeys {
  const root = fromEnvironment === undefined || fromEnvironment === '' ? rootOf(dataDir) : parse(fromEnvironment)
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', root, 'baywatt', purpose, 32))
  const stationKey = derive('station secrets')
  const linkKey = derive('file links')
  return {
    hashStationSecret: (secret) => createHmac('sha256', stationKey).update(secret).digest(),
    connectionKey: derive('connection secrets'),
    authorityKey: derive('certificate authority'),
    sessionKey: derive('browser sessions'),
    signLink: (bytes) => createHmac('sha256', linkKey).update(bytes).digest(),
  }
}

function parse(hex: string): Buffer {
  if (!/^[0-9a-f]{64}$/i.test(hex)) {
    throw new HubError('bad_configuration', 'BAYWATT_ROOT_KEY must be 64 hexadecimal digits', { status: 500 })
  }
  return Buffer.from(hex, 'hex')
}

function rootOf(dataDir: string): Buffer {
  mkdirSync(dataDir, { recursive: true })
  const path = join(dataDir, 'hub.key')
  try {
    // Made by one start only, and on disk before anything is encrypted with it.
    const file = openSync(path, 'wx', 0o600)
    try {
      writeSync(file, `${randomBytes(rootBytes).toString('hex')}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const text = readFileSync(path, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new HubError(
      'bad_root_key',
      `${path} is damaged; restore it from a backup, since secrets were sealed with it`,
      {
        status: 500,
      },
    )
  }
  return Buffer.from(text, 'hex')
}
