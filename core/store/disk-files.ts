// Owns the bytes of hosted files on disk: named by their SHA-256, whole or not there at all.
// Must not know whose they are; the rows of station_file do.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

export type StoredFile =
  | { kind: 'stored'; sha256: string; sizeBytes: number }
  | { kind: 'empty' }
  | { kind: 'too_large' }
  /** The sender hung up or stopped in the middle. */
  | { kind: 'cut' }

export interface DiskFiles {
  /** Takes the chunks as they come, never all in memory. Anything but `stored` leaves nothing behind. */
  store(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<StoredFile>
  /** `end` is the last byte that is read. */
  read(sha256: string, range?: { start: number; end: number }): Readable
  has(sha256: string): Promise<boolean>
  /** Half files of a process that was killed, and contents that no row names. Returns how many were removed. */
  clean(isNamed: (sha256s: readonly string[]) => Promise<ReadonlySet<string>>, now: Date): Promise<number>
}

/** Nothing younger is cleaned away: an upload may be on its way, its row not written yet. */
const graceMs = 6 * 3_600_000
const hash = /^[0-9a-f]{64}$/
const batch = 500

export function diskFiles(dir: string, newName: () => string): DiskFiles {
  const incoming = join(dir, 'incoming')
  const folderOf = (sha256: string) => join(dir, sha256.slice(0, 2))
  const pathOf = (sha256: string) => {
    if (!hash.test(sha256)) throw new TypeError('a file is named by its SHA-256')
    return join(folderOf(sha256), sha256)
  }

  const store: DiskFiles['store'] = async (chunks, maxBytes) => {
    await mkdir(incoming, { recursive: true })
    const path = join(incoming, newName())
    const file = await open(path, 'wx', 0o600)
    const digest = createHash('sha256')
    let sizeBytes = 0
    let end: 'whole' | 'too_large' | 'cut' = 'whole'
    try {
      for await (const chunk of source(chunks)) {
        if (chunk === 'cut') {
          end = 'cut'
          break
        }
        sizeBytes += chunk.byteLength
        if (sizeBytes > maxBytes) {
          end = 'too_large'
          break
        }
        digest.update(chunk)
        await file.writeFile(chunk)
      }
      if (end === 'whole' && sizeBytes > 0) await file.sync()
    } catch (error) {
      await file.close()
      await rm(path, { force: true })
      throw error
    }
    await file.close()
    if (end !== 'whole' || sizeBytes === 0) {
      await rm(path, { force: true })
      return { kind: end === 'whole' ? 'empty' : end }
    }
    const sha256 = digest.digest('hex')
    await mkdir(folderOf(sha256), { recursive: true })
    await rename(path, pathOf(sha256))
    await syncFolder(folderOf(sha256))
    return { kind: 'stored', sha256, sizeBytes }
  }

  const clean: DiskFiles['clean'] = async (isNamed, now) => {
    const old = async (path: string) => {
      const found = await stat(path).catch(() => null)
      return found !== null && now.getTime() - found.mtimeMs > graceMs
    }
    let removed = 0
    const remove = async (path: string) => {
      // Looked at again just before: the same content may have come in once more meanwhile.
      if (!(await old(path))) return
      await unlink(path)
      removed += 1
    }
    for (const name of await namesIn(incoming)) await remove(join(incoming, name))
    for (const folder of await namesIn(dir)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue
      const names = (await namesIn(join(dir, folder))).filter((name) => hash.test(name))
      for (let i = 0; i < names.length; i += batch) {
        const some = names.slice(i, i + batch)
        const named = await isNamed(some)
        for (const name of some) if (!named.has(name)) await remove(pathOf(name))
      }
    }
    return removed
  }

  return {
    store,
    read: (sha256, range) => createReadStream(pathOf(sha256), range),
    has: async (sha256) => (await stat(pathOf(sha256)).catch(() => null)) !== null,
    clean,
  }
}

/** What the sender breaks is told apart from what the disk breaks. */
async function* source(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | 'cut'> {
  try {
    yield* chunks
  } catch {
    yield 'cut'
  }
}

/** A renamed file is there after a power cut only when its folder is on disk, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function namesIn(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}
