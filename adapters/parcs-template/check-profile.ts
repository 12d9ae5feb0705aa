// Owns telling a good profile from a bad one, each fault with the JSON pointer of its place.
// Must not read files; who has the text brings it parsed.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { type FieldError, factSchemas, isTimePattern, isTimeZone, pointerTo } from '../../core/plugin/index.ts'
import { canonicalParts } from './canonical.ts'
import type { ActionMap, FactMap, HmacRules, Profile, RequestTemplate, Step } from './profile.ts'
import { profileSchema } from './profile-schema.ts'

export type CheckedProfile = { kind: 'ok'; profile: Profile } | { kind: 'wrong'; errors: readonly FieldError[] }

const mostErrors = 30
const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, strictTypes: false, discriminator: true })
let compiled: ValidateFunction<Profile> | undefined

export function checkProfile(value: unknown): CheckedProfile {
  // Seconds of work, which a hub without such a vendor does not have at its start.
  compiled ??= ajv.compile<Profile>(profileSchema)
  const validate = compiled
  if (!validate(value)) return { kind: 'wrong', errors: (validate.errors ?? []).map(told).slice(0, mostErrors) }
  const errors = faultsOf(value)
  return errors.length > 0 ? { kind: 'wrong', errors: errors.slice(0, mostErrors) } : { kind: 'ok', profile: value }
}

/** What the schema cannot say: names that must be known elsewhere, patterns, zones, texts that are signed. */
function faultsOf(profile: Profile): FieldError[] {
  const { polls = [], webhooks = [], actions = {}, auth, zone, check } = profile
  return [
    ...(zone !== undefined && !isTimeZone(zone) ? [fault('/zone', 'is not an IANA time zone')] : []),
    ...everyStep(profile, '').flatMap(({ step, at }) => stepFaults(profile, step, at)),
    ...everyBoundless(profile, ''),
    ...(auth?.kind === 'hmac' ? hmacFaults(auth, '/auth') : []),
    ...repeated(polls, 'name', '/polls'),
    ...repeated(webhooks, 'path', '/webhooks'),
    ...polls.flatMap(({ facts, request, paging, cursor }, i) => [
      ...factFaults(facts, `/polls/${i}/facts`),
      ...requestFaults(request, `/polls/${i}/request`),
      ...(request.method === 'GET' || request.method === 'POST'
        ? []
        : [fault(`/polls/${i}/request/method`, 'a poll asks by GET or POST')]),
      ...(paging?.kind === 'since' && cursor === undefined
        ? [fault(`/polls/${i}/paging`, 'goes on from the cursor, and there is none')]
        : []),
      ...(paging?.kind === 'since' && cursor?.kind === 'token'
        ? [fault(`/polls/${i}/cursor/kind`, 'has to be time or number to go on from')]
        : []),
    ]),
    ...webhooks.flatMap(({ facts, auth: proof }, i) => [
      ...factFaults(facts, `/webhooks/${i}/facts`),
      ...(proof.kind === 'hmac' ? hmacFaults(proof, `/webhooks/${i}/auth`) : []),
      ...(proof.kind === 'hmac' &&
      proof.replaySeconds !== undefined &&
      !proof.canonical.includes('{timestamp}') &&
      !proof.canonical.includes('{nonce}')
        ? [fault(`/webhooks/${i}/auth/replaySeconds`, 'needs a {timestamp} or {nonce} in the canonical text')]
        : []),
    ]),
    ...Object.entries(actions).flatMap(([kind, map]) => actionFaults(map, `/actions/${kind}`)),
    ...(check ? requestFaults(check, '/check') : []),
  ]
}

function actionFaults({ request, ask, repeatable, answers = [] }: ActionMap, at: string): FieldError[] {
  return [
    ...requestFaults(request, `${at}/request`),
    ...(ask ? requestFaults(ask.request, `${at}/ask/request`) : []),
    ...(!repeatable && request.method === 'GET' ? [fault(`${at}/request/method`, 'a GET changes nothing')] : []),
    ...answers.flatMap(({ means }, i) =>
      means === 'not_done' ? [fault(`${at}/answers/${i}/means`, 'not_done is an answer to "ask" only; say later')] : [],
    ),
  ]
}

