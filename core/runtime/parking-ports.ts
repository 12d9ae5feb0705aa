// Owns the doors into the core that a parking connection is given: facts in, and the book it may read.
// Must not contain rules; a connection without a site gets neither.
import { setTimeout as sleep } from 'node:timers/promises'
import { HubError } from '../domain/hub-error.ts'
import type { ConnectionInfo, Ports } from '../host/run.ts'
import type { AuthoriseIntercept } from '../services/access/access-question.ts'
import { parcsSink } from '../services/parking/parcs-sink.ts'
import { parkingBook } from '../services/parking/parking-book.ts'
import type { ServiceDeps } from '../services/service-deps.ts'

export function parkingPorts(
  service: ServiceDeps,
  intercept: AuthoriseIntercept,
): Required<Pick<Ports, 'parcs' | 'book'>> {
  const openSink = parcsSink({ ...service, intercept, deadline: (ms) => sleep(ms, undefined, { ref: false }) })
  const openBook = parkingBook(service)
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
