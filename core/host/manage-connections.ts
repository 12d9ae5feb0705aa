// Owns changing connections on behalf of people: made, changed, switched, tested, their secrets sealed, each in the audit log.
// Must not run anything itself: it writes the rows, and the host follows them.
import type { Kysely } from 'kysely'
import type { Clock } from '../domain/clock.ts'
import type { NewId } from '../domain/ids.ts'
import type { Log } from '../domain/log.ts'
import { appendAudit } from '../store/audit.ts'
import {
  type ConnectionRecord,
  connectionRecords,
  forgetConnectionWork,
  removeSecret,
  sealedSecrets,
  secretNames,
  writeSecret,
} from '../store/connections.ts'
import type { Page } from '../store/keyset.ts'
import {
  getRecord,
  insertRecord,
  type ListQuery,
  listRecords,
  type Sight,
  updateRecord,
} from '../store/record-table.ts'
import type { HubTables } from '../store/schema.ts'
import { transaction } from '../store/transaction.ts'
import { type CheckResult, checkConnection } from './check-connection.ts'
import type { LoadedPlugin } from './manifest.ts'
import { openSecret, sealSecret } from './secrets.ts'

/** Who asks, for which organization, limited to which sites (null: none). */
export interface ConnectionAccess extends Sight {
  actor: string
  requestId: string
}

/** The same refusals as of every other record that is managed; core/http gives each its status. */
export type ConnectionOutcome<T> =
  | { kind: 'ok'; value: T }
  | { kind: 'not_found' }
  | { kind: 'stale'; version: number }
  | { kind: 'conflict'; message: string; pointer?: string }
  | { kind: 'invalid'; problems: readonly { pointer: string; message: string }[] }
  | { kind: 'forbidden'; message: string }

type Refusal = Exclude<ConnectionOutcome<never>, { kind: 'ok' }>

export interface NewConnection {
  pluginId: string
  siteId?: string | null
  name: string
  config?: unknown
  enabled?: boolean
  secrets?: Readonly<Record<string, string>>
}

export interface ConnectionPatch {
  name?: string
  config?: unknown
  /** False brings an archived one back, switched off. */
  archived?: boolean
}

export interface ManagedConnections {
  list(access: ConnectionAccess, query: ListQuery): Promise<Page<ConnectionRecord>>
  get(access: ConnectionAccess, id: string): Promise<ConnectionOutcome<ConnectionRecord>>
  create(access: ConnectionAccess, input: NewConnection): Promise<ConnectionOutcome<ConnectionRecord>>
  update(
    access: ConnectionAccess,
    id: string,
    patch: ConnectionPatch,
    version?: number,
  ): Promise<ConnectionOutcome<ConnectionRecord>>
  /** Stops it for good: what waits for it is forgotten. */
  archive(access: ConnectionAccess, id: string, version?: number): Promise<ConnectionOutcome<ConnectionRecord>>
  /** Starts it: also one that has failed or waits for its next try. One at work stays as it is. */
  enable(access: ConnectionAccess, id: string): Promise<ConnectionOutcome<ConnectionRecord>>
  disable(access: ConnectionAccess, id: string): Promise<ConnectionOutcome<ConnectionRecord>>
  restart(access: ConnectionAccess, id: string): Promise<ConnectionOutcome<ConnectionRecord>>
  check(access: ConnectionAccess, id: string): Promise<ConnectionOutcome<CheckResult>>
  secrets(access: ConnectionAccess, id: string): Promise<ConnectionOutcome<{ name: string; updatedAt: Date }[]>>
  setSecret(access: ConnectionAccess, id: string, name: string, value: string): Promise<ConnectionOutcome<null>>
  removeSecret(access: ConnectionAccess, id: string, name: string): Promise<ConnectionOutcome<null>>
}

/** What is wanted beyond what the row says: `wake` one that rests, `restart` whatever its state. */
export type Follow = 'changed' | 'wake' | 'restart'

export interface ManageDeps {
  db: Kysely<HubTables>
  clock: Clock
  pace: Clock
  newId: NewId
  log: Log
  secretKey: Uint8Array
  entropy(bytes: number): Uint8Array
  plugin(pluginId: string): LoadedPlugin | undefined
  /** The rows have changed: follow them, here and on other nodes. */
  follow(connectionId: string, how: Follow): Promise<void>
}

type Trx = Kysely<HubTables>
const ok = <T>(value: T): ConnectionOutcome<T> => ({ kind: 'ok', value })
const notFound: Refusal = { kind: 'not_found' }
const secretName = /^[a-zA-Z][a-zA-Z0-9_.-]{0,63}$/

