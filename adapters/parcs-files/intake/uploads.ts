// Owns files that were posted to the hub: in the database before the sender hears a yes, gone once they are taken.
// Must not hold a body in memory.
import type { Clock, NewId } from '../../../core/plugin/index.ts'
import type { FileDb } from './tables.ts'

export interface WaitingUpload {
  uploadId: string
  name: string
  size: number
}

export type Received = { kind: 'ok'; uploadId: string; size: number } | { kind: 'too_large' | 'cut' | 'empty' }

const orphanMs = 3_600_000

export function uploads(db: FileDb, connectionId: string, { clock, newId }: { clock: Clock; newId: NewId }) {
  const drop = async (uploadId: string) => {
    for (const table of ['upload', 'upload_part'] as const)
      await db.deleteFrom(table).where('connection_id', '=', connectionId).where('upload_id', '=', uploadId).execute()
  }
  return {
    drop,
    async receive(name: string, body: ReadableStream<Uint8Array> | null, largest: number): Promise<Received> {
      const uploadId = newId()
      let size = 0
      let number = 0
      // The row is what makes it an upload; parts without one are swept away.
      try {
        for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
          size += chunk.byteLength
          if (size > largest) {
            await drop(uploadId)
            return { kind: 'too_large' }
          }
          const row = { connection_id: connectionId, upload_id: uploadId, number, bytes: Buffer.from(chunk) }
          await db.insertInto('upload_part').values(row).execute()
          number += 1
        }
      } catch (error) {
        await drop(uploadId)
        if (error instanceof Error && 'severity' in error) throw error
        return { kind: 'cut' }
      }
      if (size === 0) return { kind: 'empty' }
      const row = { connection_id: connectionId, upload_id: uploadId, name, size, received_at: clock.now() }
      await db.insertInto('upload').values(row).execute()
      return { kind: 'ok', uploadId, size }
    },
    async waiting(): Promise<WaitingUpload[]> {
      const rows = await db
        .selectFrom('upload')
        .select(['upload_id', 'name', 'size'])
        .where('connection_id', '=', connectionId)
        .orderBy('received_at')
        .orderBy('upload_id')
        .limit(1_000)
        .execute()
      return rows.map(({ upload_id: uploadId, name, size }) => ({ uploadId, name, size: Number(size) }))
    },
    async *read(uploadId: string): AsyncGenerator<Uint8Array> {
      for (let number = 0; ; number++) {
        const part = await db
          .selectFrom('upload_part')
          .select('bytes')
          .where('connection_id', '=', connectionId)
          .where('upload_id', '=', uploadId)
          .where('number', '=', number)
          .executeTakeFirst()
        if (!part) return
        yield part.bytes
      }
    },
    /** Parts of bodies that never ended; ids carry their time (UUID version 7). */
    async sweep(): Promise<void> {
      const old = (clock.now().getTime() - orphanMs).toString(16).padStart(12, '0')
      await db
        .deleteFrom('upload_part')
        .where('connection_id', '=', connectionId)
        .where('upload_id', '<', `${old.slice(0, 8)}-${old.slice(8, 12)}-0000-0000-000000000000`)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('upload')
                .select('upload.upload_id')
                .whereRef('upload.connection_id', '=', 'upload_part.connection_id')
                .whereRef('upload.upload_id', '=', 'upload_part.upload_id'),
            ),
          ),
        )
        .execute()
    },
  }
}

export type Uploads = ReturnType<typeof uploads>
