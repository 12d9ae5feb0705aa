// Owns the proof of the calls to eConnect over a real socket: consumers that are written, removed and compared, counters, the check.
// Must not test the gate; gate.test.ts does.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import plugin from '../../../adapters/scheidt-bachmann/index.ts'
import type { AnyPlugin, BookedRight, ParkingAction, PreloadedCredential } from '../../../core/plugin/index.ts'
import { createPluginTester, type PluginTester } from '../../../core/testing/index.ts'
import { events, question } from '../../fixtures/scheidt-bachmann/bodies.ts'
import { type Econnect, econnectSecret, openEconnect } from '../../sim/scheidt-bachmann/econnect.ts'

const inbound = 'a secret of the eConnect tenant'
const credentialId = '00000000-0000-7000-8000-00000000c0de'
const reference = `hub-${credentialId}`
let tenant: Econnect
let rights: BookedRight[]
const opened: PluginTester[] = []

beforeEach(async () => {
  tenant = await openEconnect()
  rights = []
})
afterEach(async () => {
  for (const tester of opened.splice(0)) await tester.stop()
  await tenant.close()
})

const made = (config: object = {}, secrets: Record<string, string> = {}) => {
  const tester = createPluginTester(plugin as AnyPlugin, {
    config: {
      baseUrl: tenant.url,
      tokenUrl: `${tenant.url}/auth/realms/garage_one/protocol/openid-connect/token`,
      clientId: 'hub',
      project: 'garage_one',
      locationId: 'loc-1',
      customer: 'C-1',
      contract: 'A-1',
      product: 'PP-1',
      productByGroup: { tenants: 'PP-2' },
      ...config,
    },
    secrets: { inbound, clientSecret: econnectSecret, ...secrets },
    siteId: '00000000-0000-7000-8000-0000000000aa',
    fetch,
    book: { rights: async () => ({ items: rights, next: null }) },
  })
  opened.push(tester)
  return tester
}
const started = async (config: object = {}) => {
  const tester = made(config)
  await tester.start()
  return tester
}
const put = (data: Partial<PreloadedCredential> = {}): ParkingAction => ({
  id: 'a1',
  kind: 'credential.put',
  attempt: 1,
  askedAt: new Date('2019-03-10T12:00:00Z'),
  data: {
    credentialId,
    accountNumber: '4711',
    holder: 'Erika van Muster',
    parkerKind: 'contract',
    presentations: [{ kind: 'card', key: 'uid:04A3', value: '04A3', encoding: 'hex' }],
    plates: [{ text: 'KAB1234', country: 'DE' }],
    groups: ['tenants'],
    validFrom: null,
    validUntil: new Date('2019-12-31T23:00:00Z'),
    maxInside: null,
    allowPassback: true,
    ...data,
  },
})
const removal: ParkingAction = {
  id: 'a2',
  kind: 'credential.remove',
  attempt: 1,
  askedAt: new Date('2019-03-10T12:00:00Z'),
  data: { credentialId, reason: 'left', presentations: [] },
}

