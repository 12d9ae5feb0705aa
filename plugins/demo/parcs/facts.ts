// Owns the shape of what a parking system posts to the hub, as JSON (times are texts).
// Must not check anything: a real parking system does not either.
import type { GateDecision, GateQuestion, ParkingFact } from '../../../core/plugin/index.ts'

type Wire<T> = T extends { occurredAt: Date } ? Omit<T, 'occurredAt'> & { occurredAt: string } : never

/** One fact as it stands in the body of `POST /in/{connectionId}/facts`. */
export type WireFact = Wire<ParkingFact>

/** The body of `POST /in/{connectionId}/gate-requests`. */
export type WireQuestion = Wire<GateQuestion>

export type WireDecision = Omit<GateDecision, 'validUntil'> & { validUntil?: string }

export interface WireResult {
  id: string
  revision: number
  status: 'stored' | 'duplicate' | 'superseded' | 'rejected'
  problem?: unknown
}
