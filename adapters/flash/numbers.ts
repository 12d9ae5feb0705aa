// Owns which account number each credential has at Flash, and which numbers are used up: a deleted account never comes back.
// Must not forget a number that was ended, nor give one out twice.
import type { Kysely } from 'kysely'
import type { PluginMigration } from '../../core/plugin/index.ts'

export interface AccountNumber {
  credential_id: string
  generation: number
  number: string
  /** `asked` was perhaps made, `known` surely; `ending` and `ended` may never be used again, `ending` may still be there. */
  state: 'asked' | 'known' | 'ending' | 'ended'
}

interface Tables {
  account_number: AccountNumber & { connection_id: string }
}

export const numberMigration: PluginMigration = {
  name: '0001-account-number',
  async up(db) {
    await db.schema
      .createTable('account_number')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('credential_id', 'uuid', (column) => column.notNull())
      .addColumn('generation', 'integer', (column) => column.notNull())
      .addColumn('number', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('account_number_key', ['connection_id', 'credential_id', 'generation'])
      .execute()
  },
}

export interface Numbers {
  /** The newest of a credential. */
  latest(credentialId: string): Promise<AccountNumber | undefined>
  /** The one to use now: the newest that is not ended, or a new one. It is kept before anybody is asked to make it. */
  use(credentialId: string): Promise<AccountNumber>
  mark(of: AccountNumber, state: AccountNumber['state']): Promise<void>
  /** In the order of credentials, behind `after`. */
  page(after: string | undefined, limit: number): Promise<AccountNumber[]>
}

export function numbers(given: Kysely<unknown>, connectionId: string): Numbers {
  const db = given as Kysely<Tables>
  const columns = ['credential_id', 'generation', 'number', 'state'] as const
  const latest: Numbers['latest'] = (credentialId) =>
    db
      .selectFrom('account_number')
      .select(columns)
      .where('connection_id', '=', connectionId)
      .where('credential_id', '=', credentialId)
      .orderBy('generation', 'desc')
      .limit(1)
      .executeTakeFirst()
  return {
    latest,
    async use(credentialId) {
      const known = await latest(credentialId)
      if (known && known.state !== 'ended') return known
      const generation = (known?.generation ?? 0) + 1
      const number = `BW-${credentialId.replaceAll('-', '')}-${generation}`
      const made: AccountNumber = { credential_id: credentialId, generation, number, state: 'asked' }
      await db
        .insertInto('account_number')
        .values({ ...made, connection_id: connectionId })
        .execute()
      return made
    },
    async mark({ credential_id, generation }, state) {
      await db
        .updateTable('account_number')
        .set({ state })
        .where('connection_id', '=', connectionId)
        .where('credential_id', '=', credential_id)
        .where('generation', '=', generation)
        .execute()
    },
    page(after, limit) {
      const all = db
        .selectFrom('account_number')
        .select(columns)
        .distinctOn('credential_id')
        .where('connection_id', '=', connectionId)
      return (after === undefined ? all : all.where('credential_id', '>', after))
        .orderBy('credential_id')
        .orderBy('generation', 'desc')
        .limit(limit)
        .execute()
    },
  }
}
