// Owns what a protocol version must offer the connection: its messages, its commands, its error words.
// Must not hold any of them; v16 and v201 do.
import type { StationCommand } from '../../core/plugin/index.ts'
import type { CommandSteps, Memory } from './command.ts'
import type { AnyFactMessage, AnyMessage } from './message.ts'
import type { AppliedProfile } from './profile.ts'
import type { Version } from './schema-book.ts'

/** CALLERROR codes, spelled as this version spells them. */
interface ErrorWords {
  format: string
  occurrence: string
  type: string
  notImplemented: string
  notSupported: string
  internal: string
  /** A message type number that this version does not have; null where the standard says to ignore it. */
  messageType: string | null
  /** No readable frame; null where the standard has no answer for it. */
  framework: string | null
}

export interface Dialect {
  version: Version
  errors: ErrorWords
  messages: ReadonlyMap<string, AnyMessage>
  /** The same actions by their lower-case names, for stations that get the case wrong (J5). */
  byLowerCase: ReadonlyMap<string, AnyMessage>
  /** 2.1: messages that are never answered (message type 6), and CALLRESULTERROR (5). Absent where the version has neither. */
  sends?: ReadonlyMap<string, AnyFactMessage>
  /**
   * @param memory what earlier commands have learned about this station since its boot
   * @param at the present moment
   */
  command(command: StationCommand, profile: AppliedProfile, memory: Memory, at: Date): CommandSteps
}

export function messageTables(list: readonly AnyMessage[]): Pick<Dialect, 'messages' | 'byLowerCase'> {
  return {
    messages: new Map(list.map((message) => [message.action, message])),
    byLowerCase: new Map(list.map((message) => [message.action.toLowerCase(), message])),
  }
}
