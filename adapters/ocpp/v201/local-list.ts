// Owns OCPP 2.x GetLocalListVersion and SendLocalList (D01, D02), in as many parts as the station takes.
// Must not decide who is on the list.
import type { OCPP20 } from 'typed-ocpp'
import type { ListEntry } from '../../../core/plugin/index.ts'
import { ask, type CommandSteps, refused } from '../command.ts'
import type { AppliedProfile } from '../profile.ts'
import { idTokenType } from './id-token.ts'
import { knownVariables } from './known-variables.ts'
import { reasonOf, withResult } from './said.ts'
import type { Translator2, Words } from './words.ts'

type Request = OCPP20.SendLocalListRequest
type Data = NonNullable<Request['localAuthorizationList']>[number]

const statuses = { accepted: 'Accepted', blocked: 'Blocked', expired: 'Expired', invalid: 'Invalid' } as const

/** What stands around the entries of a SendLocalList frame. */
const envelopeBytes = 200

export const readListVersion: Translator2<'read_list_version'> = function* (): CommandSteps {
  const said = yield* ask<OCPP20.GetLocalListVersionRequest, OCPP20.GetLocalListVersionResponse>(
    'GetLocalListVersion',
    {},
  )
  return 'ended' in said ? said.ended : withResult({ version: said.answer.versionNumber })
}

function entryOf({ token, authorization }: ListEntry, words: Words, profile: AppliedProfile): Data {
  const entry: Data = { idToken: idTokenType(token, words, profile) }
  if (authorization === undefined) return entry
  const { status, validUntil, groupToken } = authorization
  entry.idTokenInfo = { status: statuses[status] }
  if (validUntil !== undefined) entry.idTokenInfo.cacheExpiryDateTime = validUntil
  if (groupToken !== undefined) entry.idTokenInfo.groupIdToken = idTokenType(groupToken, words, profile)
  return entry
}

function inParts(entries: readonly Data[], items: number, bytes: number): Data[][] {
  const parts: Data[][] = [[]]
  let size = envelopeBytes
  for (const entry of entries) {
    const length = Buffer.byteLength(JSON.stringify(entry)) + 1
    let part = parts.at(-1) ?? []
    if (part.length > 0 && (part.length >= items || size + length > bytes)) {
      part = []
      parts.push(part)
      size = envelopeBytes
    }
    part.push(entry)
    size += length
  }
  return parts
}

const limitOf = (text: string | null | undefined) => {
  const number = Number(text ?? '')
  return Number.isInteger(number) && number > 0 ? number : Number.POSITIVE_INFINITY
}

/**
 * D01.FR.19: a differential update must carry a higher version than the list has. A list in several parts so climbs towards the
 * version that was asked for and reaches it only with the last part: a list that arrived in part shows by its lower version.
 */
export const sendList: Translator2<'send_list'> = function* (command, words, profile, memory): CommandSteps {
  const { mode, version, entries } = command
  for (const { token } of entries) {
    if (token.value.length > words.maxIdToken) {
      return refused(
        `entries: a token has ${token.value.length} characters; ${words.version} carries ${words.maxIdToken}`,
      )
    }
  }
  const [items, bytes] = yield* knownVariables(
    ['LocalAuthListCtrlr.ItemsPerMessage', 'LocalAuthListCtrlr.BytesPerMessage'],
    memory,
  )
  const data = entries.map((entry) => entryOf(entry, words, profile))
  const parts = inParts(data, limitOf(items), limitOf(bytes))
  const first = version - (parts.length - 1)
  // D01.FR.18: 0 is the version of no list.
  if (first < 1) return refused(`version: the list goes out in ${parts.length} parts, so it must be at least that`)
  for (const [index, part] of parts.entries()) {
    const request: Request = {
      versionNumber: first + index,
      updateType: index === 0 && mode === 'full' ? 'Full' : 'Differential',
    }
    if (part.length > 0) request.localAuthorizationList = part as NonNullable<Request['localAuthorizationList']>
    const said = yield* ask<Request, OCPP20.SendLocalListResponse>('SendLocalList', request)
    const sent = index === 0 ? undefined : { version: first + index - 1, parts: index }
    if ('ended' in said) return said.ended.kind === 'refused' ? refused(said.ended.reason, sent) : said.ended
    const { status, statusInfo } = said.answer
    if (status !== 'Accepted') return refused(reasonOf(status, statusInfo), sent)
  }
  return { kind: 'accepted', result: { version, parts: parts.length } }
}
