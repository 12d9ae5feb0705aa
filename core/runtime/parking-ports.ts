// Owns the doors into the core that a parking connection is given: facts in, and the book it may read.
// Must not contain rules; a connection without a site gets neither.
import { HubError } from '../domain/hub-error.ts'
import type { ConnectionInfo, Ports } from '../host/run.ts'
import { type ParcsSinkDeps, parcsSink } from '../services/parking/parcs-sink.ts'
import { parkingBook } from '../services/parking/parking-book.ts'

export function parkingPorts(deps: ParcsSinkDeps): Required<Pick<Ports, 'parcs' | 'book'>> {
  const openSink = parcsSink(deps)
  const openBook = parkingBook(deps)
  return {
    parcs: (connection) => openSink(sourceOf(connection)),
    book: (connection) => openBook(sourceOf(connection)),
  }
}

function sourceOf({ organizationId, siteId, id: connectionId }: ConnectionInfo) {
  if (siteId === null)
    throw new HubError('no_site', 'A parking connection belongs to a site.', { status: 422, pointer: '/siteId' })
  return { organizationId, siteId, connectionId }
}
