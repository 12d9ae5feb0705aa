// Owns enrolling credentials: each form that a reader reports gets its canonical key and the keys it is found by.
// Must not decide whom a presented credential lets in; authorisation does.
import { type CredentialKind, canonicalise, partialKeys, searchKeys } from '../../domain/credential/index.ts'
import { appendAudit } from '../../store/audit.ts'
import { appendEvents } from '../../store/event-log.ts'
import {
  accounts,
  type Credential,
  credentials,
  holdersOf,
  insertPresentation,
  type Presentation,
  presentationsOf,
  removePresentation as removeForm,
  vehicles,
} from '../../store/people.ts'
import { getRecord, updateRecord } from '../../store/record-table.ts'
import { followCredential } from '../revocation/begin-revocation.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { brokenValidity } from './manage-people.ts'
import { columns, columnsOf, type Making, manage, refusable } from './manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from './outcome.ts'
import { beyondReach, broken, brokenSites } from './references.ts'
import { tellAccess } from './tell-access.ts'
import { type AsOf, brokenAsOf, keysOfPresentation, keysOfRecords, noteHolding, tellIdentity } from './tell-identity.ts'

export interface PresentationCreate {
  value: string
  kind?: CredentialKind
  encoding?: string
  bitLength?: number
  country?: string
}

export type CredentialFields = Partial<
  Pick<Credential, 'accountId' | 'vehicleId' | 'label' | 'status' | 'rights' | 'siteIds' | 'neutral'>
> & { validFrom?: string | null; validUntil?: string | null }
export type CredentialCreate = CredentialFields & { kind: CredentialKind; presentations: readonly PresentationCreate[] }

const owners = (input: CredentialFields) => [
  { pointer: '/accountId', table: accounts, id: input.accountId },
  { pointer: '/vehicleId', table: vehicles, id: input.vehicleId },
]

export const manageCredentials = manage<Credential, CredentialCreate, CredentialFields & AsOf>({
  table: credentials,
  idOf: (credential) => credential.credentialId,
  siteOf: (credential) => (credential.siteIds?.length === 1 ? (credential.siteIds[0] ?? null) : null),
  async create({ trx, access }, input) {
    const { presentations: _, ...fields } = input
    return (
      brokenValidity(input) ??
      (await broken(trx, access, owners(input))) ??
      (await brokenSites(trx, access, input.siteIds ?? null)) ??
      columns({ ...columnsOf(credentials, fields), kind: input.kind })
    )
  },
  async update({ trx, access, now }, before, input) {
    return (
      brokenValidity(input, before) ??
      brokenAsOf(input, now) ??
      (await broken(trx, access, owners(input))) ??
      beyondReach(access, before.siteIds) ??
      (await brokenSites(trx, access, input.siteIds)) ??
      columns(columnsOf(credentials, input))
    )
  },
  async changed(making, before, after, input) {
    if (before === null) {
      for (const [i, presentation] of (input as CredentialCreate).presentations.entries()) {
        const refusal = await enrol(making, after, presentation, `/presentations/${i}`)
        if (refusal) return refusal
      }
    }
    await announce(making, after)
    await followCredential(making, before, after)
    if (before === null || (await saysOtherwise(making, before, after, (input ?? {}) as AsOf)))
      await tellForms(making, after)
    return undefined
  },
})

/** Whether whose it is, or was, changed. A block or an end of validity does not: rights are not identity. */
async function saysOtherwise(making: Making, before: Credential, after: Credential, input: AsOf): Promise<boolean> {
  const held = (one: Credential) => ({ account_id: one.accountId, vehicle_id: one.vehicleId })
  const subject = { kind: 'credential' as const, subjectId: after.credentialId }
  const moved = await noteHolding(making, subject, input, [held(before), held(after)])
  const counts = (one: Credential) => [one.archivedAt, one.status === 'revoked', one.siteIds]
  return moved || JSON.stringify(counts(before)) !== JSON.stringify(counts(after))
}

async function tellForms(making: Making, { credentialId }: Credential): Promise<void> {
  const { trx, access } = making
  const known = (await presentationsOf(trx, access.organizationId, [credentialId])).get(credentialId) ?? []
  const forms = known.map((one) =>
    keysOfPresentation({
      raw: one.value,
      kind: one.kind as CredentialKind,
      encoding: one.encoding ?? undefined,
      bitLength: one.bitLength ?? undefined,
    }),
  )
  await tellIdentity(making, keysOfRecords('c', [credentialId]), ...forms)
}

/** Adds one more form. The same form again is refused, and so is one that another credential goes by. */
export function addPresentation(deps: ServiceDeps) {
  return (access: Access, credentialId: string, input: PresentationCreate): Promise<Outcome<Credential>> =>
    changeForms(deps, access, credentialId, 'presentation_added', { value: input.value }, (making, credential) =>
      enrol(making, credential, input, ''),
    )
}

export function removePresentation(deps: ServiceDeps) {
  return (access: Access, credentialId: string, presentationId: string): Promise<Outcome<Credential>> =>
    changeForms(deps, access, credentialId, 'presentation_removed', { presentationId }, async ({ trx, now }) => {
      const all = (await presentationsOf(trx, access.organizationId, [credentialId])).get(credentialId) ?? []
      if (!all.some((one) => one.presentationId === presentationId)) return notFound
      if (all.length === 1) return { kind: 'conflict', message: 'It is the only form; revoke the credential instead.' }
      await removeForm(trx, access.organizationId, presentationId, now)
      return undefined
    })
}

