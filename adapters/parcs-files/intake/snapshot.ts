// Owns a copy of a file as it was at one moment, with its hash: what is taken does not change while it is taken.
// Must not keep the copy longer than the taking.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Snapshot } from './take-file.ts'

export type Copied = { kind: 'ok'; snapshot: Snapshot; drop(): Promise<void> } | { kind: 'too_large' }

export async function copied(name: string, bytes: AsyncIterable<Uint8Array>, largest: number): Promise<Copied> {
  const folder = await mkdtemp(join(tmpdir(), 'baywatt-file-'))
  const drop = () => rm(folder, { recursive: true, force: true })
  const path = join(folder, 'file')
  const hash = createHash('sha256')
  let size = 0
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      for await (const chunk of bytes) {
        size += chunk.byteLength
        if (size > largest) break
        hash.update(chunk)
        await file.writeFile(chunk)
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    await drop()
    throw error
  }
  if (size > largest) {
    await drop()
    return { kind: 'too_large' }
  }
  const snapshot = {
    name,
    size,
    sha256: hash.digest('hex'),
    open: (offset: number) =>
      createReadStream(path, { start: offset, highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>,
  }
  return { kind: 'ok', snapshot, drop }
}
