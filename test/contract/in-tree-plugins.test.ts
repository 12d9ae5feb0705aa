// Owns the proof that every plugin that ships with the hub passes the suites that an outside vendor's would have to pass.
// Must not test what a plugin does for a living; its own tests do.
import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import parcsHttp from '../../adapters/parcs-http/index.ts'
import { loadPlugins } from '../../core/host/manifest.ts'
import { type AnyPlugin, type ParkingFact, type PriceInput, parcsTraitFaults } from '../../core/plugin/index.ts'
import { inTreePlugins } from '../../core/runtime/in-tree-plugins.ts'
import { hubVersion } from '../../core/runtime/version.ts'
import {
  type ExerciseOptions,
  exerciseParcs,
  exercisePlugin,
  exerciseTariff,
  type PluginTester,
} from '../../core/testing/index.ts'
import { ocpiEngine } from '../../plugins/tariff-ocpi/index.ts'
import { ocppEngine } from '../../plugins/tariff-ocpp/index.ts'
import { standardEngine } from '../../plugins/tariff-standard/index.ts'

const signing = `whsec_${Buffer.from('a test secret of thirty-two byte').toString('base64')}`
const inbound = 'a-secret-of-the-gate'
const zone = 'Europe/Berlin'
const siteId = '00000000-0000-7000-8000-0000000000aa'

/** A vendor that counts its corrections and calls with a token. */
const calledProfile = {
  profile: 'called',
  title: 'A vendor that calls',
  status: 'unknown',
  sources: [],
  webhooks: [
    {
      path: 'events',
      auth: { kind: 'bearer' },
      facts: [
        {
          name: 'e',
          fact: 'gate.passed',
          key: [{ path: '/no' }],
          revision: { path: '/version' },
          occurredAt: { path: '/when', steps: [{ do: 'time' }] },
          stayRef: { path: '/ticket' },
          credentials: [{ kind: 'plate', value: { path: '/plate' } }],
          data: { direction: { path: '/way' } },
        },
      ],
    },
  ],
}

