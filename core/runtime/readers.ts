// Owns the joining of what cameras and readers report with gates, files and the hub's housekeeping.
// Must not contain rules.
import type { ConnectionInfo, Ports } from '../host/run.ts'
import { weighAccess } from '../services/access/authorise.ts'
import { decideGate, type GateDecider } from '../services/access/decide-gate.ts'
import type { ParcsSinkDeps } from '../services/parking/parcs-sink.ts'
import { recordParkingFacts } from '../services/parking/record-parking-facts.ts'
import type { ReaderDeps } from '../services/readers/reader-deps.ts'
import { readerSink } from '../services/readers/reader-sink.ts'
import { seenReaders } from '../services/readers/seen-readers.ts'
import { prunePairingReads } from '../store/card-pairings.ts'
import { pruneReports } from '../store/readers.ts'

export interface Readers {
  /** What a connection with the capability `reader` is given. */
  door: NonNullable<Ports['reader']>
  writeSeen(): Promise<void>
  forgetOld(): Promise<void>
  /** Resolves when every gate decision given for a read is stored. */
  settled(): Promise<void>
}

export function openReaders(deps: ParcsSinkDeps & ReaderDeps & { keepDays: number }): Readers {
  const weigh = weighAccess(deps)
  const recordFor = recordParkingFacts(deps)
  const deciders = new Map<string, GateDecider>()
  const seen = seenReaders(deps)
  const openSink = readerSink({
    ...deps,
    seen,
    decide(source, question) {
      const name = `${source.siteId} ${source.connectionId}`
      const known = deciders.get(name) ?? decideGate({ ...deps, weigh, record: recordFor(source) })(source)
      deciders.set(name, known)
      return known.decide(question)
    },
  })
  return {
    door: ({ organizationId, siteId, id: connectionId }: ConnectionInfo) =>
      openSink({ organizationId, siteId, connectionId }),
    writeSeen: () => seen.write(),
    async forgetOld() {
      const now = deps.clock.now()
      await pruneReports(deps.db, { keepDays: deps.keepDays, now })
      if (deps.keepDays > 0) await prunePairingReads(deps.db, new Date(now.getTime() - deps.keepDays * 86_400_000))
    },
    async settled() {
      await seen.write()
      await Promise.all([...deciders.values()].map((decider) => decider.settled()))
    },
  }
}
