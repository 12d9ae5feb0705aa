// Owns the proof that no body of a partner, however broken, does more than earn a refusal that names what is wrong.
// Must not test what a good body becomes.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type FieldError,
  readPlace,
  readRight,
  readSession,
  readSubscription,
} from '../../../adapters/apds/object-schemas.ts'
import apdsServer from '../../../adapters/apds/server/index.ts'
import type { AnyPlugin } from '../../../core/plugin/index.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'
import { faultsOf } from './apds-facts.ts'

const clientSecret = 'a secret of the APDS partner'
let database: TestDatabase
let apds: OpenConnection
let authorization: string
beforeAll(async () => {
  database = await createTestDatabase()
  apds = await openConnection(database, apdsServer as AnyPlugin, {
    config: { clientId: 'p', scopes: ['sp', 'po'], notifyUrl: 'http://127.0.0.1:1/hook' },
    secrets: { clientSecret },
  })
  const form = { grant_type: 'client_credentials', client_id: 'p', client_secret: clientSecret }
  const response = await fetch(`${apds.url}/auth`, { method: 'POST', body: new URLSearchParams(form) })
  authorization = `Bearer ${((await response.json()) as { access_token: string }).access_token}`
})
afterAll(async () => {
  await apds.stop()
  await database.drop()
})

const credential = { type: 'licensePlate', identifier: { id: 'AB 1', className: 'UKNumberPlate' } }
const right = {
  id: 'R',
  version: 1,
  expiry: '2019-03-11T10:00:00Z',
  rightSpecification: { id: 'spec', version: 1 },
  rightHolder: { credentials: [{ type: 'rfid', identifier: { id: '04A3C6CAE26180', className: 'Card' } }] },
  plannedUses: [{ startTime: '2019-03-10T10:00:00Z', endTime: '2019-03-10T18:00:00Z' }],
  payments: [
    {
      id: 'P',
      version: 1,
      serviceProvider: { id: 'p', version: 1 },
      dateCollected: '2019-03-10T10:05:00Z',
      paymentLines: [
        { id: 'L', version: 1, paymentType: 'payment', value: { currencyType: 'USD', currencyValue: 5.5 } },
        {
          id: 'M',
          version: 1,
          paymentType: 'validation',
          idCode: '7',
          value: { currencyType: 'USD', currencyValue: 1 },
        },
      ],
    },
  ],
}
const session = {
  id: 'S',
  version: 1,
  actualStart: '2019-03-10T10:00:00Z',
  actualEnd: '2019-03-10T11:00:00Z',
  identifiedCredentials: [credential],
  identifiedVehicle: { country: 'gb' },
  segments: [
    {
      id: 'S.1',
      version: 1,
      actualStart: '2019-03-10T10:00:00Z',
      validationType: ['licensePlate'],
      assignedRight: right,
      spaceId: { id: 'bay', version: 1 },
    },
  ],
}
const place = {
  id: 'site',
  hierarchyElementReference: {
    elementId: { id: 'site', version: 1 },
    supply: [{ supplyViewType: 'spaceView', supplyQuantity: 10 }],
    demandTable: [
      {
        timestamp: '2019-03-10T10:00:00Z',
        demandType: [{ count: 3, percentage: 30, recordDateTime: '2019-03-10T10:00:00Z' }],
        demandSpaceType: [{ spaceId: { id: 'bay', className: 'Space' }, detectionUpdateTime: '2019-03-10T10:00:00Z' }],
      },
    ],
  },
}
const subscription = { endpoint: 'http://127.0.0.1:1/hook', topics: ['SessionCreated'] }

type Path = readonly (string | number)[]
const pathsOf = (value: unknown, at: Path = []): Path[] =>
  typeof value === 'object' && value !== null
    ? [
        at,
        ...Object.entries(value).flatMap(([name, inner]) =>
          pathsOf(inner, [...at, Array.isArray(value) ? Number(name) : name]),
        ),
      ]
    : [at]
const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as unknown
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e300, 9_007_199_254_740_991, '', ' ', [], {}, [null], [[]]),
  fc.constantFrom<unknown>('\0', '\ud800', '2019-02-30T00:00:00Z', '2019-03-10T10:00:00', '9999-12-31T23:59:59Z'),
  fc.constantFrom<unknown>('x'.repeat(300), '__proto__', { __proto__: 1, constructor: 1 }, deep(20), deep(200)),
  fc.constantFrom<unknown>('2019-03-10T09:00:00-11:30', '2001-01-01T00:00:00Z', 2, 'ZZZ', 'electronicID', 'ENERGY'),
  fc.string({ unit: 'binary', maxLength: 20 }),
)