/**
 * A form that a link taught, in the words of who decided the link. The id that it has; null when it may not be: another credential
 * goes by it, the text names no card, or the credential is beyond the reach of who decided.
 */
export async function addLearned(
  making: Making,
  credential: Credential,
  input: PresentationCreate,
  linkId: string,
): Promise<string | null> {
  const { trx, access } = making
  const { credentialId } = credential
  if (beyondReach(access, credential.siteIds)) return null
  const own = async () => (await presentationsOf(trx, access.organizationId, [credentialId])).get(credentialId) ?? []
  const before = new Set((await own()).map((one) => one.presentationId))
  if (await enrol(making, credential, input, '', 'learned')) return null
  const form = (await own()).find((one) => !before.has(one.presentationId))
  if (!form) return null
  await noteLearned(making, credentialId, 'form_learned', { linkId, presentationId: form.presentationId })
  return form.presentationId
}

export async function dropLearned(
  making: Making,
  { credentialId, presentationId }: { credentialId: string; presentationId: string },
): Promise<void> {
  await removeForm(making.trx, making.access.organizationId, presentationId, making.now)
  await noteLearned(making, credentialId, 'form_forgotten', { presentationId })
}

async function noteLearned(making: Making, credentialId: string, action: string, detail: object): Promise<void> {
  const { trx, access, now, newId } = making
  const after = await updateRecord(trx, credentials, access.organizationId, credentialId, { updated_at: now })
  await appendAudit(trx, access.organizationId, {
    auditId: newId(),
    siteId: null,
    at: now,
    actor: access.actor,
    action: `credential.${action}`,
    subjectType: 'credential',
    subjectId: credentialId,
    before: action === 'form_forgotten' ? detail : null,
    after: action === 'form_forgotten' ? null : detail,
    requestId: access.requestId,
  })
  await announce(making, after)
  await tellForms(making, after)
}

function changeForms(
  deps: ServiceDeps,
  access: Access,
  credentialId: string,
  action: string,
  detail: object,
  change: (making: Making, credential: Credential) => Promise<Refusal | undefined>,
): Promise<Outcome<Credential>> {
  return refusable(deps, async (trx) => {
    const making: Making = { trx, access, now: deps.clock.now(), newId: deps.newId }
    const credential = await getRecord(trx, credentials, access, credentialId, 'lock')
    if (!credential) return notFound
    const refusal = beyondReach(access, credential.siteIds) ?? (await change(making, credential))
    if (refusal) return refusal
    const after = await updateRecord(trx, credentials, access.organizationId, credentialId, { updated_at: making.now })
    await appendAudit(trx, access.organizationId, {
      auditId: deps.newId(),
      siteId: null,
      at: making.now,
      actor: access.actor,
      action: `credential.${action}`,
      subjectType: 'credential',
      subjectId: credentialId,
      before: action === 'presentation_removed' ? detail : null,
      after: action === 'presentation_removed' ? null : detail,
      requestId: access.requestId,
    })
    await announce(making, after)
    await tellForms(making, after)
    return ok(after)
  })
}

async function enrol(
  making: Making,
  credential: Credential,
  input: PresentationCreate,
  pointer: string,
  source: Presentation['source'] = 'enrolled',
): Promise<Refusal | undefined> {
  const { trx, access, now, newId } = making
  const presented = { ...input, raw: input.value, kind: input.kind ?? credential.kind }
  const { siteIds } = credential
  const siteId = siteIds?.length === 1 ? siteIds[0] : undefined
  const name = canonicalise(presented, { siteId, country: input.country })
  if (name.outcome === 'refused') return invalid(`${pointer}/value`, name.detail)
  const keys = searchKeys(presented)
  if (name.partial === undefined) {
    const [holder] = await holdersOf(
      trx,
      access.organizationId,
      { canonicalKey: name.key, searchKeys: keys },
      credential.credentialId,
    )
    if (holder !== undefined) {
      return { kind: 'conflict', message: `Credential ${holder} goes by this already.`, pointer: `${pointer}/value` }
    }
  }
  const added = await insertPresentation(trx, access.organizationId, {
    presentationId: newId(),
    credentialId: credential.credentialId,
    kind: presented.kind,
    value: input.value,
    encoding: input.encoding ?? null,
    bitLength: input.bitLength ?? null,
    canonicalKey: name.key,
    source,
    searchKeys: [
      ...keys.map((key) => ({ key, partial: false })),
      ...partialKeys(presented).map((key) => ({ key, partial: true })),
    ],
    at: now,
  })
  return added ? undefined : { kind: 'conflict', message: 'It has this form already.', pointer: `${pointer}/value` }
}

async function announce({ trx, access, now, newId }: Making, credential: Credential): Promise<void> {
  await appendEvents(trx, [
    {
      id: newId(),
      type: 'credential.changed',
      organizationId: access.organizationId,
      siteId: null,
      subject: { type: 'credential', id: credential.credentialId, version: credential.version },
      occurredAt: now,
      recordedAt: now,
      data: { credentialId: credential.credentialId, status: credential.status },
    },
  ])
  await tellAccess(trx, access.organizationId)
}
