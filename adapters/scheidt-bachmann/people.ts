// Owns what the vendor's consumers look like to the hub's operator: each with whose it is, and as the list of people that the hub imports.
// Must not write people into the hub: whoever imports the list decides that.
import { type ParkingBook, type PeopleLine, peopleText } from '../../core/plugin/index.ts'
import type { EconnectConfig } from './config.ts'
import { type ConsumerDeps, credentialOf, type ListedConsumer, listConsumers, removeConsumer } from './consumers.ts'

/** Consumers written by the hub whose credential may no longer be used, with mediums that still open gates. */
export async function strays(consumers: readonly ListedConsumer[], book: ParkingBook): Promise<string[]> {
  const written = consumers.flatMap(({ reference, mediums }) => {
    const credentialId = credentialOf(reference)
    return credentialId !== null && mediums.length > 0 ? [credentialId] : []
  })
  const active = new Set<string>()
  for (let from = 0; from < written.length; from += 200) {
    const credentialIds = written.slice(from, from + 200)
    for (let after: string | undefined; ; ) {
      const page = await book.rights({ credentialIds, limit: 500, ...(after ? { after } : {}) })
      for (const { credentialId, status } of page.items) if (status === 'active') active.add(credentialId)
      if (page.next === null) break
      after = page.next
    }
  }
  return written.filter((credentialId) => !active.has(credentialId))
}

/** Takes away what a removal left behind: after an outage, a restored backup, or a hand at the vendor's side. */
export async function compare(
  deps: ConsumerDeps,
  book: ParkingBook,
  signal: AbortSignal,
): Promise<{ consumers: number; removed: number; left: number }> {
  const consumers = await listConsumers(deps, signal)
  let removed = 0
  let left = 0
  for (const credentialId of await strays(consumers, book)) {
    const { kind } = await removeConsumer(deps, credentialId, signal)
    if (kind === 'done') removed += 1
    else left += 1
  }
  return { consumers: consumers.length, removed, left }
}

export function toldConsumer({ reference, name, mediums }: ListedConsumer): object {
  return { externalReference: reference, name, mediums, writtenBy: credentialOf(reference) === null ? 'vendor' : 'hub' }
}

const columns = ['account_number', 'account_name', 'parker_kind', 'credential_kind', 'credential_value'] as const

/** One line for each medium of the vendor's own consumers, in the columns of the hub's list of people. */
export function peopleList(consumers: readonly ListedConsumer[], { mediumTypes }: EconnectConfig): string {
  const kinds = new Map(Object.entries(mediumTypes).map(([kind, word]) => [word, kind]))
  const lines = consumers
    .filter(({ reference }) => credentialOf(reference) === null)
    .flatMap(({ reference, name, mediums }) =>
      mediums.flatMap(({ type, value }): PeopleLine[] => {
        const kind = kinds.get(type)
        const number = reference.replace(/[^A-Za-z0-9._/-]/g, '-').replace(/^[^A-Za-z0-9]+/, '')
        if (kind === undefined || number === '') return []
        return [
          {
            account_number: number.slice(0, 64),
            account_name: name.slice(0, 200),
            parker_kind: 'contract',
            credential_kind: kind,
            credential_value: value,
          },
        ]
      }),
    )
  return peopleText(columns, lines)
}