describe('consumers', () => {
  test('are written, changed and emptied, and the same twice is once', async () => {
    const tester = await started({
      mediumTypes: { plate: 'LICENSEPLATE', card: 'RFID' },
      consumerFields: {
        contract: '/contractBusinessId',
        product: '/products/businessId',
        validUntil: '/validity/until',
      },
    })
    for (let time = 0; time < 2; time++) expect(await tester.act(put())).toEqual({ kind: 'done', reference })
    expect([...tenant.consumers.values()]).toEqual([
      {
        externalReference: reference,
        firstName: 'Erika van',
        lastName: 'Muster',
        mediums: [
          { type: 'RFID', value: '04A3', encoding: 'HEX' },
          { type: 'LICENSEPLATE', value: 'KAB1234', encoding: 'HEX' },
        ],
        contractBusinessId: 'A-1',
        products: { businessId: 'PP-2' },
        validity: { until: '2019-12-31T23:00:00.000Z' },
      },
    ])
    await tester.act(put({ plates: [{ text: 'KCD5', country: null }], groups: [] }))
    expect(tenant.consumers.get(reference)).toMatchObject({
      mediums: [{ value: '04A3' }, { value: 'KCD5' }],
      products: { businessId: 'PP-1' },
    })
    for (let time = 0; time < 2; time++) expect(await tester.act(removal)).toMatchObject({ kind: 'done' })
    expect(tenant.consumers.get(reference)).toMatchObject({ mediums: [], lastName: 'Removed' })
    expect(JSON.stringify(tenant.consumers.get(reference))).not.toContain('Muster')
  })

  test('are deleted where that is wanted, after no medium opens a gate any more', async () => {
    const tester = await started({ removal: 'delete' })
    await tester.act(put())
    tenant.calls.length = 0
    expect(await tester.act(removal)).toEqual({ kind: 'done', reference })
    expect(tenant.consumers.size).toBe(0)
    expect(tenant.calls.map((call) => call.split(' ')[0])).toEqual(['POST', 'DELETE'])
    expect(await tester.act(removal)).toEqual({ kind: 'done', reference })
  })

  test('that nothing can carry are refused without a call', async () => {
    const tester = await started({ product: '' })
    expect(await tester.act(put({ groups: ['guests'] }))).toMatchObject({ kind: 'refused', code: 'no_product' })
    expect(await tester.act(put({ plates: [] }))).toMatchObject({ kind: 'refused', code: 'no_medium' })
    expect(tenant.calls).toEqual([])
    expect(tester.actions).toEqual({
      'credential.put': { repeatable: true },
      'credential.remove': { repeatable: true },
    })
  })

  test('an outage, a lost answer, a refusal and a late token are each told as what they are', async () => {
    const tester = await started()
    tenant.fail.push({ status: 503, headers: { 'retry-after': '60' } })
    expect(await tester.act(put())).toMatchObject({ kind: 'later', retryAfterSeconds: 60 })
    tenant.fail.push({ after: true })
    expect(await tester.act(put())).toMatchObject({ kind: 'unknown' })
    expect(tenant.consumers.size).toBe(1)
    tenant.fail.push({ status: 400, body: '{"message":"product unknown"}' })
    expect(await tester.act(put())).toEqual({ kind: 'refused', reason: 'product unknown', code: '400' })
    for (const body of ['no json', '{"a":', '['.repeat(9_000)]) {
      tenant.fail.push({ status: 200, body })
      expect(await tester.act(put())).toMatchObject({ kind: 'unknown' })
    }
    tenant.tokens.clear()
    expect(await tester.act(put())).toMatchObject({ kind: 'done' })
    const nowhere = { baseUrl: 'http://127.0.0.1:9', tokenUrl: 'http://127.0.0.1:9/token' }
    expect(await (await started(nowhere)).act(put())).toMatchObject({ kind: 'later' })
  })

  test('are compared nightly: what a revoked credential left there is taken away, what others wrote stays', async () => {
    const tester = await started()
    await tester.act(put())
    const own = {
      firstName: 'Max',
      lastName: 'Own',
      externalReference: 'EMP1',
      mediums: [{ type: 'LICENSEPLATE', value: 'KX1' }],
    }
    tenant.consumers.set('EMP1', own)
    for (let i = 0; i < 4; i++)
      tenant.consumers.set(`EMP-x${i}`, { ...own, externalReference: `EMP-x${i}`, mediums: [] })
    rights = [{ credentialId, status: 'active' } as BookedRight]
    await tester.runSchedule('compare')
    expect(tenant.consumers.get(reference)?.mediums).toHaveLength(1)
    rights = []
    await tester.runSchedule('compare')
    expect(tenant.consumers.get(reference)?.mediums).toEqual([])
    expect(tenant.consumers.get('EMP1')).toEqual(own)
    expect(await tester.health()).toEqual({ state: 'ok' })
    tenant.fail.push({ status: 500 })
    await tester.runSchedule('compare')
    expect(await tester.health()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('500') })
  })

  test('of the vendor come out as a list of people, without those that the hub wrote', async () => {
    const tester = await started()
    await tester.act(put())
    tenant.consumers.set('E/1', {
      firstName: 'A "B"',
      lastName: 'C, D',
      externalReference: 'E/1',
      mediums: [{ type: 'LICENSEPLATE', value: 'KX1' }],
    })
    const get = (path: string) => tester.route(path, new Request(`http://hub${path}`))
    expect(await (await get('/consumers')).json()).toMatchObject({
      items: [{ writtenBy: 'hub' }, { externalReference: 'E/1', writtenBy: 'vendor' }],
    })
    expect(await (await get('/people.csv')).text()).toBe(
      'account_number,account_name,parker_kind,credential_kind,credential_value\r\nE/1,"A ""B"" C, D",contract,plate,KX1\r\n',
    )
  })
})

