// Owns finding, in what a station answered or reported, the things it has: profiles, certificates, tariffs, messages.
// Must not depend on how an answer wraps them: versions and translators differ, the identifying members do not.
import type { CertificateHash } from '../station-command.ts'
import type { DesiredKind } from './desired-item.ts'
import type { Aim } from './known-item.ts'

type Thing = Record<string, unknown>

const deepest = 8

/** Objects anywhere in `answer` that have what identifies a thing of this kind. */
export function thingsThere(kind: DesiredKind, answer: unknown): Thing[] {
  const found: Thing[] = []
  const walk = (node: unknown, depth: number): void => {
    if (depth > deepest || typeof node !== 'object' || node === null) return
    if (Array.isArray(node)) {
      for (const item of node) walk(item, depth + 1)
      return
    }
    if (identityThere(kind, node as Thing) !== null) found.push(node as Thing)
    for (const value of Object.values(node)) walk(value, depth + 1)
  }
  walk(answer, 0)
  return found
}

/** What tells one thing of its kind from the others at a station; null where it is no such thing. */
function identityThere(kind: DesiredKind, thing: Thing): string | null {
  switch (kind) {
    case 'profile':
      return 'stackLevel' in thing ? text(thing.profileId ?? thing.id) : null
    case 'display_message':
      return 'priority' in thing ? text(thing.messageId ?? thing.id) : null
    case 'default_tariff':
      return text(thing.tariffId)
    case 'root_certificate':
      return 'issuerKeyHash' in thing ? serial(thing.serialNumber) : null
    case 'setting':
    case 'local_list':
    case 'network_profile':
      return null
  }
}

/** Of what is or was wanted; null for things that need none. */
export function identityOf(kind: DesiredKind, value: unknown): string | null {
  const of = (value ?? {}) as Partial<Record<string, Thing>>
  switch (kind) {
    case 'profile':
      return text(of.profile?.profileId)
    case 'display_message':
      return text(of.message?.messageId)
    case 'default_tariff':
      return text(of.tariff?.tariffId)
    case 'setting':
    case 'local_list':
    case 'network_profile':
    case 'root_certificate':
      return null
  }
}

/** The thing that stands at the station for this aim; undefined when there is none. */
export function thingFor(
  aim: Pick<Aim, 'kind'> & { value: unknown },
  things: readonly Thing[],
  hashes: readonly CertificateHash[],
): Thing | undefined {
  if (aim.kind === 'root_certificate') {
    return things.find((thing) =>
      hashes.some(
        (hash) =>
          serial(thing.serialNumber) === serial(hash.serialNumber) &&
          String(thing.issuerKeyHash).toLowerCase() === hash.issuerKeyHash.toLowerCase(),
      ),
    )
  }
  const identity = identityOf(aim.kind, aim.value)
  return things.find((thing) => identityThere(aim.kind, thing) === identity)
}

function text(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

/** Serial numbers come with and without leading zeros (OCPP 2.0.1 CertificateHashDataType says without). */
function serial(value: unknown): string | null {
  return typeof value === 'string' ? value.toLowerCase().replace(/^0+(?=.)/, '') : null
}