/** What each plugin needs to start, and what it must refuse. A plugin without an entry starts with nothing. */
const options: Readonly<Record<string, ExerciseOptions>> = {
  'parcs-http': { siteId, secrets: { signing }, badConfigs: [{ config: { maxBatch: 0 }, pointer: '/maxBatch' }] },
  'parcs-template': {
    siteId,
    config: { document: calledProfile },
    secrets: { webhook: inbound },
    badConfigs: [
      { config: {}, pointer: '/document' },
      { config: { profile: 'tiba' }, pointer: '/profile' },
      { config: { document: { ...calledProfile, title: 7 } }, pointer: '/document/title' },
      { config: { document: calledProfile, baseUrl: 'vendor.example' }, pointer: '/baseUrl' },
    ],
  },
  'parcs-files': {
    siteId,
    badConfigs: [
      { config: { source: 'ftp' }, pointer: '/source' },
      { config: { source: 'sftp', folder: 'out' }, pointer: '/host' },
      { config: { source: 'folder', folder: 'drop' }, pointer: '/folder' },
      { config: { out: { template: 'amano-iparc' } }, pointer: '/out/template' },
      {
        config: {
          mapping: {
            delimiter: ',',
            header: true,
            times: ['noon'],
            key: [],
            facts: [{ type: 'gate.passed', fields: { occurredAt: { column: 'T' } } }],
          },
        },
        pointer: '/mapping/times/0',
      },
    ],
  },
  'lpr-axis': { secrets: { inbound }, badConfigs: [{ config: { zone: 'Mars/Base' }, pointer: '/zone' }] },
  'lpr-dahua': { secrets: { inbound }, badConfigs: [{ config: { scoreScale: '7' }, pointer: '/scoreScale' }] },
  'lpr-genetec': { secrets: { inbound }, badConfigs: [{ config: { homeCountry: 'ZQ' }, pointer: '/homeCountry' }] },
  'lpr-hikvision': { secrets: { inbound }, badConfigs: [{ config: { proof: 'none' }, pointer: '/proof' }] },
  'lpr-lector': { secrets: { inbound }, config: { zone }, badConfigs: [{ config: {}, pointer: '/zone' }] },
  'lpr-milesight': { secrets: { inbound }, config: { zone }, badConfigs: [{ config: {}, pointer: '/zone' }] },
  'lpr-plate-recognizer': { secrets: { inbound }, badConfigs: [{ config: { user: 'a:b' }, pointer: '/user' }] },
  'lpr-rekor': { secrets: { inbound }, badConfigs: [{ config: { singleResults: 1 }, pointer: '/singleResults' }] },
  'lpr-tattile': { secrets: { inbound }, config: { zone }, badConfigs: [{ config: {}, pointer: '/zone' }] },
  'lpr-verkada': {
    secrets: { inbound },
    badConfigs: [{ config: { movements: { x: 'up' } }, pointer: '/movements/x' }],
  },
  'lpr-generic': {
    secrets: { inbound },
    config: { fields: { plate: '/plate' } },
    badConfigs: [
      { config: {}, pointer: '/fields' },
      { config: { fields: { time: '/time' } }, pointer: '/fields/plate' },
      { config: { fields: { plate: '/p' }, timePattern: 'HH:mm' }, pointer: '/timePattern' },
      { config: { fields: { plate: '/p' }, timePattern: 'yyyy-MM-dd HH:mm' }, pointer: '/zone' },
    ],
  },
  'apds-server': {
    siteId,
    secrets: { clientSecret: 'a secret of the APDS partner' },
    badConfigs: [
      { config: { pageSize: 0 }, pointer: '/pageSize' },
      { config: { notifyUrl: 'ftp://x' }, pointer: '/notifyUrl' },
    ],
  },
  'apds-client': {
    siteId,
    config: { baseUrl: 'https://apds.example', clientId: 'hub' },
    secrets: { clientSecret: 'a secret of the APDS service' },
    badConfigs: [
      { config: { clientId: 'hub' }, pointer: '/baseUrl' },
      { config: { baseUrl: 'apds.example', clientId: 'hub' }, pointer: '/baseUrl' },
    ],
  },
  'scheidt-bachmann': {
    siteId,
    secrets: { inbound: 'a secret of the eConnect tenant', clientSecret: 'a secret of the hub there' },
    badConfigs: [
      { config: { answerWithinMs: 9_000 }, pointer: '/answerWithinMs' },
      { config: { baseUrl: 'https://pm.example' }, pointer: '/tokenUrl' },
      { config: { customer: 'C1' }, pointer: '/baseUrl' },
      { config: { map: { answer: {} } }, pointer: '/map/answer/result' },
    ],
  },
  flash: {
    siteId,
    config: { baseUrl: 'https://flash.example', locationId: '00000000-0000-4000-8000-0000000000f1' },
    secrets: { securityToken: '00000000-0000-4000-8000-00000000f1a5' },
    badConfigs: [
      { config: { baseUrl: 'https://flash.example' }, pointer: '/locationId' },
      { config: { baseUrl: 'https://flash.example', locationId: 'garage 7' }, pointer: '/locationId' },
    ],
  },
  'skidata-mobile': {
    siteId,
    config: { baseUrl: 'https://mobile.example', facilityNo: 1 },
    secrets: { apiKey: 'a key of the MobileAPI' },
    badConfigs: [
      { config: { facilityNo: 1 }, pointer: '/baseUrl' },
      { config: { baseUrl: 'https://x', facilityNo: -1 }, pointer: '/facilityNo' },
    ],
  },
  'skidata-reporting': {
    siteId,
    config: { address: 'tcp://sql.example:1433', user: 'hub' },
    secrets: { password: 'a password of the database' },
    badConfigs: [
      { config: { address: 'sql.example', user: 'hub' }, pointer: '/address' },
      { config: { address: 'tcp://sql.example', user: 'hub', schema: 'dbo]; --' }, pointer: '/schema' },
    ],
  },
  'skidata-files': {
    siteId,
    config: { facilityNo: 1 },
    secrets: { exchange: 'a secret of the card files' },
    badConfigs: [{ config: {}, pointer: '/facilityNo' }],
  },
  'free-flow-autopay': {
    siteId,
    config: { clientId: 'hub' },
    secrets: { inbound, clientSecret: 'a client secret of Autopay' },
    badConfigs: [
      { config: {}, pointer: '/clientId' },
      { config: { clientId: 'hub', claim: 'some' }, pointer: '/claim' },
    ],
  },
  'free-flow-easypark': {
    siteId,
    secrets: { inbound },
    badConfigs: [
      { config: { collects: 'nobody' }, pointer: '/collects' },
      { config: { user: 'a:b' }, pointer: '/user' },
    ],
  },
  'genetec-permits': {
    siteId,
    secrets: { apiKey: 'an API key of Genetec'.replaceAll(' ', '-') },
    badConfigs: [
      { config: { graceMinutes: -1 }, pointer: '/graceMinutes' },
      { config: { zones: [{ id: 'a b', name: 'A' }] }, pointer: '/zones/0/id' },
    ],
  },
  'payment-stripe': {
    config: { returnUrl: 'https://garage.example/paid' },
    secrets: { apiKey: 'an API key of Stripe', webhook: 'a secret of the webhook' },
    badConfigs: [
      { config: {}, pointer: '/returnUrl' },
      { config: { returnUrl: 'https://garage.example', baseUrl: 'stripe' }, pointer: '/baseUrl' },
    ],
  },
  'payment-account': { badConfigs: [{ config: { limit: 1 }, pointer: '/limit' }] },
  'payment-free': { badConfigs: [{ config: { reasons: [] }, pointer: '/reasons' }] },
  'payment-parcs': { badConfigs: [{ config: { wait: 1 }, pointer: '/wait' }] },
  'payment-prepaid': { badConfigs: [{ config: { below: 1 }, pointer: '/below' }] },
  'accounting-business-central': { badConfigs: [{ config: { x: 1 }, pointer: '/x' }] },
  'accounting-csv': { badConfigs: [{ config: { x: 1 }, pointer: '/x' }] },
  'accounting-datev': { badConfigs: [{ config: { x: 1 }, pointer: '/x' }] },
  'accounting-netsuite': { badConfigs: [{ config: { x: 1 }, pointer: '/x' }] },
  'accounting-plaintext': { badConfigs: [{ config: { x: 1 }, pointer: '/x' }] },
  'accounting-quickbooks': { badConfigs: [{ config: { x: 1 }, pointer: '/x' }] },
  'accounting-sage-intacct': { badConfigs: [{ config: { x: 1 }, pointer: '/x' }] },
  'accounting-xero': { badConfigs: [{ config: { x: 1 }, pointer: '/x' }] },
  'pki-local': { badConfigs: [{ config: { trustedRoots: 'x' }, pointer: '/trustedRoots' }] },
  dashboard: { badConfigs: [{ config: { colour: 'blue' }, pointer: '/colour' }] },
}

