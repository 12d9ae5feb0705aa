// Owns what the two directions of a connection see of it: its station, its core, its way out.
// Must not hold state; the connection implements it.
import type { AdmittedStation, Clock, Log, NewId, StationSink } from '../../core/plugin/index.ts'
import type { OcppConfig } from './config.ts'
import type { Dialect } from './dialect.ts'
import type { Reading } from './message.ts'
import type { AppliedProfile, StationProfile } from './profile.ts'
import type { Pulse } from './pulse.ts'

/** What all connections of one server share; an idle connection holds one reference to it. */
export interface Shared {
  config: OcppConfig
  clock: Clock
  pulse: Pulse
  log: Log
  newId: NewId
}

export interface Line extends Reading {
  readonly shared: Shared
  readonly station: AdmittedStation
  readonly dialect: Dialect
  readonly profile: AppliedProfile
  /** Null until the core has opened the station. */
  readonly sink: StationSink | null
  /** True once nothing of this socket may have an effect any more. */
  readonly ended: boolean
  /** True while the hub stops: no new work, what is in work may be answered. */
  readonly retiring: boolean
  /** Sends a frame and puts it into the journal. */
  send(text: string, action?: string): void
  journalIn(action: string | undefined, text: string, at: Date): void
  displaced(reason: string): void
  /** Stops or resumes reading the socket. */
  hold(holding: boolean): void
  /** From here on the station is dealt with by this profile. */
  follow(profile: StationProfile): void
  /** A message of the station is in work; `quiet` resolves when none is. */
  readonly busy: boolean
  quiet(): Promise<void>
  /** What the boot decided: served or not, and how long silence is normal. */
  booted(accepted: boolean, intervalSeconds: number): void
}
