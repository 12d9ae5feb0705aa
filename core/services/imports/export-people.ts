// Owns the list of people as it goes out, in the columns that it comes in by.
// Must not hold the whole list.
import { type PeopleLine, peopleLines } from '../../store/people-imports.ts'
import { type Access, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

/** Accounts read at once. */
const pageSize = 200

export function exportPeople({ db }: Pick<ServiceDeps, 'db'>) {
  return (access: Access): Outcome<AsyncGenerator<PeopleLine[]>> => {
    if (access.siteIds !== null)
      return { kind: 'forbidden', message: 'The list is of the whole organization, and this key is limited to sites.' }
    return ok(
      (async function* () {
        let last = ''
        for (;;) {
          const lines = await peopleLines(db, access.organizationId, last, pageSize)
          const end = lines.at(-1)
          if (!end) return
          last = String(end.account_number)
          yield lines
        }
      })(),
    )
  }
}
