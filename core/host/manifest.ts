// Owns what a plugin must be before any of its code is called: its definition's rules, and whether this hub may run it.
// Must not look at connections.
import semver from 'semver'
import { type AnyPlugin, capabilityNames } from '../plugin/index.ts'
import { compileConfigSchema, type ValidateConfig } from './validate-config.ts'

/** The generations of the contract that this hub speaks. */
const apiVersions: readonly number[] = [1]

export type LoadedPlugin =
  | {
      kind: 'ready'
      definition: AnyPlugin
      validateConfig: ValidateConfig
      /** The path of its code's folder; only for a plugin that ships with the hub. */
      folder: string | undefined
    }
  /** Well made, but for another hub. */
  | { kind: 'incompatible'; definition: AnyPlugin; reason: string }
  /** Cannot be used at all. */
  | { kind: 'refused'; id: string; title: string; reason: string }

export function loadPlugin(definition: AnyPlugin, hubVersion: string, folder?: string): LoadedPlugin {
  const problems = problemsOf(definition)
  const { id, title } = definition
  if (problems.length > 0) return { kind: 'refused', id: String(id), title: String(title), reason: problems.join('; ') }
  if (!apiVersions.includes(definition.apiVersion))
    return {
      kind: 'incompatible',
      definition,
      reason: `it speaks contract generation ${definition.apiVersion}, this hub ${apiVersions.join(', ')}`,
    }
  if (!semver.satisfies(hubVersion, definition.hub, { includePrerelease: true }))
    return { kind: 'incompatible', definition, reason: `it is for hubs ${definition.hub}, this is ${hubVersion}` }
  let validateConfig: ValidateConfig
  try {
    validateConfig = compileConfigSchema(definition.config)
  } catch (error) {
    return {
      kind: 'refused',
      id,
      title,
      reason: `its configuration schema is no JSON Schema: ${(error as Error).message}`,
    }
  }
  if (definition.autoConnect) {
    const empty = validateConfig({})
    if (empty.kind === 'invalid')
      return {
        kind: 'refused',
        id,
        title,
        reason: `it connects by itself but needs ${empty.problems.map(({ pointer }) => pointer).join(', ')}`,
      }
  }
  return { kind: 'ready', definition, validateConfig, folder }
}

/** In the order given; of two with one id the first stands. */
export function loadPlugins(
  definitions: readonly AnyPlugin[],
  hubVersion: string,
  folders?: ReadonlyMap<string, string>,
): LoadedPlugin[] {
  const taken = new Set<string>()
  return definitions.map((definition) => {
    const loaded = loadPlugin(definition, hubVersion, folders?.get(definition.id))
    if (loaded.kind === 'refused') return loaded
    const { id, title } = definition
    if (taken.has(id)) return { kind: 'refused', id, title, reason: `another plugin has the id ${id}` }
    taken.add(id)
    return loaded
  })
}

const permission =
  /^(net:(\*|\*\.[a-z0-9.-]+|[a-z0-9.-]+(:\d+)?|config:\/.*)|db|inbound|sockets:\/\S*|secret:[a-zA-Z][a-zA-Z0-9_.-]{0,63})$/

function problemsOf(definition: AnyPlugin): string[] {
  const { id, version, hub, capabilities, permissions = [], migrations = [], config, setup } = definition
  const known: readonly string[] = capabilityNames
  const problems = [
    // The id is part of a schema's name (63 bytes), a path and a job's queue.
    ...(typeof id === 'string' && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) && id.length <= 48
      ? []
      : [`its id ${JSON.stringify(id)} is not kebab-case of at most 48 characters`]),
    ...(semver.valid(version) ? [] : [`its version ${JSON.stringify(version)} is no semantic version`]),
    ...(semver.validRange(hub) === null ? [`its range of hubs ${JSON.stringify(hub)} is no semver range`] : []),
    ...(Array.isArray(capabilities) ? [] : ['it lists no capabilities']),
    ...(typeof config === 'object' && config !== null ? [] : ['its configuration schema is no object']),
    ...(typeof setup === 'function' ? [] : ['it has no set-up']),
    ...(capabilities ?? [])
      .filter((name) => !known.includes(name))
      .map((name) => `this hub does not know the capability ${name}`),
    ...permissions
      .filter((each) => !permission.test(each))
      .map((each) => `this hub does not know the permission ${each}`),
    ...migrations
      .filter(({ name }) => !/^\d{4}-[a-z0-9-]+$/.test(name))
      .map(({ name }) => `its migration ${name} is not named like 0001-words`),
  ]
  const offered = Object.keys(definition.offers ?? {})
  problems.push(
    ...offered.filter((name) => !capabilities?.includes(name)).map((name) => `it offers ${name} and does not list it`),
  )
  if (definition.connectable === false && definition.autoConnect)
    problems.push('it connects by itself but cannot be connected')
  if (migrations.length > 0 && !permissions.includes('db')) problems.push('it has migrations but not the permission db')
  return problems
}
