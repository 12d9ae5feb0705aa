// Owns what the charger services are given beyond the usual: the group commit, authorization, identity of this node.
// Must not be built anywhere but in core/runtime and tests.
import type { Pool } from 'pg'
import type { Authorization, IdToken, TokenPresented } from '../../domain/charger-fact.ts'
import type { Clock } from '../../domain/clock.ts'
import type { NewId } from '../../domain/ids.ts'
import type { Log } from '../../domain/log.ts'
import type { StationCommand } from '../../domain/station-command.ts'
import type { CommandRow } from '../../store/commands.ts'
import type { GroupCommit } from '../../store/group-commit.ts'
import type { InquiryHandlers } from './inquiry-handlers.ts'

export interface AuthoriseToken {
  organizationId: string
  siteId: string | null
  stationId: string
  token: IdToken
  /** Plug & Charge: what the station sent of the contract's certificates. */
  contract?: NonNullable<TokenPresented['contract']>
  /** The EVSE, where the question says which. */
  evse?: number
  at: Date
  /** When the hub heard of it; the same as `at` when left out. */
  receivedAt?: Date
  /** It has happened already, or ends something: nobody has to make room for it. */
  places?: 'settled'
}

export interface ChargerSettings {
  /** What happens to a station nobody has registered. */
  unknownStations: 'pending' | 'accept' | 'reject'
  /** Unknown stations are listed under this organization. */
  defaultOrganizationId: string
  heartbeatSeconds: number
  /** Least time between two writes of a running session's energy. */
  sessionRefreshMs: number
  /** How long a connector may be free before a transaction without a stop is closed at its last reading (catalogue T9). */
  orphanMs: number
  /**
   * How long the links and the bill of a session that changed wait for its next change: what a car that leaves makes a charger
   * say comes within moments, and is worth one look.
   */
  settleAfterMs: number
  /** How long after "accepted" a remote start may take to become a transaction. */
  remoteStartMs: number
}

export const defaultChargerSettings: Omit<ChargerSettings, 'unknownStations' | 'defaultOrganizationId'> = {
  heartbeatSeconds: 300,
  sessionRefreshMs: 60_000,
  orphanMs: 10 * 60_000,
  settleAfterMs: 500,
  remoteStartMs: 120_000,
}

export interface ChargerDeps {
  pool: Pool
  clock: Clock
  newId: NewId
  log: Log
  groupCommit: GroupCommit
  authorise(request: AuthoriseToken): Promise<Authorization>
  /** Keyed hash of a station's password (HMAC-SHA-256): stations have long machine-made secrets. */
  hashSecret(secret: Uint8Array): Buffer
  nodeId: string
  /** Who answers what stations ask. */
  inquiries: InquiryHandlers
  /**
   * Puts into a command what no row may show, at the moment of its sending: a secret, which is kept out of the journal too. Null
   * when there is none any more.
   */
  reveal?(row: CommandRow, command: StationCommand): Promise<{ command: StationCommand; secret: string | null } | null>
  settings: ChargerSettings
}
