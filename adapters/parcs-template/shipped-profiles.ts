// Owns reading the vendor profiles that lie beside this code.
// Must not change them: what is unknown stays said.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { checkProfile } from './check-profile.ts'
import type { Profile } from './profile.ts'

const folder = fileURLToPath(new URL('./profiles/', import.meta.url))

export const shippedProfiles: readonly Profile[] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .map((name) => {
    const checked = checkProfile(parse(readFileSync(`${folder}${name}`, 'utf8'), { maxAliasCount: 20 }))
    if (checked.kind === 'ok') return checked.profile
    throw new Error(`the profile ${name} is wrong: ${JSON.stringify(checked.errors)}`)
  })

export function shippedProfile(name: string): Profile | undefined {
  return shippedProfiles.find(({ profile }) => profile === name)
}
