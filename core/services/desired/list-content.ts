// Owns whose cards stand on a station's local list: every credential that may charge at its site, in the forms chargers read.
// Must not judge access by rules of its own; core/domain/access does.
import { createHash } from 'node:crypto'
import { dependsOnMoment, judgeAccess } from '../../domain/access/index.ts'
import { contentText } from '../../domain/content-text.ts'
import { ocppToken } from '../../domain/credential/index.ts'
import { entryKey, type Protocol } from '../../domain/desired/index.ts'
import type { ListEntry } from '../../domain/station-command.ts'
import { type EnrolledForm, enrolledForms } from '../../store/enrolled-at-site.ts'
import type { Db } from '../../store/record-table.ts'

/** Most recently used first: what does not fit into the station is used the least. */
export async function listContent(
  db: Db,
  of: { organizationId: string; siteId: string; protocol: Protocol; at: Date },
): Promise<ListEntry[]> {
  const entries = new Map<string, ListEntry>()
  for (const form of await enrolledForms(db, of.organizationId, of.siteId)) {
    const entry = entryOf(form, of)
    if (entry !== null && !entries.has(entryKey(entry))) entries.set(entryKey(entry), entry)
  }
  return [...entries.values()]
}

/** Cut to what fits, in an order of its own, so that equal lists are equal. */
export function fitted(entries: readonly ListEntry[], most: number | null): ListEntry[] {
  return entries.slice(0, most ?? entries.length).sort((a, b) => (entryKey(a) < entryKey(b) ? -1 : 1))
}

export function contentHash(value: unknown): string {
  return createHash('sha256').update(contentText(value)).digest('base64url')
}

function entryOf(form: EnrolledForm, of: { siteId: string; protocol: Protocol; at: Date }): ListEntry | null {
  const token = ocppToken(
    {
      kind: form.presentationKind,
      canonicalKey: form.canonicalKey,
      raw: form.raw,
      encoding: form.encoding,
    },
    of.protocol === 'ocpp1.6' ? '1.6' : '2',
  )
  if (token === null) return null
  // A list knows neither hours nor who else charges, and this one is made for the site: such cards are asked about.
  if (form.account !== null && dependsOnMoment(form.account)) return null
  const place = {
    place: 'charger',
    stationId: null,
    tags: [],
    evses: [],
    siteId: of.siteId,
    at: of.at,
    time: null,
  } as const
  const { authorization } = judgeAccess({ credential: form, partial: false }, place)
  if (authorization.status !== 'accepted') return null
  const { validUntil, groupToken } = authorization
  const kind = of.protocol === 'ocpp1.6' ? 'unknown' : 'central'
  return {
    token,
    authorization: {
      status: 'accepted',
      ...(validUntil === undefined ? {} : { validUntil: validUntil.toISOString() }),
      ...(groupToken === undefined ? {} : { groupToken: { value: groupToken, kind } }),
    },
  }
}
