// Owns calls as chargers of both versions send them, made from the official schemas and bent towards what gets far into the hub.
// Must not break them; hostile-json.ts does.
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { officialSchemas, type Version } from '../../adapters/ocpp/official-schemas.ts'
import { broken, hostileValues, torn, write } from './hostile-json.ts'
import { instants, valuesOf } from './schema-values.ts'

type Json = Record<string, unknown>

const actionsOf = (version: Version) =>
  Object.keys(officialSchemas[version])
    .filter((name) => name.endsWith('Request'))
    .map((name) => name.slice(0, -'Request'.length))
    .sort()

/** Every action of a version, whichever side sends it. */
export const actions: Readonly<Record<Version, readonly string[]>> = {
  'ocpp1.6': actionsOf('ocpp1.6'),
  'ocpp2.0.1': actionsOf('ocpp2.0.1'),
  'ocpp2.1': actionsOf('ocpp2.1'),
}

const busy2x = [
  'TransactionEvent',
  'TransactionEvent',
  'MeterValues',
  'StatusNotification',
  'Authorize',
  'BootNotification',
]

/** Most messages are about what is stored; the rest of the standard comes by now and then. */
const busy: Readonly<Record<Version, readonly string[]>> = {
  'ocpp1.6': [
    'StartTransaction',
    'StopTransaction',
    'MeterValues',
    'StatusNotification',
    'Authorize',
    'BootNotification',
  ],
  'ocpp2.0.1': busy2x,
  'ocpp2.1': busy2x,
}

const small = fc.integer({ min: 0, max: 3 })
const cards = fc.constantFrom('04A1B2C3D45000', '04A1B2C3D45100', 'STRANGER', '')

/** Few connectors, transactions and cards, so that messages meet each other. */
const hints: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  connectorId: small,
  evseId: small,
  id: small,
  idTag: cards,
  meterStart: fc.integer({ min: 0, max: 20_000 }),
  meterStop: fc.integer({ min: 0, max: 20_000 }),
  seqNo: fc.integer({ min: 0, max: 6 }),
  timestamp: instants,
  measurand: fc.constantFrom(
    'Energy.Active.Import.Register',
    'Energy.Active.Export.Register',
    'Power.Active.Import',
    'Current.Import',
    'Voltage',
    'SoC',
  ),
}

function payloads(version: Version, action: string): fc.Arbitrary<unknown> {
  const root = officialSchemas[version][`${action}Request`] as Json
  const own = version === 'ocpp1.6' ? { ...hints, transactionId: fc.integer({ min: -1, max: 30 }) } : hints
  const named = version === 'ocpp1.6' ? own : { ...own, transactionId: fc.constantFrom('T1', 'T2', 'T3', 'T4') }
  const value =
    version === 'ocpp1.6' ? fc.integer({ min: 0, max: 20_000 }).map(String) : fc.integer({ min: 0, max: 20_000 })
  return valuesOf(root, { root, hints: { ...named, value } })
}

function anyAction(version: Version): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...busy[version]) },
    { weight: 1, arbitrary: fc.constantFrom(...actions[version]) },
  )
}

const frame = (action: unknown, payload: unknown, id: unknown = randomUUID()) => write([2, id, action, payload])

/** Calls that a charger could send. */
export function goodCalls(version: Version): fc.Arbitrary<string> {
  return anyAction(version).chain((action) => payloads(version, action).map((payload) => frame(action, payload)))
}

/** Calls with one to four places of their payload broken. */
export function brokenCalls(version: Version): fc.Arbitrary<string> {
  return anyAction(version).chain((action) =>
    broken(payloads(version, action)).map((payload) => frame(action, payload)),
  )
}

/** Frames broken around the payload: ids, names, lengths, message types, answers that nobody asked for, text cut short. */
export function brokenFrames(version: Version): fc.Arbitrary<string> {
  // Not "-1": that is what answers a frame whose id could not be read.
  const id = fc.oneof(
    fc.constantFrom<unknown>(
      '',
      '__proto__',
      'constructor',
      'x'.repeat(300),
      '\u0000',
      'a\ud800',
      'ä🅿',
      7,
      1.5,
      null,
      {},
      [],
    ),
    fc.string(),
  )
  const strangeIds = fc.tuple(anyAction(version), id).map(([action, one]) => frame(action, {}, one))
  const strangeNames = fc
    .oneof(
      fc.constantFrom<unknown>(
        '',
        '__proto__',
        'constructor',
        'toString',
        ' Heartbeat',
        'heartbeat',
        'HEARTBEAT\u0000',
        'x'.repeat(5_000),
        1,
        null,
      ),
      fc.string(),
    )
    .map((action) => frame(action, {}))
  const types = fc.constantFrom<unknown>(0, 1, 3, 4, 5, 6, 7, -2, 2.5, '2', '3', null, [], 2 ** 40)
  const strangeTypes = fc
    .tuple(types, fc.array(hostileValues, { maxLength: 4 }))
    .map(([type, rest]) => write([type, randomUUID(), ...rest]))
  const lengths = fc.array(hostileValues, { maxLength: 5 }).map((list) => write([2, ...list]))
  return fc.oneof(
    strangeIds,
    strangeNames,
    strangeTypes,
    lengths,
    torn(goodCalls(version)),
    torn(brokenCalls(version)),
    fc.string(),
    hostileValues.map(write),
  )
}

const uniform = new Map<string, fc.Arbitrary<string>>()

/** Calls of one action, good and broken; the arbitrary is made once. */
export function callsOf(version: Version, action: string): fc.Arbitrary<string> {
  const key = `${version} ${action}`
  let calls = uniform.get(key)
  if (calls === undefined) {
    const good = payloads(version, action)
    const payload = fc.oneof({ weight: 1, arbitrary: good }, { weight: 3, arbitrary: broken(good) })
    calls = payload.map((each) => frame(action, each))
    uniform.set(key, calls)
  }
  return calls
}

/** What columns, exact integers and doubles end at, on both sides. */
const edges = [2 ** 31, 2 ** 53, 2 ** 63, 1e308, -(2 ** 31) - 1]

/** Calls of an action, each with one number at an edge, wherever its schema has a number or a reading as text. */
export function edgeCalls(version: Version, action: string): string[] {
  const places = new Map<string, { payload: unknown; path: string[] }>()
  for (const payload of fc.sample(payloads(version, action), { numRuns: 40, seed: 40 })) {
    for (const path of numbersIn(payload)) {
      const kind = `${path.filter((name) => !/^\d+$/.test(name)).join('/')} ${String(siblingOf(payload, path, 'measurand'))}`
      if (!places.has(kind)) places.set(kind, { payload, path })
    }
  }
  return [...places.values()].flatMap(({ payload, path }) =>
    edges.map((edge) => {
      const changed = structuredClone(payload)
      const holder = nodeAt(changed, path.slice(0, -1))
      const name = path.at(-1) ?? ''
      holder[name] = typeof holder[name] === 'string' ? String(edge) : edge
      return frame(action, changed)
    }),
  )
}

function numbersIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))) return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => numbersIn(inner, [...path, name]))
}

function nodeAt(value: unknown, path: readonly string[]): Json {
  return path.reduce((node, name) => node[name] as Json, value as Json)
}

function siblingOf(value: unknown, path: readonly string[], name: string): unknown {
  return path.length === 0 ? undefined : nodeAt(value, path.slice(0, -1))[name]
}
