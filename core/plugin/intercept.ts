// Owns the closed list of interception points: what each is asked and what it may answer.
// Must not let an answer edit a record: a plugin passes, refuses, ranks or adds, and the hub does the rest.
import type { ReportedCredential } from '../domain/parking-fact.ts'
import type { PricedLine } from '../domain/price.ts'

export interface InterceptPoints {
  /** Before a gate or charger authorisation is answered. */
  authorise: {
    ask: { place: 'gate' | 'charger'; siteId: string | null; credential: ReportedCredential; accountId: string | null }
    answer: { kind: 'pass' } | { kind: 'deny'; reason: string }
  }
  /** Before an automatic link is written. `hold` sends it to review; a plugin cannot force a link. */
  link: {
    ask: { siteId: string; stayId: string; sessionId: string; score: number; methods: readonly string[] }
    answer: { kind: 'pass' } | { kind: 'hold'; reason: string }
  }
  /** After pricing: lines of allowed kinds may be added. */
  price: {
    ask: { siteId: string; subjectKey: string; currency: string; lines: readonly PricedLine[] }
    answer: { kind: 'pass' } | { kind: 'add'; lines: readonly PricedLine[] }
  }
  /** Before a bill is issued: hold it until a time. */
  settle: {
    ask: { siteId: string; subjectKey: string; totalMinor: number; currency: string }
    answer: { kind: 'pass' } | { kind: 'hold'; until: string; reason: string }
  }
  /** Before a command row is queued. */
  command: {
    ask: { siteId: string | null; stationId: string; name: string; requestedBy: string }
    answer: { kind: 'pass' } | { kind: 'veto'; reason: string }
  }
}

export type InterceptPoint = keyof InterceptPoints

export interface InterceptOptions {
  deadlineMs: number
  /** What counts as the answer when the plugin is late or fails. */
  onTimeout: 'skip' | 'deny'
}
