// Owns what every service is given: the database, the clock, identity and a logger.
// Must not be created anywhere but in core/runtime and tests.
import type { Kysely } from 'kysely'
import type { Clock } from '../domain/clock.ts'
import type { NewId } from '../domain/ids.ts'
import type { Log } from '../domain/log.ts'
import type { HubTables } from '../store/schema.ts'

export interface ServiceDeps {
  db: Kysely<HubTables>
  clock: Clock
  newId: NewId
  log: Log
}

/** Who asked: `key:<id>` for an API key, `connection:<id>` for a plugin, `station:<id>`, or `hub`. */
export type Actor = string
