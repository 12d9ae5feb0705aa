// Owns reading the vendor profiles that lie beside this code.
// Must not change them: what is unknown stays said. They are checked where any profile is, when one is used.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { Profile } from './profile.ts'

const folder = fileURLToPath(new URL('./profiles/', import.meta.url))

export const shippedProfiles: readonly Profile[] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .map((name) => parse(readFileSync(`${folder}${name}`, 'utf8'), { maxAliasCount: 20 }) as Profile)

export function shippedProfile(name: string): Profile | undefined {
  return shippedProfiles.find(({ profile }) => profile === name)
}
