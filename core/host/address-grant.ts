// Owns which addresses a plugin may call: the hosts of its `net:` permissions, and those of addresses in its configuration.
// Must not open anything; fetch and WebSocket ask here before they do.
import { HubError } from '../domain/hub-error.ts'
import { pointerParts } from '../domain/json-pointer.ts'

export interface AddressGrant {
  permissions: readonly string[]
  /** For `net:config:/pointer`: the host of the address in that field. */
  config: unknown
}

/** Refuses what is not of `protocols` or goes to a host that was not granted. */
export function addressGuard(grant: AddressGrant, protocols: readonly string[]): (url: URL) => void {
  const hosts = grantedHosts(grant)
  return (url) => {
    if (!protocols.includes(url.protocol)) throw refused(`${url.protocol} is not spoken here`)
    const granted = hosts.some((host) => {
      if (host === '*') return true
      if (host.startsWith('*.')) return url.hostname.endsWith(host.slice(1))
      return host.includes(':') ? url.host === host : url.hostname === host
    })
    if (!granted) throw refused(`This plugin was not granted the permission net:${url.hostname}.`)
  }
}

const refused = (message: string) => new HubError('fetch_refused', message, { level: 'warn', status: 502 })

function grantedHosts({ permissions, config }: AddressGrant): string[] {
  return permissions.flatMap((permission) => {
    if (!permission.startsWith('net:')) return []
    const host = permission.slice('net:'.length)
    if (!host.startsWith('config:')) return [host.toLowerCase()]
    const address = at(config, host.slice('config:'.length))
    return typeof address === 'string' && URL.canParse(address) ? [new URL(address).host] : []
  })
}

function at(value: unknown, pointer: string): unknown {
  return pointerParts(pointer).reduce<unknown>(
    (inside, part) =>
      typeof inside === 'object' && inside !== null && Object.hasOwn(inside, part)
        ? (inside as Record<string, unknown>)[part]
        : undefined,
    value,
  )
}