export function manageConnections(deps: ManageDeps): ManagedConnections {
  const { db, clock, newId } = deps

  const log = (
    trx: Trx,
    access: ConnectionAccess,
    action: string,
    before: ConnectionRecord | null,
    after: ConnectionRecord,
  ) =>
    appendAudit(trx, access.organizationId, {
      auditId: newId(),
      siteId: after.siteId,
      at: clock.now(),
      actor: access.actor,
      action: `connection.${action}`,
      subjectType: 'connection',
      subjectId: after.connectionId,
      before,
      after,
      requestId: access.requestId,
    })

  /** Finds, judges and changes one connection in one transaction; then the host follows. */
  const change = async <T>(
    access: ConnectionAccess,
    id: string,
    how: Follow,
    body: (trx: Trx, before: ConnectionRecord) => Promise<ConnectionOutcome<T>>,
  ): Promise<ConnectionOutcome<T>> => {
    const outcome = await transaction(db, async (trx) => {
      const before = await getRecord(trx, connectionRecords, access, id, 'lock')
      if (!before) return notFound
      return notFor(access, before.siteId) ?? body(trx, before)
    })
    if (outcome.kind === 'ok') await deps.follow(id, how)
    return outcome
  }

  const write = async (
    trx: Trx,
    access: ConnectionAccess,
    before: ConnectionRecord,
    action: string,
    columns: Readonly<Record<string, unknown>>,
  ): Promise<ConnectionOutcome<ConnectionRecord>> => {
    const after = await updateRecord(trx, connectionRecords, access.organizationId, before.connectionId, {
      ...columns,
      updated_at: clock.now(),
    })
    await log(trx, access, action, before, after)
    return ok(after)
  }

  const seal = (trx: Trx, access: ConnectionAccess, connectionId: string, name: string, value: string) => {
    const place = { organizationId: access.organizationId, connectionId, name }
    const sealed = sealSecret(deps.secretKey, deps.entropy(12), place, value)
    return writeSecret(trx, place, { name, sealed }, clock.now())
  }

  const switchTo = (access: ConnectionAccess, id: string, enabled: boolean) =>
    change<ConnectionRecord>(access, id, enabled ? 'wake' : 'changed', async (trx, before) => {
      if (before.archivedAt) return { kind: 'conflict', message: 'It is archived.' }
      if (before.enabled === enabled) return ok(before)
      if (before.pinned) return pinned
      return write(trx, access, before, enabled ? 'enabled' : 'disabled', { enabled })
    })

  return {
    list: (access, query) => listRecords(db, connectionRecords, access, query),

    async get(access, id) {
      const record = await getRecord(db, connectionRecords, access, id)
      return record ? ok(record) : notFound
    },

    async create(access, input) {
      const { pluginId, siteId = null, name, config = {}, enabled = true, secrets = {} } = input
      const refusal =
        notFor(access, siteId) ?? problemsOf(deps.plugin(pluginId), config) ?? badNames(Object.keys(secrets))
      if (refusal) return refusal
      const id = newId()
      const outcome = await transaction<HubTables, ConnectionOutcome<ConnectionRecord>>(db, async (trx) => {
        if (siteId !== null && !(await siteExists(trx, access.organizationId, siteId)))
          return { kind: 'invalid', problems: [{ pointer: '/siteId', message: 'does not exist' }] }
        const now = clock.now()
        const record = await insertRecord(trx, connectionRecords, {
          organization_id: access.organizationId,
          connection_id: id,
          plugin_id: pluginId,
          site_id: siteId,
          name,
          config,
          config_version: configVersion(deps.plugin(pluginId)),
          enabled,
          state: 'disabled',
          state_at: now,
          created_at: now,
          updated_at: now,
        })
        for (const [secret, value] of Object.entries(secrets)) await seal(trx, access, id, secret, value)
        await log(trx, access, 'created', null, record)
        return ok(record)
      })
      if (outcome.kind === 'ok') await deps.follow(id, 'changed')
      return outcome
    },

    update: (access, id, patch, version) =>
      change(access, id, 'changed', async (trx, before) => {
        if (version !== undefined && before.version !== version) return { kind: 'stale', version: before.version }
        if (before.pinned) return pinned
        const { name, config, archived } = patch
        const refusal = config === undefined ? undefined : problemsOf(deps.plugin(before.pluginId), config)
        if (refusal) return refusal
        if (archived) await forgetConnectionWork(trx, { ...access, connectionId: id })
        return write(trx, access, before, archived === false && before.archivedAt ? 'restored' : 'updated', {
          ...(name === undefined ? {} : { name }),
          ...(config === undefined ? {} : { config, config_version: configVersion(deps.plugin(before.pluginId)) }),
          ...(archived === undefined ? {} : { archived_at: archived ? clock.now() : null }),
          ...(archived === false && before.archivedAt ? { enabled: false } : {}),
        })
      }),

    archive: (access, id, version) =>
      change(access, id, 'changed', async (trx, before) => {
        if (version !== undefined && before.version !== version) return { kind: 'stale', version: before.version }
        if (before.pinned) return pinned
        if (before.archivedAt) return { kind: 'conflict', message: 'It is archived already.' }
        await forgetConnectionWork(trx, { ...access, connectionId: id })
        return write(trx, access, before, 'archived', { archived_at: clock.now(), enabled: false })
      }),

    enable: (access, id) => switchTo(access, id, true),
    disable: (access, id) => switchTo(access, id, false),

    restart: (access, id) =>
      change(access, id, 'restart', async (trx, before) => {
        if (!before.enabled) return { kind: 'conflict', message: 'It is switched off.' }
        await log(trx, access, 'restarted', null, before)
        return ok(before)
      }),

    async check(access, id) {
      const record = await getRecord(db, connectionRecords, access, id)
      if (!record) return notFound
      const plugin = deps.plugin(record.pluginId)
      if (!plugin) return { kind: 'conflict', message: `The plugin ${record.pluginId} is not installed on this hub.` }
      const which = { organizationId: access.organizationId, connectionId: id }
      const secrets = new Map<string, string>()
      try {
        for (const { name, sealed } of await sealedSecrets(db, which))
          secrets.set(name, openSecret(deps.secretKey, { ...which, name }, sealed))
      } catch (error) {
        return ok({ ok: false, code: 'auth_failed', message: (error as Error).message, pointer: null })
      }
      return ok(await checkConnection({ ...deps, plugin, connectionId: id, config: record.config, secrets }))
    },

    async secrets(access, id) {
      const record = await getRecord(db, connectionRecords, access, id)
      if (!record) return notFound
      return ok(await secretNames(db, { organizationId: access.organizationId, connectionId: id }))
    },

    setSecret: (access, id, name, value) =>
      change(access, id, 'changed', async (trx, before) => {
        const refusal = badNames([name])
        if (refusal) return refusal
        await seal(trx, access, id, name, value)
        await log(trx, access, `secret_set:${name}`, null, before)
        return ok(null)
      }),

    removeSecret: (access, id, name) =>
      change(access, id, 'changed', async (trx, before) => {
        if (!(await removeSecret(trx, { ...access, connectionId: id }, name))) return notFound
        await log(trx, access, `secret_removed:${name}`, null, before)
        return ok(null)
      }),
  }
}

