// Owns the hub's own version, read once from package.json beside the code.
// Must not be repeated anywhere by hand.
import { existsSync, readFileSync } from 'node:fs'

// Two levels up in the source tree, three in a build (dist/).
const places = ['../../package.json', '../../../package.json'].map((path) => new URL(path, import.meta.url))
const place = places.find((url) => existsSync(url))

export const hubVersion: string =
  place === undefined ? '0.0.0' : (JSON.parse(readFileSync(place, 'utf8')) as { version: string }).version
