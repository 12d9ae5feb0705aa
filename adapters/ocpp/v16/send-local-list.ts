// Owns OCPP 1.6 SendLocalList (5.15): a list in as many parts as the station takes at once.
// Must not choose the version; the core does, and reads from the result which one the station has now.
import type { OCPP16 } from 'typed-ocpp'
import type { ListEntry, StationCommand } from '../../../core/plugin/index.ts'
import { ask, type CommandSteps, type Memory, refused, tokenText } from '../command.ts'
import type { AppliedProfile } from '../profile.ts'
import { maxIdTag } from './id-tag.ts'
import { instantText, noInstant } from './instant-text.ts'
import { learnSettings } from './learn-settings.ts'
import { statusWord } from './status-word.ts'

type Entry16 = NonNullable<OCPP16.SendLocalListRequest['localAuthorizationList']>[number]

const maxLengthKey = 'SendLocalListMaxLength'

const statuses = {
  accepted: 'Accepted',
  blocked: 'Blocked',
  expired: 'Expired',
  invalid: 'Invalid',
} as const satisfies Record<NonNullable<ListEntry['authorization']>['status'], string>

export function* sendList(
  { mode, version, entries }: Extract<StationCommand, { name: 'send_list' }>,
  profile: AppliedProfile,
  memory: Memory,
): CommandSteps {
  const list: Entry16[] = []
  for (const [index, entry] of entries.entries()) {
    const translated = toEntry(entry, `entries[${index}]`, mode, profile)
    if (typeof translated === 'string') return refused(translated)
    list.push(translated)
  }
  yield* learnSettings([maxLengthKey], profile, memory)
  const parts = inParts(list, Number(memory.get(maxLengthKey) ?? Number.NaN))
  // A full list in parts ends at its version, so that a list that stayed incomplete is seen to be an older one. A differential
  // one has to begin at its version: every part must be newer than what the station holds.
  const first = mode === 'full' ? Math.max(1, version - parts.length + 1) : version
  let reached: number | undefined
  for (const [index, part] of parts.entries()) {
    const listVersion = first + index
    const request: OCPP16.SendLocalListRequest = {
      listVersion,
      updateType: mode === 'full' && index === 0 ? 'Full' : 'Differential',
    }
    if (part.length > 0) request.localAuthorizationList = part
    const said = yield* ask<OCPP16.SendLocalListRequest, OCPP16.SendLocalListResponse>('SendLocalList', request)
    const so = reached === undefined ? undefined : { version: reached }
    if ('ended' in said) return said.ended.kind === 'refused' ? refused(said.ended.reason, so) : said.ended
    const { status } = said.answer
    if (status === 'NotSupported') return { kind: 'unsupported', reason: status }
    if (status === undefined) return refused('the answer holds no status', so)
    if (status !== 'Accepted') return refused(status, { status: statusWord(status), ...so })
    reached = listVersion
  }
  return { kind: 'accepted', result: { version: reached, parts: parts.length } }
}

/** One part, empty or not, where the station does not tell how much it takes. */
function inParts(list: Entry16[], most: number): Entry16[][] {
  if (!Number.isInteger(most) || most < 1 || list.length <= most) return [list]
  const parts: Entry16[][] = []
  for (let from = 0; from < list.length; from += most) parts.push(list.slice(from, from + most))
  return parts
}

/** The entry as 1.6 carries it, or why it cannot. */
function toEntry(
  { token, authorization }: ListEntry,
  field: string,
  mode: 'full' | 'differential',
  profile: AppliedProfile,
): Entry16 | string {
  const idTag = tokenText(token.value, profile)
  if (idTag.length > maxIdTag) return `${field}.token: it has ${idTag.length} characters; OCPP 1.6 carries ${maxIdTag}`
  // 5.15: an entry without its verdict removes the token, which a full list has no use for.
  if (authorization === undefined) return mode === 'full' ? `${field}.authorization: a full list needs it` : { idTag }
  const { status, validUntil, groupToken } = authorization
  const idTagInfo: NonNullable<Entry16['idTagInfo']> = { status: statuses[status] }
  if (validUntil !== undefined) {
    const expiryDate = instantText(validUntil, profile)
    if (expiryDate === null) return noInstant(`${field}.authorization.validUntil`, validUntil)
    idTagInfo.expiryDate = expiryDate
  }
  if (groupToken !== undefined) {
    const parentIdTag = tokenText(groupToken.value, profile)
    // As in the answer to Authorize: a group that 1.6 cannot carry is left out, the card still charges.
    if (parentIdTag.length <= maxIdTag) idTagInfo.parentIdTag = parentIdTag
  }
  return { idTag, idTagInfo }
}
