// Owns the command that tries a profile on a capture: its options, what it prints, and the code it ends with.
// Must not end the process; whoever started it does.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { isTimeZone } from '../../../core/plugin/index.ts'
import { checkProfile } from '../check-profile.ts'
import { shippedProfile } from '../shipped-profiles.ts'
import { readCapture } from './read-capture.ts'
import { type Tried, tryProfile } from './try-profile.ts'

export const tryUsage = `npm run parcs:try -- --profile FILE [--capture FILE] [--zone ZONE] [--currency CODE] [--json]

--profile   a vendor profile in YAML or JSON, or the name of one that ships with the hub
--capture   a HAR file, or lines of JSON:
              {"kind": "answer", "path": "/v1/movements?page=1", "body": {…}}
              {"kind": "webhook", "path": "events", "body": {…}}
            Left out: the profile alone is checked.
--zone      the site's time zone (UTC), for a profile that names none
--currency  the site's currency (EUR), for a profile that names none
--json      one line of JSON for each record, and one for the summary

Ends with 0 when every record was understood, with 1 when one was not, with 2 when the profile or capture cannot be used.`

/** @returns the exit code */
export function tryCommand(args: readonly string[], now: Date, print: (line: string) => void): number {
  let options: { profile?: string; capture?: string; zone: string; currency: string; json: boolean; help: boolean }
  try {
    const text = { type: 'string' } as const
    const { values } = parseArgs({
      args: [...args],
      options: {
        profile: text,
        capture: text,
        zone: { ...text, default: 'UTC' },
        currency: { ...text, default: 'EUR' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    options = values
  } catch (error) {
    print(`${messageOf(error)}\n\n${tryUsage}`)
    return 2
  }
  const { profile: name, capture: captureFile, zone, currency, json, help } = options
  if (help) {
    print(tryUsage)
    return 0
  }
  if (name === undefined || !isTimeZone(zone) || !/^[A-Z]{3}$/.test(currency)) {
    print(
      `${name === undefined ? 'Say which profile: --profile FILE.' : 'No such zone, or no code of a currency.'}\n\n${tryUsage}`,
    )
    return 2
  }
  let document: unknown
  try {
    document = shippedProfile(name) ?? parse(readFileSync(name, 'utf8'), { maxAliasCount: 20 })
  } catch (error) {
    print(`The profile ${name} cannot be read: ${messageOf(error)}`)
    return 2
  }
  const checked = checkProfile(document)
  if (checked.kind === 'wrong') {
    print(`The profile ${name} is wrong:`)
    for (const { pointer, message } of checked.errors) print(`  ${pointer || '/'} ${message}`)
    return 2
  }
  const { profile } = checked
  if (profile.ask?.length) {
    print(`The profile "${profile.title}" is not filled in yet. What is known:`)
    for (const each of profile.known ?? []) print(`  - ${each}`)
    print('What has to be asked of the vendor:')
    for (const each of profile.ask) print(`  - ${each}`)
    return 2
  }
  if (captureFile === undefined) {
    print(`The profile "${profile.title}" is well formed. Try it on a capture: --capture FILE.`)
    return 0
  }
  let text: string
  try {
    text = readFileSync(captureFile, 'utf8')
  } catch (error) {
    print(`The capture ${captureFile} cannot be read: ${messageOf(error)}`)
    return 2
  }
  const capture = readCapture(text)
  if (capture.kind === 'bad') {
    print(`The capture ${captureFile} cannot be read: ${capture.detail}`)
    return 2
  }
  const tried = tryProfile(profile, capture.value, { zone, currency, now })
  return told(tried, print, json)
}

function told({ records, problems }: Tried, print: (line: string) => void, json: boolean): number {
  const errors = records.flatMap((each) => each.errors)
  const silent = records.filter(({ facts, errors: own }) => facts.length === 0 && own.length === 0)
  const byType = new Map<string, number>()
  const unmapped = new Map<string, number>()
  for (const { facts, unmapped: left, pointer } of records) {
    for (const { type } of facts) byType.set(type, (byType.get(type) ?? 0) + 1)
    // Told once for all records: a field has one name wherever it stands.
    for (const leaf of left) {
      const field = leaf.slice(pointer.length).replace(/\/\d+(?=\/|$)/g, '/*')
      unmapped.set(field, (unmapped.get(field) ?? 0) + 1)
    }
  }
  const summary = {
    records: records.length,
    facts: Object.fromEntries(byType),
    faults: errors.length + problems.length,
    withoutFact: silent.length,
    unmapped: Object.fromEntries(unmapped),
  }
  const code = summary.faults > 0 || records.length === 0 ? 1 : 0
  if (json) {
    for (const each of [...records, ...problems]) print(JSON.stringify(each))
    print(JSON.stringify({ summary }))
    return code
  }
  for (const { place, message } of problems) print(`${place}: ${message}`)
  for (const { place, source, pointer, facts, errors: own } of records) {
    print(`${place}, ${source} ${pointer || '/'}`)
    for (const { type, id, occurredAt, stayRef, data } of facts)
      print(`  ${type} ${id} at ${occurredAt.toISOString()}${stayRef ? ` of ${stayRef}` : ''} ${JSON.stringify(data)}`)
    for (const { map, pointer: where, message } of own) print(`  FAULT at ${where || '/'} (${map}): ${message}`)
    if (facts.length === 0 && own.length === 0) print('  no fact: no condition of the profile holds')
  }
  print('')
  print(
    `${records.length} records, ${[...byType.values()].reduce((sum, each) => sum + each, 0)} facts, ${summary.faults} faults, ${silent.length} without a fact`,
  )
  for (const [type, count] of byType) print(`  ${count} ${type}`)
  if (unmapped.size > 0) {
    print('Fields that no map looks at:')
    for (const [field, count] of unmapped) print(`  ${field} (in ${count} records)`)
  }
  return code
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
