// Owns the door that one parking connection is given: facts in, gate decisions out.
// Must not be kept open longer than the connection runs.
import type { ParcsSink } from '../../domain/parking-fact.ts'
import type { ParkingSource } from '../../store/parking-facts.ts'
import type { AuthoriseDeps } from '../access/access-question.ts'
import { weighAccess } from '../access/authorise.ts'
import { decideGate } from '../access/decide-gate.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { recordParkingFacts } from './record-parking-facts.ts'

export interface ParcsSinkDeps extends ServiceDeps, AuthoriseDeps {
  /** Resolves after so much real time. */
  deadline(ms: number): Promise<void>
}

export interface OpenParcsSink extends ParcsSink {
  /** Resolves when nothing is left to store. */
  settled(): Promise<void>
}

/**
 * @example
 * const openSink = parcsSink({ db, clock, newId, log, deadline: (ms) => setTimeout(ms, undefined, { ref: false }) })
 * const sink = openSink({ organizationId, siteId, connectionId })
 */
export function parcsSink(deps: ParcsSinkDeps): (source: ParkingSource) => OpenParcsSink {
  const recordFor = recordParkingFacts(deps)
  const weigh = weighAccess(deps)
  return (source) => {
    const record = recordFor(source)
    const { clock, newId, log, deadline } = deps
    const gate = decideGate({ clock, newId, log, weigh, record, deadline })(source)
    return { record, decide: gate.decide, settled: gate.settled }
  }
}
