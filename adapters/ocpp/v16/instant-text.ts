// Owns the spelling of instants that commands carry, in the form the station takes.
// Must not read a clock.
import { replyTime } from '../device-time.ts'
import type { AppliedProfile } from '../profile.ts'

/** Null for a text that is no instant. */
export function instantText(text: string, profile: AppliedProfile): string | null {
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? null : replyTime(at, profile)
}

/** For refusals: which field holds what is no instant. */
export const noInstant = (field: string, text: string) => `${field}: "${text.slice(0, 40)}" is no time`
