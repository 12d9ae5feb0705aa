// Owns the context that a plugin's set-up receives: every door checked against what the plugin declared.
// Must not keep state of its own; registrations go to the scope, secrets are opened by the connection.
import type { Kysely } from 'kysely'
import type { Clock } from '../domain/clock.ts'
import type { NewId } from '../domain/ids.ts'
import type { Log } from '../domain/log.ts'
import type { AnyPlugin, CapabilityName, Ctx, Permission } from '../plugin/index.ts'
import { parseCron } from './cron.ts'
import { guardedFetch } from './guarded-fetch.ts'
import { guardedSocket } from './guarded-socket.ts'
import { checkFragment } from './openapi-merge.ts'
import type { Interceptor, Scope } from './scope.ts'

export interface ContextParts {
  plugin: AnyPlugin
  connection: Ctx<unknown, CapabilityName>['connection']
  config: unknown
  scope: Scope
  log: Log
  clock: Clock
  newId: NewId
  zone: string
  hubReferences: ReadonlySet<string>
  secret(name: string): Promise<string>
  /** The plugin's own schema; undefined when it did not ask for one. */
  db: Kysely<unknown> | undefined
}

export function pluginContext(parts: ContextParts): Ctx<unknown, CapabilityName> {
  const { plugin, connection, config, scope, log, clock, newId, zone } = parts
  const permissions: readonly Permission[] = plugin.permissions ?? []
  const need = (permission: Permission) => {
    if (!permissions.includes(permission))
      throw new Error(`the plugin ${plugin.id} does not declare the permission ${permission}`)
  }
  return {
    connection,
    config,
    log,
    clock,
    newId,
    signal: scope.signal,
    fetch: guardedFetch({ permissions, config, signal: scope.signal }),
    webSocket: guardedSocket({ permissions, config, signal: scope.signal, clock }),
    async secret(name) {
      need(`secret:${name}`)
      return parts.secret(name)
    },
    get db() {
      need('db')
      if (!parts.db) throw new Error('this hub gives plugins no schema of their own')
      return parts.db
    },
    provide(name, implementation) {
      if (!plugin.capabilities.includes(name))
        throw new Error(`the plugin ${plugin.id} does not declare the capability ${name}`)
      return scope.provide(name, implementation)
    },
    on: (type, handle) =>
      // The event that arrives is of the type asked for; the scope keeps handlers of all types together.
      scope.handler({ type, handle: (event, guard) => handle(event as Parameters<typeof handle>[0], guard) }),
    intercept: (point, answer, options) =>
      scope.interceptor({ point, answer: answer as Interceptor['answer'], options }),
    every(cron, name, run) {
      parseCron(cron, zone)
      return scope.schedule({ name, cron, run })
    },
    route(fragment, fetch) {
      checkFragment(fragment, parts.hubReferences)
      return scope.route({ fragment, fetch })
    },
    inbound(fetch) {
      need('inbound')
      return scope.onInbound({ fetch })
    },
    upgrade(path, handler) {
      need(`sockets:${path}`)
      return scope.upgrade({ path, handler })
    },
  }
}
