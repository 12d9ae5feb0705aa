// Owns looking through the accounts that the hub made at Flash: as a list for people, and nightly for what should not be open.
// Must not make an account: what is missing is told, and the preload is asked anew by a person.
import type { ParkingBook } from '../../core/plugin/index.ts'
import { type LifecycleDeps, look, suspend } from './lifecycle.ts'

export interface Reviewed {
  missing: number
  suspended: number
  /** What ended the review before its end. */
  trouble: string | null
}

const pageSize = 100

export async function review(deps: LifecycleDeps, book: ParkingBook, signal: AbortSignal): Promise<Reviewed> {
  const reviewed: Reviewed = { missing: 0, suspended: 0, trouble: null }
  for (let after: string | undefined; ; ) {
    const page = await deps.numbers.page(after, pageSize)
    const known = page.filter(({ state }) => state === 'known')
    const active = await activeOf(
      book,
      known.map(({ credential_id }) => credential_id),
    )
    for (const number of known) {
      if (signal.aborted) return reviewed
      const looked = await look(deps, number, signal)
      if (looked.kind === 'failed')
        return { ...reviewed, trouble: looked.outcome.kind === 'done' ? null : looked.outcome.reason }
      const { there } = looked
      const allowed = active.has(number.credential_id)
      if (there === null && allowed) reviewed.missing += 1
      if (!there?.active || allowed) continue
      const outcome = await suspend(deps, number, signal)
      if (outcome.kind !== 'done') return { ...reviewed, trouble: outcome.reason }
      reviewed.suspended += 1
    }
    const last = page.at(-1)
    if (page.length < pageSize || !last) return reviewed
    after = last.credential_id
  }
}

async function activeOf(book: ParkingBook, credentialIds: readonly string[]): Promise<Set<string>> {
  const active = new Set<string>()
  if (credentialIds.length === 0) return active
  for (let after: string | undefined; ; ) {
    const page = await book.rights({ credentialIds, limit: 500, ...(after ? { after } : {}) })
    for (const { credentialId, status } of page.items) if (status === 'active') active.add(credentialId)
    if (page.next === null) return active
    after = page.next
  }
}

const listSize = 25

/** A page of what Flash says about the hub's accounts; Flash has no list of its own in public. */
export async function listAccounts(deps: LifecycleDeps, url: URL, signal: AbortSignal): Promise<object> {
  const given = url.searchParams.get('after')
  const after = given !== null && /^[0-9a-f-]{36}$/i.test(given) ? given : undefined
  const page = await deps.numbers.page(after, listSize)
  const items: object[] = []
  for (const number of page) {
    const shared = { credentialId: number.credential_id, accountNumber: number.number }
    if (number.state === 'ended') {
      items.push({ ...shared, state: 'cancelled' })
      continue
    }
    const looked = await look(deps, number, signal)
    if (looked.kind === 'failed')
      items.push({ ...shared, state: 'unknown', reason: looked.outcome.kind === 'done' ? '' : looked.outcome.reason })
    else if (looked.there === null) items.push({ ...shared, state: 'missing' })
    else {
      const { active, vehicles, contacts } = looked.there
      items.push({ ...shared, state: active ? 'active' : 'suspended', vehicles, contacts })
    }
  }
  return { items, next: page.length < listSize ? null : (page.at(-1)?.credential_id ?? null) }
}