const pinned: Refusal = {
  kind: 'conflict',
  message: "It is set by the hub's configuration file; change it there and restart the hub.",
}

/** A caller limited to sites sees the organization's connections and changes only those of its sites. */
function notFor(access: ConnectionAccess, siteId: string | null): Refusal | undefined {
  if (access.siteIds === null || (siteId !== null && access.siteIds.includes(siteId))) return undefined
  return { kind: 'forbidden', message: 'This key is limited to sites, and the connection belongs to none of them.' }
}

function problemsOf(plugin: LoadedPlugin | undefined, config: unknown): Refusal | undefined {
  if (plugin?.kind !== 'ready')
    return {
      kind: 'invalid',
      problems: [{ pointer: '/pluginId', message: plugin?.reason ?? 'is not installed on this hub' }],
    }
  if (plugin.definition.connectable === false)
    return {
      kind: 'invalid',
      problems: [{ pointer: '/pluginId', message: 'has nothing to connect; the hub uses it as it is' }],
    }
  const checked = plugin.validateConfig(config)
  if (checked.kind === 'valid') return undefined
  return {
    kind: 'invalid',
    problems: checked.problems.map(({ pointer, message }) => ({ pointer: `/config${pointer}`, message })),
  }
}

function badNames(names: readonly string[]): Refusal | undefined {
  const wrong = names.filter((name) => !secretName.test(name))
  if (wrong.length === 0) return undefined
  return {
    kind: 'invalid',
    problems: wrong.map((name) => ({ pointer: `/secrets/${name}`, message: 'is no name for a secret' })),
  }
}

function configVersion(plugin: LoadedPlugin | undefined): number {
  return plugin?.kind === 'ready' ? (plugin.definition.configVersion ?? 1) : 1
}

async function siteExists(trx: Trx, organizationId: string, siteId: string): Promise<boolean> {
  const row = await trx
    .selectFrom('site')
    .select('site_id')
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .where('archived_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}
