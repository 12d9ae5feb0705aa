// Owns which credentials a parking system has to know, and as what: those that may park at its site, by the rules of the gate.
// Must not judge access by rules of its own; core/domain/access does.
import { antipassbackOf, dependsOnMomentAtGate, judgeAccess } from '../../domain/access/index.ts'
import type { PreloadedCredential } from '../../domain/parking-action.ts'
import type { ParkerKind } from '../../domain/parking-fact.ts'
import { type EnrolledForm, enrolledForms } from '../../store/enrolled-at-site.ts'
import type { PreloadMode } from '../../store/parcs-links.ts'
import { type PlateRow, platesOfHolders } from '../../store/people.ts'
import type { Db } from '../../store/record-table.ts'
import { contentHash } from '../desired/list-content.ts'

export interface WantedPreload {
  data: PreloadedCredential
  fingerprint: string
}

export interface PreloadContent {
  wanted: Map<string, WantedPreload>
  /** When somebody's rights begin or end next by the clock alone. */
  nextChange: Date | null
}

export async function preloadContent(
  db: Db,
  of: { organizationId: string; siteId: string; mode: PreloadMode; groups: readonly string[]; at: Date },
): Promise<PreloadContent> {
  if (of.mode === 'none') return { wanted: new Map(), nextChange: null }
  const byCredential = new Map<string, EnrolledForm[]>()
  for (const form of await enrolledForms(db, of.organizationId, of.siteId)) {
    const forms = byCredential.get(form.credentialId)
    if (forms) forms.push(form)
    else byCredential.set(form.credentialId, [form])
  }
  const plates = platesBy(await platesOfHolders(db, of.organizationId))
  const wanted = new Map<string, WantedPreload>()
  const changes: number[] = []
  for (const [credentialId, forms] of byCredential) {
    const [first] = forms
    if (first === undefined || !isMeant(first, of)) continue
    const limits = [first.validFrom, first.validUntil, first.account?.validFrom, first.account?.validUntil]
    changes.push(...limits.flatMap((at) => (at && at > of.at ? [at.getTime()] : [])))
    // Told beforehand, it would be let in at any hour and lane; such credentials are asked about.
    if (first.account !== null && dependsOnMomentAtGate(first.account)) continue
    const gate = { place: 'gate', direction: 'entry', lane: '', laneId: null, areaId: null } as const
    const judged = judgeAccess(
      { credential: first, partial: false },
      { ...gate, siteId: of.siteId, at: of.at, time: null },
    )
    if (judged.authorization.status !== 'accepted') continue
    const data = preloaded(first, forms, plates)
    wanted.set(credentialId, { data, fingerprint: contentHash(data) })
  }
  return { wanted, nextChange: changes.length === 0 ? null : new Date(Math.min(...changes)) }
}

function isMeant(
  { account }: EnrolledForm,
  { mode, groups }: { mode: PreloadMode; groups: readonly string[] },
): boolean {
  return mode === 'all' || (account?.groups.some(({ code }) => groups.includes(code)) ?? false)
}

function preloaded(
  first: EnrolledForm,
  forms: readonly EnrolledForm[],
  plates: ReadonlyMap<string, readonly PlateRow[]>,
): PreloadedCredential {
  const { account } = first
  const passback = account === null || first.neutral || antipassbackOf(account) !== 'hard'
  const own = plates.get(first.vehicleId ?? account?.accountId ?? '') ?? []
  return {
    credentialId: first.credentialId,
    accountNumber: account?.number ?? null,
    holder: account?.name ?? first.label,
    parkerKind: (account?.parkerKind as ParkerKind | undefined) ?? 'contract',
    presentations: forms
      .map((form) => ({
        kind: form.presentationKind,
        key: form.canonicalKey,
        value: form.raw,
        ...(form.encoding === null ? {} : { encoding: form.encoding }),
      }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
    plates: own.map(({ plate, country }) => ({ text: plate, country })),
    groups: (account?.groups ?? []).map(({ code }) => code).sort(),
    validFrom: latest(first.validFrom, account?.validFrom ?? null),
    validUntil: earliest(first.validUntil, account?.validUntil ?? null),
    maxInside: account?.access.maxInside ?? (passback ? null : 1),
    allowPassback: passback,
  }
}

/** By vehicle and by account: ids of both are never alike. */
function platesBy(rows: readonly PlateRow[]): Map<string, PlateRow[]> {
  const found = new Map<string, PlateRow[]>()
  for (const row of rows) {
    for (const holder of [row.vehicleId, row.accountId]) {
      if (holder === null) continue
      const some = found.get(holder)
      if (some) some.push(row)
      else found.set(holder, [row])
    }
  }
  return found
}

function earliest(a: Date | null, b: Date | null): Date | null {
  return a && b ? (a < b ? a : b) : (a ?? b)
}

function latest(a: Date | null, b: Date | null): Date | null {
  return a && b ? (a > b ? a : b) : (a ?? b)
}
