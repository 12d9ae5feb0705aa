// Owns what a person's word on a link teaches about cards: a text that one reader gives of a credential that the other side knows.
// Must not learn what may be another's card: forms with bytes missing, forms that can be read in two ways, or forms that fit anybody enrolled.
import { canonicalise, inferKind, kindOfTokenType, type Presentation } from '../../domain/credential/index.ts'
import type { LinkPresentation } from '../../domain/link/index.ts'
import { appendAudit } from '../../store/audit.ts'
import { findEnrolled } from '../../store/credentials.ts'
import { formTaughtBy } from '../../store/learned-forms.ts'
import type { LinkRow, LinkScope, NewLink } from '../../store/links.ts'
import { credentials } from '../../store/people.ts'
import { getRecord } from '../../store/record-table.ts'
import { identifyCredential, lookupKeys } from '../access/identify-credential.ts'
import { addLearned, dropLearned } from '../manage/manage-credentials.ts'
import type { Making } from '../manage/manage-record.ts'
import { isHub } from './decide-neighbourhood.ts'
import { loadViews } from './load-views.ts'

/** Characters: four bytes in hex. */
const shortest = 8

/** After every decision of a person, and after one was taken back. */
export async function followWord(making: Making, scope: LinkScope, row: NewLink | LinkRow): Promise<void> {
  if (row.state === 'linked' && !isHub(row)) await learn(making, scope, row)
  else await forget(making, row.link_id)
}

async function learn(making: Making, scope: LinkScope, row: NewLink | LinkRow): Promise<void> {
  const { trx, access, now, newId } = making
  const views = await loadViews(trx, scope, [row.stay_id], [row.session_id])
  const [stay, session] = [views.stays[0], views.sessions[0]]
  if (!stay || !session) return
  const told = kindOfTokenType(session.idTokenKind)
  const gate = onlyCard(stay.presentations, undefined)
  const charger = onlyCard(session.presentations, told)
  if (!gate || !charger) return
  const [known, unknown] = gate.credentialId ? [gate, charger] : [charger, gate]
  if (!known.credentialId || (known.fitsEnrolled ?? 0) > 1) return
  const credential = await getRecord(trx, credentials, access, known.credentialId, 'lock')
  if (!credential || credential.archivedAt !== null || credential.status !== 'active' || credential.kind !== 'card')
    return
  const strangers = [stay.accountId, session.accountId].some((id) => id !== null && id !== credential.accountId)
  if (strangers || !(await isNobodys(making, scope, unknown))) return
  const { raw: value, encoding, bitLength } = unknown
  const form = {
    value,
    kind: 'card' as const,
    ...(encoding === undefined ? {} : { encoding }),
    ...(bitLength === undefined ? {} : { bitLength }),
  }
  const presentationId = await addLearned(making, credential, form, row.link_id)
  if (presentationId === null) return
  await appendAudit(trx, access.organizationId, {
    auditId: newId(),
    siteId: scope.siteId,
    at: now,
    actor: access.actor,
    action: 'link.form_learned',
    subjectType: 'link',
    subjectId: row.link_id,
    before: null,
    after: { credentialId: credential.credentialId, presentationId, value },
    requestId: access.requestId,
  })
}

/** With two cards on one side nobody can say which of them it was. */
function onlyCard(
  shown: readonly LinkPresentation[],
  told: Presentation['kind'],
): (LinkPresentation & { kind: 'card' }) | null {
  const cards = shown.filter((one) => (one.kind ?? told ?? inferKind(one.raw)) === 'card')
  const [only] = cards
  return only && cards.every(({ raw }) => raw === only.raw) ? { ...only, kind: 'card' } : null
}

/** A whole form that is one card's alone however it is read, and that fits no credential that is or was enrolled, not even in part. */
async function isNobodys(
  { trx, access, now }: Making,
  { siteId }: LinkScope,
  shown: LinkPresentation,
): Promise<boolean> {
  if (shown.credentialId || (shown.fitsEnrolled ?? 0) > 0) return false
  // The profile of its reader says how to read it; what is enrolled has to be readable without.
  if (shown.readerProfile !== undefined) return false
  const name = canonicalise(shown, { siteId })
  if (name.outcome !== 'key' || name.partial !== undefined) return false
  const readings = [{ key: name.key, lossy: false }, ...name.alternatives]
  if (readings.some(({ key, lossy }) => lossy || !isOnesOwn(key))) return false
  const found = await findEnrolled(trx, access.organizationId, lookupKeys(shown))
  return identifyCredential(shown, found, now).kind === 'none'
}

/** Wiegand numbers are given out again by every maker and facility, and of a short text there are too few. */
function isOnesOwn(key: string): boolean {
  const [kind, , ...value] = key.split(':')
  return kind === 'uid' && value.join(':').length >= shortest
}

async function forget(making: Making, linkId: string): Promise<void> {
  const { trx, access } = making
  const taught = await formTaughtBy(trx, access.organizationId, linkId)
  if (taught) await dropLearned(making, taught)
}
