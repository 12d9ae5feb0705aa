// Owns what a charger adapter knows about models that depart from the standard, as data: flags, where they come from, plain words.
// Must not name a protocol, a vendor or a flag's effect; adapters bring their own.

/** How a model's import register counts: on for ever, from each boot, or from each transaction. */
export type RegisterKind = 'lifetime' | 'boot' | 'session'

/** The departures of a model that concern records and not the wire. What is absent is as the standard says. */
export interface StationTraits {
  registerKind?: RegisterKind
  /** False: Finishing stays on after the cable is out, so it ends the plug-in and is no idle time. */
  finishingMeansIdle?: boolean
  /** The connector's state follows from transactions, because no status is ever sent. */
  statusWithoutNotification?: boolean
  /** False: a stop with another card is shown to a person. It closes the transaction either way. */
  acceptStopTagMismatch?: boolean
  /** The largest transaction number that the station can hold. */
  txIdMax?: number
}

/** What a station said it is, and what its operator set. */
export interface StationKind {
  vendor: string | null
  model: string | null
  firmware: string | null
  settings: Readonly<Record<string, unknown>>
}

export interface ModelProfile {
  /** Names the file. */
  id: string
  /** Without regard to case, spaces and dashes: vendor and model anywhere, the firmware at its beginning. Absent parts match all. */
  match: { vendor?: string; model?: string; firmware?: readonly string[] }
  flags: Readonly<Record<string, unknown>>
  /** Where the flags were learned; null without flags. */
  source: string | null
  /** What else is known of the model and needs no flag. `line` names it in the adapter's catalogue. */
  known: readonly { line: string; what: string; source: string }[]
}

export interface EffectiveFlag {
  name: string
  /** What it is about, and what it may be, in plain words. */
  about: string
  expects: string
  value: unknown
  standard: unknown
  origin: 'standard' | 'profile' | 'operator'
  /** The profile that says so, where one does and the operator said nothing else. */
  profile: { id: string; source: string } | null
}

/** One code under which departures, or uses of a flag, are counted. */
export interface DeviationWords {
  code: string
  title: string
  /** What the hub does about it. */
  handling: string
}

/** Data in, data out, so that a call may cross a process. */
export interface ModelBook {
  profiles(): Promise<readonly ModelProfile[]>
  describe(station: StationKind): Promise<readonly EffectiveFlag[]>
  /** What is wrong with flags that an operator wants to set, each under its name; empty when all can be. */
  check(flags: Readonly<Record<string, unknown>>): Promise<readonly { name: string; message: string }[]>
  deviations(): Promise<readonly DeviationWords[]>
}
