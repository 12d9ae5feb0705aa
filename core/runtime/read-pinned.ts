// Owns reading the file of connections that an operator pins.
// Must not check what it says; the host does.
import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { HubError } from '../domain/hub-error.ts'
import type { PinnedConnection } from '../host/pin-connections.ts'

export function readPinned(path: string): PinnedConnection[] {
  try {
    const content = parseYaml(readFileSync(path, 'utf8')) as { connections?: PinnedConnection[] } | null
    return content?.connections ?? []
  } catch (cause) {
    throw new HubError('bad_configuration', `BAYWATT_CONFIG: ${path} cannot be read as YAML`, { cause })
  }
}