/** One to three places of it replaced, left out, or said twice. */
function broken(valid: object): fc.Arbitrary<unknown> {
  const one = fc.record({
    path: fc.constantFrom(...pathsOf(valid)),
    what: fc.constantFrom('replace', 'replace', 'remove', 'double'),
    by: odd,
  })
  return fc.array(one, { minLength: 1, maxLength: 3 }).map((changes) => {
    const holder: { all: unknown } = { all: structuredClone(valid) }
    for (const { path, what, by } of changes) {
      const names = ['all', ...path]
      const last = names.pop() ?? ''
      const parent = names.reduce<unknown>((at, name) => (at as Record<string, unknown> | null)?.[name], holder)
      if (typeof parent !== 'object' || parent === null) continue
      const here = parent as Record<string, unknown>
      if (what === 'replace') here[last] = by
      else if (what === 'remove') delete here[last]
      else if (Array.isArray(parent)) parent.push(...(structuredClone(parent) as unknown[]))
      else here[`${last}2`] = here[last]
    }
    return holder.all
  })
}

const kinds = [
  ['session', session, readSession],
  ['assigned right', right, readRight],
  ['place', place, readPlace],
  ['subscription', subscription, readSubscription],
] as const

describe('a parser', () => {
  test.each(kinds)('of a %s takes it or says where it is wrong', (_, valid, read) => {
    expect(read(valid)).toMatchObject({ kind: 'ok' })
    const judged = (json: unknown) => {
      const parsed = read(json)
      if (parsed.kind === 'ok') return
      expect(parsed.errors.length).toBeGreaterThan(0)
      for (const { pointer, message } of parsed.errors as FieldError[]) {
        expect(pointer).toMatch(/^(\/.*)?$/su)
        expect(message).not.toBe('')
      }
    }
    fc.assert(fc.property(broken(valid), judged), { numRuns: 500 })
    fc.assert(fc.property(fc.jsonValue(), judged), { numRuns: 200 })
  })
})

describe('a call', () => {
  const send = async (method: string, path: string, body: string) => {
    const headers = { authorization, 'content-type': 'application/json' }
    const response = await fetch(`${apds.url}/${path}`, { method, headers, body })
    return { status: response.status, body: (await response.json()) as { message?: string } }
  }
  const stored = async () => {
    const count = async (table: string) =>
      (await database.pool.query(`select count(*)::int as n from ${table}`)).rows[0].n as number
    return [
      await count('parking_fact'),
      await count('plugin_apds_server.document'),
      await count('plugin_apds_server.subscription'),
    ]
  }
  let calls = 0
  /** Refused with a reason and nothing written, or taken. */
  const judged = async (method: string, path: string, text: string) => {
    const before = await stored()
    const { status, body } = await send(method, path, text)
    expect([200, 201, 400, 404, 409, 413]).toContain(status)
    expect(faultsOf('responseStatus', body)).toEqual([])
    if (status < 300) return
    expect(body.message).not.toBe('')
    expect(await stored()).toEqual(before)
  }
  /** Names of its own for each, so that no call meets what another one left. */
  const fresh = (text: string) => {
    calls += 1
    return text.replaceAll(/"id":"([SRPLM](\.1)?)"/g, `"id":"$1-${calls}"`)
  }

  test.each([
    ['POST', 'sessions', session],
    ['POST', 'rights/assigned', right],
    ['POST', 'webhooks', subscription],
  ])('%s %s with a broken body', async (method, path, valid) => {
    expect((await send(method, path, fresh(JSON.stringify(valid)))).status).toBeLessThan(300)
    await fc.assert(
      fc.asyncProperty(broken(valid), (json) => judged(method, path, fresh(JSON.stringify(json) ?? 'undefined'))),
      { numRuns: 80 },
    )
  })

  test('PUT of the place with a broken body', async () => {
    const { siteId } = apds.garage
    await fc.assert(
      fc.asyncProperty(broken({ ...place, id: siteId }), (json) =>
        judged('PUT', `places/${siteId}`, JSON.stringify(json) ?? ''),
      ),
      { numRuns: 60 },
    )
  })

  test.each([
    ['money of a currency that is none', { value: { currencyType: 'ZZZ', currencyValue: 5 } }],
    ['money of too many digits', { value: { currencyType: 'USD', currencyValue: 5.555 } }],
    ['more money than there is', { value: { currencyType: 'USD', currencyValue: 999_999_999.99 } }],
    ['a reduction below nothing', { paymentType: 'validation', value: { currencyType: 'USD', currencyValue: -5 } }],
  ])('with %s in one of its lines leaves nothing of the session', async (_, line) => {
    const [first] = right.payments
    const payments = [
      {
        ...first,
        paymentLines: [...(first?.paymentLines ?? []), { id: 'N', version: 1, paymentType: 'payment', ...line }],
      },
    ]
    const [segment] = session.segments
    const whole = { ...session, segments: [{ ...segment, assignedRight: { ...right, payments } }] }
    await judged('POST', 'sessions', fresh(JSON.stringify(whole)))
    await judged('POST', 'rights/assigned', fresh(JSON.stringify({ ...right, payments })))
  })

  test.each([
    ['no JSON', '{"id":'],
    ['nothing', ''],
    ['a body that is nested without end', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['a name said twice', '{"id":"S","id":"T","version":1}'],
    ['numbers without end', `{"id":"S","version":${'9'.repeat(5_000)}}`],
    ['more than a megabyte', JSON.stringify({ ...session, more: 'x'.repeat(1_100_000) })],
  ])('with %s', async (_, text) => {
    for (const path of ['sessions', 'rights/assigned', 'webhooks']) await judged('POST', path, text)
  })
})
