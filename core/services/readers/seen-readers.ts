// Owns when readers were last heard: gathered in memory, written now and then; silence beyond what is allowed becomes a fault.
// Must not write for each sign of life.
import type { ParkingFact } from '../../domain/parking-fact.ts'
import { lockSiteParking } from '../../store/parking-facts.ts'
import { markSilent, placedReaders, type SilentReader, writeSeen } from '../../store/readers.ts'
import { transaction } from '../../store/transaction.ts'
import { storeFacts } from '../parking/store-facts.ts'
import type { ServiceDeps } from '../service-deps.ts'
import type { ReaderConnection } from './reader-deps.ts'
import { theReaders } from './store-reports.ts'

export interface SeenReaders {
  heard(organizationId: string, readerId: string, at: Date): void
  /** By the vendor's name; one that nobody knows yet is listed from then on. */
  alive(connection: ReaderConnection, name: string, at: Date): void
  /** Writes what was heard, and tells of readers that fell silent or came back. */
  write(): Promise<void>
}

/** Names waiting to be written; a sender that makes them up gets no further. */
const mostWaiting = 10_000

export function seenReaders(deps: ServiceDeps): SeenReaders {
  const heard = new Map<string, { organizationId: string; readerId: string; at: Date }>()
  const alive = new Map<string, { connection: ReaderConnection; name: string; at: Date }>()

  const resolve = async () => {
    const waiting = [...alive.values()]
    alive.clear()
    const byConnection = new Map<string, typeof waiting>()
    for (const one of waiting) {
      const { connectionId } = one.connection
      byConnection.set(connectionId, [...(byConnection.get(connectionId) ?? []), one])
    }
    for (const some of byConnection.values()) {
      const connection = some[0]?.connection
      if (!connection) continue
      const readers = await transaction(deps.db, (trx) =>
        theReaders(
          deps,
          trx,
          connection,
          some.map(({ name }) => ({ report: { reader: name, type: 'plate' } })),
        ),
      )
      for (const { name, at } of some) {
        const reader = readers.get(name)
        if (reader) note(connection.organizationId, reader.reader_id, at)
      }
    }
  }

  const note: SeenReaders['heard'] = (organizationId, readerId, at) => {
    const known = heard.get(readerId)
    if (!known || known.at < at) heard.set(readerId, { organizationId, readerId, at })
  }

  return {
    heard: note,
    alive(connection, name, at) {
      const isName = typeof name === 'string' && name !== '' && name.length <= 200 && !name.includes('\0')
      if (!isName || !(at instanceof Date) || Number.isNaN(at.getTime()) || alive.size >= mostWaiting) return
      // A camera's clock ahead of ours must not keep it alive for ever.
      const now = deps.clock.now()
      alive.set(`${connection.connectionId} ${name}`, { connection, name, at: at > now ? now : at })
    },
    async write() {
      await resolve()
      const waiting = [...heard.values()]
      heard.clear()
      for (const organizationId of new Set(waiting.map((one) => one.organizationId))) {
        const own = waiting.filter((one) => one.organizationId === organizationId)
        await transaction(deps.db, async (trx) => {
          for (const readerId of await writeSeen(trx, organizationId, own)) {
            const [reader] = await placedReaders(trx, organizationId, { readerId })
            const at = own.find((one) => one.readerId === readerId)?.at
            if (!reader || reader.site_id === null || reader.connection_id === null || !at) continue
            const { site_id: siteId, connection_id: connectionId, name, label } = reader
            await tell(
              { ...deps, db: trx },
              { organizationId, siteId, connectionId, readerId, name, label, seenAt: at },
              'ok',
            )
          }
        })
      }
      await transaction(deps.db, async (trx) => {
        const silent = await markSilent(trx, deps.clock.now())
        for (const one of silent.sort((a, b) => (a.siteId < b.siteId ? -1 : 1)))
          await tell({ ...deps, db: trx }, one, 'offline')
      })
    },
  }
}

async function tell(deps: ServiceDeps, reader: SilentReader, state: 'ok' | 'offline'): Promise<void> {
  const { organizationId, siteId, connectionId, readerId, name, label, seenAt } = reader
  const now = deps.clock.now()
  const text =
    state === 'ok' ? `${label} is heard again.` : `${label} has not been heard since ${seenAt.toISOString()}.`
  const fact: ParkingFact = {
    id: `hub:life:${readerId}:${state}:${seenAt.getTime()}`,
    revision: 1,
    type: 'equipment.changed',
    occurredAt: now,
    backfilled: false,
    device: name,
    data: { state, ...(state === 'ok' ? {} : { code: 'silent' }), text },
  }
  const source = { organizationId, siteId, connectionId }
  await lockSiteParking(deps.db, source)
  await storeFacts(deps)(source, [fact])
}