test('all of them are for this hub, and no two have one id', () => {
  const loaded = loadPlugins(inTreePlugins, hubVersion)
  expect(loaded.map((each) => (each.kind === 'ready' ? 'ready' : each.reason))).toEqual(loaded.map(() => 'ready'))
})

for (const plugin of inTreePlugins) {
  describe(`${plugin.id}, as any plugin,`, () => {
    for (const { name, run } of exercisePlugin(plugin, options[plugin.id])) test(name, run)
  })
}

test.each(inTreePlugins.filter(({ capabilities }) => capabilities.includes('parcs')))(
  '$id says in the agreed words what the vendor behind it can do',
  ({ traits }) => {
    expect(parcsTraitFaults(traits)).toEqual([])
  },
)

describe('parcs-http, as a parking system,', () => {
  const at = (minute: number) => new Date(Date.UTC(2019, 2, 10, 7, minute))
  const facts: ParkingFact[] = [
    {
      id: 'f1',
      revision: 1,
      type: 'gate.passed',
      occurredAt: at(1),
      backfilled: false,
      stayRef: 'T-1',
      lane: 'in-1',
      data: { direction: 'entry', credentials: [{ kind: 'card', value: '04A3C6CAE26180' }] },
    },
    { id: 'f2', revision: 1, type: 'stay.closed', occurredAt: at(50), backfilled: true, stayRef: 'T-1', data: {} },
    {
      id: 'f1',
      revision: 2,
      type: 'gate.passed',
      occurredAt: at(2),
      backfilled: false,
      stayRef: 'T-1',
      lane: 'in-1',
      data: { direction: 'entry', credentials: [] },
    },
  ]

  function signed(tester: PluginTester, body: string): Request {
    const timestamp = String(tester.clock.now().getTime() / 1_000)
    const key = Buffer.from(signing.slice('whsec_'.length), 'base64')
    const signature = createHmac('sha256', key).update(`m1.${timestamp}.${body}`).digest('base64')
    const headers = { 'webhook-id': 'm1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
    return new Request('http://hub/in/x/facts', { method: 'POST', body, headers })
  }
  const post = (tester: PluginTester, body: string) => tester.inbound(signed(tester, body), 'facts')

  const cases = exerciseParcs(parcsHttp as AnyPlugin, {
    siteId,
    secrets: { signing },
    facts,
    async send(tester, list) {
      const response = await post(tester, JSON.stringify({ facts: list }))
      if (!response.ok) return []
      const { results } = (await response.json()) as { results: { id: string; revision: number; status: string }[] }
      return results.filter(({ status }) => status !== 'rejected')
    },
    malformed: [
      { name: 'no JSON', send: (tester) => post(tester, '{"facts": [') },
      { name: 'another shape', send: (tester) => post(tester, '[[1, null, {"facts": 7}]]') },
      { name: 'a fact without an id', send: (tester) => post(tester, '{"facts": [{"type": "gate.passed"}]}') },
      { name: 'a deep nest', send: (tester) => post(tester, `${'['.repeat(50_000)}${']'.repeat(50_000)}`) },
      {
        name: 'a wrong signature',
        send: async (tester) => {
          const request = signed(tester, JSON.stringify({ facts }))
          request.headers.set('webhook-id', 'another')
          expect((await tester.inbound(request, 'facts')).status).toBe(401)
        },
      },
      {
        name: 'no such call',
        send: async (tester) => {
          const response = await tester.inbound(new Request('http://hub/in/x/nothing'), 'nothing')
          expect(response.status).toBe(404)
        },
      },
    ],
  })
  for (const { name, run } of cases) test(name, run)
})

describe('parcs-template, as a parking system,', () => {
  const facts: ParkingFact[] = [1, 2].map((revision) => ({
    id: 'e:7',
    revision,
    type: 'gate.passed',
    occurredAt: new Date(Date.UTC(2019, 2, 10, 7, revision)),
    backfilled: false,
    stayRef: 'T-1',
    data: { direction: 'entry', credentials: [{ kind: 'plate', value: 'BAY1' }] },
  }))
  const post = (tester: PluginTester, body: string) => {
    const headers = { authorization: `Bearer ${inbound}` }
    return tester.inbound(new Request('http://hub/in/x/events', { method: 'POST', body, headers }), 'events')
  }
  const cases = exerciseParcs(inTreePlugins.find(({ id }) => id === 'parcs-template') as AnyPlugin, {
    ...options['parcs-template'],
    facts,
    async send(tester, list) {
      const told = list.map(({ revision, occurredAt }) => ({
        no: '7',
        version: revision,
        when: occurredAt.toISOString(),
        ticket: 'T-1',
        plate: 'BAY1',
        way: 'entry',
      }))
      return (await post(tester, JSON.stringify(told))).ok ? list : []
    },
    malformed: [
      { name: 'no JSON', send: (tester) => post(tester, '[{') },
      { name: 'records that are none', send: (tester) => post(tester, '[null, 7, {"no": "8", "version": 1}]') },
      { name: 'a deep nest', send: (tester) => post(tester, `${'['.repeat(50_000)}${']'.repeat(50_000)}`) },
    ],
  })
  for (const { name, run } of cases) test(name, run)
})

describe('tariff-standard, as a tariff,', () => {
  const parking = {
    scope: 'parking',
    bands: [{ everyMinutes: 30, price: '2.50' }],
    day: 'calendar',
    dayMaximum: '20.00',
  }
  const charging = {
    scope: 'charging',
    energy: { price: '0.40' },
    session: { price: '1' },
    idle: { price: '0.10', graceMinutes: 10 },
  }
  const place = { currency: 'USD', zone: 'America/Los_Angeles', groups: [] }
  const inputs: PriceInput[] = [
    {
      ...place,
      scope: 'parking',
      rules: parking,
      session: null,
      stay: {
        stayId: 's',
        // Over the night on which an hour is left out.
        enteredAt: '2019-03-10T07:00:00Z',
        exitedAt: '2019-03-10T17:10:00Z',
        parkerKind: 'transient',
        discounts: [],
      },
    },
    {
      ...place,
      scope: 'charging',
      rules: charging,
      stay: null,
      session: {
        sessionId: 'c',
        pluggedAt: '2019-03-10T08:00:00Z',
        unpluggedAt: '2019-03-10T10:00:00Z',
        startedAt: '2019-03-10T08:00:00Z',
        endedAt: '2019-03-10T09:00:00Z',
        energyWh: 7_345,
        periods: [
          { from: '2019-03-10T08:00:00Z', to: '2019-03-10T09:00:00Z', state: 'charging', energyWh: 7_345 },
          { from: '2019-03-10T09:00:00Z', to: '2019-03-10T10:00:00Z', state: 'finished', energyWh: 0 },
        ],
        flags: [],
      },
    },
  ]
  const cases = exerciseTariff(standardEngine(), {
    rules: [parking, charging],
    badRules: [
      { rules: { ...parking, bands: [] }, pointer: '/bands' },
      { rules: { ...charging, energy: { price: 'much' } }, pointer: '/energy/price' },
    ],
    inputs,
  })
  for (const { name, run } of cases) test(name, run)
})

describe('tariffs of other houses, as tariffs,', () => {
  const session: PriceInput['session'] = {
    sessionId: 'c',
    // Over the night on which an hour comes twice.
    pluggedAt: '2024-11-03T07:30:00Z',
    unpluggedAt: '2024-11-03T12:00:00Z',
    startedAt: '2024-11-03T07:30:00Z',
    endedAt: '2024-11-03T10:00:00Z',
    energyWh: 17_345,
    periods: [
      { from: '2024-11-03T07:30:00Z', to: '2024-11-03T10:00:00Z', state: 'charging', energyWh: 17_345 },
      { from: '2024-11-03T10:00:00Z', to: '2024-11-03T12:00:00Z', state: 'finished', energyWh: 0 },
    ],
    flags: [],
  }
  const place = { scope: 'charging', currency: 'USD', zone: 'America/Los_Angeles', groups: [], stay: null } as const

  const ocpi = {
    edition: '2.2.1',
    tariff: {
      currency: 'USD',
      max_price: { excl_vat: 5, incl_vat: 5.6 },
      elements: [
        {
          price_components: [{ type: 'ENERGY', price: 0.2, vat: 10, step_size: 1 }],
          restrictions: { start_time: '22:00', end_time: '01:15' },
        },
        {
          price_components: [
            { type: 'ENERGY', price: 0.41, vat: 10, step_size: 1 },
            { type: 'PARKING_TIME', price: 1.7, vat: 20, step_size: 60 },
          ],
        },
      ],
    },
  }
  const ocpp = {
    edition: '2.1',
    tariff: {
      currency: 'USD',
      energy: {
        prices: [{ priceKwh: 0.2, conditions: { startTimeOfDay: '22:00', endTimeOfDay: '01:15' } }, { priceKwh: 0.41 }],
        taxRates: [
          { type: 'state', tax: 10 },
          { type: 'city', tax: 5, stack: 1 },
        ],
      },
      idleTime: { prices: [{ priceMinute: 0.1, conditions: { minIdleTime: 600 } }] },
      minCost: { exclTax: 50 },
    },
  }
  const elements = (components: readonly object[]) => ({
    ...ocpi,
    tariff: { ...ocpi.tariff, elements: [{ price_components: components }] },
  })
  const cases = [
    ...exerciseTariff(ocpiEngine(), {
      rules: [ocpi, { ...ocpi, edition: '2.1.1' }],
      badRules: [
        { rules: elements([]), pointer: '/tariff/elements/0/price_components' },
        {
          rules: elements([{ type: 'ENERGY', price: -1 }]),
          pointer: '/tariff/elements/0/price_components/0/price',
        },
        {
          rules: elements([{ type: 'TIME', price: 1, vat: 101 }]),
          pointer: '/tariff/elements/0/price_components/0/vat',
        },
      ],
      inputs: [
        { ...place, rules: ocpi, session },
        { ...place, rules: { ...ocpi, edition: '2.1.1' }, session },
      ],
    }),
    ...exerciseTariff(ocppEngine(), {
      rules: [ocpp],
      badRules: [
        { rules: { edition: '2.1', tariff: { currency: 'USD' } }, pointer: '/tariff' },
        {
          rules: { ...ocpp, tariff: { ...ocpp.tariff, energy: { prices: [{ priceKwh: 'much' }] } } },
          pointer: '/tariff/energy/prices/0/priceKwh',
        },
      ],
      inputs: [{ ...place, rules: ocpp, session }],
    }),
  ]
  for (const [i, { name, run }] of cases.entries()) test(`${i + 1}. ${name}`, run)
})
