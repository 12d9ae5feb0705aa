// Owns what an export batch is: what makes two exports the same one, what its files hash to, and what may become of it.
// Must not hash: the digest is given, as the domain takes nothing from node.
import type { AccountMapping, BookEntry, ClosedPeriod, ExportProblem } from '../closed-period.ts'
import type { InSteps } from '../in-steps.ts'
import type { Digest } from './chain.ts'

export type ExportState = 'ready' | 'delivered' | 'cancelled'

/** What may become of a batch. Delivered is for good: the books outside hold it. */
export const exportMoves = {
  ready: ['delivered', 'cancelled'],
  delivered: [],
  cancelled: [],
} as const satisfies Record<ExportState, readonly ExportState[]>

/** Of a mapping, what a period needs: names for anything else change nothing, so they make no other batch. */
export function* usedMapping(period: ClosedPeriod, mapping: AccountMapping): InSteps<AccountMapping> {
  const accounts = new Set<string>()
  const taxCodes = new Set<string>()
  for (const entries of blocksOf(period)) {
    for (const { debit, credit, taxCode } of entries.flatMap(({ postings }) => postings)) {
      accounts.add(debit).add(credit)
      if (taxCode !== null) taxCodes.add(taxCode)
    }
    yield
  }
  return { accounts: only(mapping.accounts, accounts), taxCodes: only(mapping.taxCodes, taxCodes) }
}

function only(names: Readonly<Record<string, string>>, wanted: ReadonlySet<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).filter(([code]) => wanted.has(code)))
}

/** The same for the same period, format, names and options, in whichever order these were given. */
export function exportKey(
  digest: Digest,
  made: { periodHash: string; format: string; mapping: AccountMapping; options: unknown },
): string {
  return digest(JSON.stringify(sorted(made)))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  // As pairs: an object would put names that look like numbers first, and take `__proto__` for something else.
  return ['object', ...fields.map(([name, inner]) => [name, sorted(inner)])]
}

/** Over the names and contents of all files, in order. */
export function contentHash(digest: Digest, files: readonly { name: string; sha256: string }[]): string {
  return digest(JSON.stringify(files.map(({ name, sha256 }) => [name, sha256])))
}

/** Debits and credits: every posting is both. */
export function* totalOf(period: ClosedPeriod): InSteps<number> {
  let total = 0
  for (const entries of blocksOf(period)) {
    for (const { postings } of entries) for (const { amountMinor } of postings) total += amountMinor
    yield
  }
  return total
}

/** A few milliseconds of work each. */
const entriesInABlock = 2_000

function* blocksOf({ entries }: ClosedPeriod): Generator<readonly BookEntry[], void, void> {
  for (let at = 0; at < entries.length; at += entriesInABlock) yield entries.slice(at, at + entriesInABlock)
}

/** A format points into the mapping or into its options; whoever asked for the export has both. */
export function pointedFrom({ pointer, message }: ExportProblem): ExportProblem {
  const inMapping = /^\/(accounts|taxCodes)(\/|$)/.test(pointer)
  return { pointer: pointer === '' ? '' : `${inMapping ? '/mapping' : '/options'}${pointer}`, message }
}