describe('counters', () => {
  test('become occupancy when they change, and not again when they do not', async () => {
    const tester = await started({ counterNames: { '3': 'total' } })
    const told = () => tester.facts.map(({ data }) => data)
    await tester.runSchedule('counters')
    await tester.runSchedule('counters')
    expect(told()).toEqual([{ counter: 'total', occupied: 40, free: 60, capacity: 100 }])
    tester.clock.advance(60_000)
    tenant.counters.set('loc-1', [
      { id: 3, present: 41, max: 100, free: 59, colour: 'new' },
      { id: 0, present: 2, max: 5, free: 3 },
      { id: 7, present: Number.NaN, max: 1, free: 'many' as unknown as number },
    ])
    tester.failSink(1)
    await tester.runSchedule('counters')
    expect(await tester.health()).toMatchObject({ state: 'degraded' })
    await tester.runSchedule('counters')
    expect(told().slice(1)).toEqual([
      { counter: 'total', occupied: 41, free: 59, capacity: 100 },
      { counter: 'econnect-0', occupied: 2, free: 3, capacity: 5 },
    ])
    expect(await tester.health()).toEqual({ state: 'ok' })
  })

  test.each(['[]', '{"counters":7}', '{"counters":{"standard-counter":[null,{"id":{}}]}}', 'x', ''])(
    'a strange answer brings nothing down: %s',
    async (body) => {
      const tester = await started()
      tenant.fail.push({ status: 200, body })
      await tester.runSchedule('counters')
      expect(tester.facts).toEqual([])
      await tester.runSchedule('counters')
      expect(tester.facts).toHaveLength(1)
    },
  )
})

describe('the connection check', () => {
  const reason = (config: object, secrets: Record<string, string> = {}) =>
    made(config, secrets)
      .check()
      .then(
        () => 'fine',
        (error: Error & { pointer?: string }) => `${error.name} ${error.pointer ?? ''} ${error.message}`,
      )

  test('says what is wrong', async () => {
    expect(await reason({})).toBe('fine')
    expect(await reason({ locationId: 'loc-9' })).toContain('/locationId eConnect knows loc-1')
    expect(await reason({ contract: 'A-9' })).toContain('NotReady')
    expect(await reason({}, { clientSecret: 'wrong' })).toContain('client id or secret are wrong')
    expect(await reason({ baseUrl: 'http://127.0.0.1:9', tokenUrl: 'http://127.0.0.1:9/x' })).toContain('NotReady')
  })

  test('tries the samples by the map, and stores nothing', async () => {
    const samples = { question: JSON.stringify(question), event: JSON.stringify({ events }) }
    expect(await reason({ samples })).toBe('fine')
    const other = { question: '<request><plate>KAB1234</plate></request>' }
    expect(await reason({ samples: other })).toContain('/samples/question The field map does not fit this sample')
    expect(await reason({ samples: other })).toContain('The message has /request/plate')
    expect(await reason({ samples: { event: '{"events":[{"type":"X"}]}' } })).toContain('/samples/event')
    expect(await reason({ samples: { question: '<!DOCTYPE x><x/>' } })).toContain('document type declaration')
    expect(await reason({ map: { zone: 'Mars/Base' } })).toContain('/map/zone')
  })
})
