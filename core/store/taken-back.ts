// Owns how a payment that a correction of the parking system took back is told from one that stands.
// Must not decide what is taken back; core/services/parking/append-payments.ts does.
import { sql } from 'kysely'

/** True, over an alias of payment, while nothing took it back. */
export const notTakenBack = (alias: string) => {
  const p = sql.raw(alias)
  return sql<boolean>`not exists (select from payment b
    where b.organization_id = ${p}.organization_id and b.content_key = ${p}.content_key || '/back')`
}