function requestFaults({ path, values = {} }: RequestTemplate, at: string): FieldError[] {
  const names = [...path.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
  return names
    .filter((name) => !Object.hasOwn(values, name))
    .map((name) => fault(`${at}/path`, `{${name}} is not among "values"`))
}

function factFaults(facts: readonly FactMap[], at: string): FieldError[] {
  return [
    ...repeated(facts, 'name', at),
    ...facts.flatMap(({ fact, data = {}, credentials, stayRef, device }, i) => {
      const schema = factSchemas[fact] as {
        required: readonly string[]
        properties: { data: { required: readonly string[]; properties: Readonly<Record<string, unknown>> } }
      }
      const known = schema.properties.data.properties
      const inside = fact === 'stay.corrected' ? changedNames : Object.keys(known)
      const given = [...Object.keys(data), ...(credentials ? ['credentials'] : [])]
      const required = schema.properties.data.required.filter((name) => name !== 'changed' && name !== 'credentials')
      return [
        ...given
          .filter((name) => !inside.includes(name))
          .map((name) => fault(`${at}/${i}/data/${name}`, `${fact} knows ${inside.join(', ')}`)),
        ...required
          .filter((name) => !given.includes(name))
          .map((name) => fault(`${at}/${i}/data`, `${fact} needs "${name}"`)),
        ...(schema.required.includes('stayRef') && !stayRef ? [fault(`${at}/${i}`, `${fact} needs "stayRef"`)] : []),
        ...(schema.required.includes('device') && !device ? [fault(`${at}/${i}`, `${fact} needs "device"`)] : []),
      ]
    }),
  ]
}

/** What `data` of a stay.corrected fills: the fields of `changed`, and who did it. */
const changedNames = ['enteredAt', 'exitedAt', 'plate', 'parkerKind', 'credentials', 'operator']

function stepFaults({ lookups = {} }: Profile, step: Step, at: string): FieldError[] {
  if (step.do === 'lookup' && !Object.hasOwn(lookups, step.table))
    return [fault(`${at}/table`, 'is not among "lookups"')]
  if (step.do !== 'time') return []
  const { patterns = [], epoch, zone } = step
  return [
    ...patterns.flatMap((pattern, i) =>
      isTimePattern(pattern) ? [] : [fault(`${at}/patterns/${i}`, 'needs yyyy, MM, dd, HH and mm, each once')],
    ),
    ...(patterns.length > 0 && epoch ? [fault(`${at}/epoch`, 'stands instead of patterns')] : []),
    ...(zone !== undefined && !isTimeZone(zone) ? [fault(`${at}/zone`, 'is not an IANA time zone')] : []),
  ]
}

function hmacFaults(
  { canonical, format, header, timestampHeader, nonceHeader, timestamp }: HmacRules,
  at: string,
): FieldError[] {
  const parts = [...canonical.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
  const carried = (name: string, own: string | undefined) => own !== undefined || (format ?? '').includes(`{${name}}`)
  return [
    ...parts
      .filter((name) => !(canonicalParts as readonly string[]).includes(name))
      .map((name) => fault(`${at}/canonical`, `{${name}} is not known; there are ${canonicalParts.join(', ')}`)),
    ...(parts.includes('body') || parts.includes('bodyHash')
      ? []
      : [fault(`${at}/canonical`, 'has to hold {body} or {bodyHash}: else anybody could change the body')]),
    ...(format !== undefined && !format.includes('{signature}') ? [fault(`${at}/format`, 'needs {signature}')] : []),
    ...(parts.includes('timestamp') && !carried('timestamp', timestampHeader)
      ? [fault(`${at}/timestampHeader`, 'says where {timestamp} stands, unless "format" holds it')]
      : []),
    ...(parts.includes('nonce') && !carried('nonce', nonceHeader)
      ? [fault(`${at}/nonceHeader`, 'says where {nonce} stands, unless "format" holds it')]
      : []),
    ...(timestamp !== undefined && !parts.includes('timestamp')
      ? [fault(`${at}/canonical`, 'has to hold {timestamp}: a time that is not signed proves nothing')]
      : []),
    ...(header.toLowerCase() === timestampHeader?.toLowerCase()
      ? [fault(`${at}/timestampHeader`, 'is the signature’s own')]
      : []),
  ]
}

/** Every list of steps in the profile, wherever values are taken. */
function everyStep(value: unknown, at: string): { step: Step; at: string }[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = `${at}${pointerTo(name)}`
    if (name === 'steps' && Array.isArray(inner))
      return (inner as Step[]).map((step, i) => ({ step, at: `${here}/${i}` }))
    return everyStep(inner, here)
  })
}

/** A value that says neither where it stands nor what it is. */
function everyBoundless(value: unknown, at: string): FieldError[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = `${at}${pointerTo(name)}`
    const own = inner as { steps?: unknown; path?: unknown; const?: unknown; param?: unknown } | null
    const faulty =
      typeof own === 'object' &&
      own !== null &&
      Array.isArray(own.steps) &&
      own.path === undefined &&
      own.const === undefined
    return [...(faulty ? [fault(here, 'needs "path" or "const"')] : []), ...everyBoundless(inner, here)]
  })
}

function repeated<T>(list: readonly T[], name: keyof T & string, at: string): FieldError[] {
  return list.flatMap((each, i) =>
    list.findIndex((other) => other[name] === each[name]) < i
      ? [fault(`${at}/${i}/${name}`, 'stands there twice')]
      : [],
  )
}

function told({ instancePath, keyword, params, message = 'is wrong' }: ErrorObject): FieldError {
  switch (keyword) {
    case 'required':
      return fault(`${instancePath}${pointerTo(params.missingProperty)}`, 'is required')
    case 'additionalProperties':
      return fault(`${instancePath}${pointerTo(params.additionalProperty)}`, 'is not known here')
    case 'enum':
      return fault(instancePath, `must be one of ${(params.allowedValues as unknown[]).join(', ')}`)
    default:
      return fault(instancePath, message)
  }
}

function fault(pointer: string, message: string): FieldError {
  return { pointer, message }
}
