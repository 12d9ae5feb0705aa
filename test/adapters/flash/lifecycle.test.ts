// Owns the proof of the lifecycle of accounts at Flash over a real socket, with the hub's real host and the plugin's own schema.
// Must not test whom the hub preloads; the hub's own tests do.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import plugin from '../../../adapters/flash/index.ts'
import { loadPlugins } from '../../../core/host/manifest.ts'
import { pluginDatabases } from '../../../core/host/plugin-database.ts'
import type { AnyPlugin, BookedRight, ParkingAction, PreloadedCredential } from '../../../core/plugin/index.ts'
import { createPluginTester, manualClock, type PluginTester } from '../../../core/testing/index.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'
import { type Flash, flashLocation, flashToken, openFlash } from '../../sim/flash/monthly-api.ts'

const credentialId = '00000000-0000-7000-8000-00000000c0de'
const first = 'BW-0000000000007000800000000000c0de-1'
const second = 'BW-0000000000007000800000000000c0de-2'
let database: TestDatabase
// biome-ignore lint/suspicious/noExplicitAny: the plugin's own schema, whose tables only it knows
let db: any
let flash: Flash
let rights: BookedRight[]
const opened: PluginTester[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  const [loaded] = loadPlugins([plugin as AnyPlugin], '0.1.0')
  if (loaded?.kind !== 'ready') throw new Error('the plugin cannot be loaded')
  const open = pluginDatabases({
    db: database.db,
    owner: { connection: database.connection, pool: database.ownerPool },
    clock: manualClock(new Date('2019-03-10T08:00:00Z')),
    log: silent,
    hubVersion: '0.1.0',
  })
  db = await open(loaded)
})
afterAll(() => database.drop())
beforeEach(async () => {
  flash = await openFlash()
  rights = []
  await database.ownerPool.query('delete from plugin_flash.account_number')
})
afterEach(async () => {
  for (const tester of opened.splice(0)) await tester.stop()
  await flash.close()
})

const made = (config: object = {}, secrets: Record<string, string> = {}) => {
  const tester = createPluginTester(plugin as AnyPlugin, {
    config: { baseUrl: flash.url, locationId: flashLocation, ...config },
    secrets: { securityToken: flashToken, ...secrets },
    siteId: '00000000-0000-7000-8000-0000000000aa',
    fetch,
    db,
    book: {
      site: async () => ({ zone: 'America/Chicago', currency: 'USD' }) as never,
      rights: async () => ({ items: rights, next: null }),
    },
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
    presentations: [
      { kind: 'card', key: 'uid:04A3', value: '04A3', encoding: 'hex' },
      { kind: 'phone', key: 'phone:1', value: '+15125550100' },
    ],
    plates: [{ text: 'KAB-12 34', country: 'US' }],
    groups: ['tenants'],
    validFrom: new Date('2019-03-01T06:00:00Z'),
    validUntil: new Date('2019-04-01T05:00:00Z'),
    maxInside: 2,
    allowPassback: false,
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
const accountOf = (number: string) => {
  const account = flash.accounts.get(number)
  return account && { ...account, vehicles: [...account.vehicles.values()], contacts: [...account.contacts.values()] }
}
const wrote = () => flash.calls.filter((call) => !call.startsWith('Get')).map((call) => call.split(' ', 2).join(' '))

describe('an account', () => {
  test('is made with its vehicle and card, and nothing is sent again that stands', async () => {
    const tester = await started({ profileByGroup: { tenants: 'EV' }, licenseState: 'TX' })
    expect(await tester.act(put())).toEqual({ kind: 'done', reference: first })
    expect(accountOf(first)).toEqual({
      deleted: false,
      fields: {
        AccountType: 'Monthly',
        AllowPassback: false,
        CompanyName: 'Erika van Muster',
        Parks: 2,
        Profile: 'EV',
        // The site's own days: midnight in Chicago is 05:00 UTC after the clocks changed.
        StartDate: '2019-03-01',
        ValidUntil: '2019-03-31',
        Status: 'Active',
      },
      vehicles: [{ VehicleLicenseNumber: 'KAB1234', VehicleLicenseState: 'TX' }],
      contacts: [
        {
          FirstName: 'Erika van',
          LastName: 'Muster',
          PrimaryContact: true,
          RFIDNumber: '04A3',
          MobileNumber: '+15125550100',
        },
      ],
    })
    const calls = wrote()
    expect(calls).toEqual(['MonthlyAccount6 Add', 'MonthlyVehicle Add', 'MonthlyContact Add'])
    expect(await tester.act(put())).toEqual({ kind: 'done', reference: first })
    expect(wrote()).toEqual(calls)
  })

  test('is changed where something changed, and what others added at Flash stays', async () => {
    const tester = await started()
    await tester.act(put())
    flash.accounts.get(first)?.vehicles.set('by-hand', { VehicleLicenseNumber: 'X1' })
    const changed = put({ plates: [{ text: 'KCD5', country: null }], validUntil: null, maxInside: null })
    expect(await tester.act(changed)).toMatchObject({ kind: 'done' })
    expect(accountOf(first)).toMatchObject({
      fields: { Parks: 99, ValidUntil: '2099-12-31' },
      vehicles: [{ VehicleLicenseNumber: 'X1' }, { VehicleLicenseNumber: 'KCD5' }],
    })
    const count = flash.calls.length
    await tester.act(changed)
    expect(flash.calls.length).toBe(count + 1)
  })

  test('is suspended and comes back under its number', async () => {
    const tester = await started()
    await tester.act(put())
    expect(await tester.act(removal)).toEqual({ kind: 'done', reference: first })
    expect(accountOf(first)?.fields.Status).toBe('Inactive')
    expect(await tester.act(put())).toEqual({ kind: 'done', reference: first })
    expect(accountOf(first)?.fields.Status).toBe('Active')
  })

  test('that was cancelled comes back under a new number, since no deleted number does', async () => {
    const tester = await started({ removal: 'cancel' })
    await tester.act(put())
    for (let time = 0; time < 2; time++) expect(await tester.act(removal)).toMatchObject({ kind: 'done' })
    expect(await tester.act(put())).toEqual({ kind: 'done', reference: second })
    expect([accountOf(first)?.deleted, accountOf(second)?.deleted]).toEqual([true, false])
  })

  test('that somebody deleted at Flash gets a new number, too', async () => {
    const tester = await started()
    await tester.act(put())
    const account = flash.accounts.get(first)
    if (account) account.deleted = true
    expect(await tester.act(put())).toEqual({ kind: 'done', reference: second })
    expect(accountOf(second)?.contacts).toHaveLength(1)
  })

  test('has a phone in the RFID field only where that is wanted and there is no card', async () => {
    const phone = { presentations: [{ kind: 'phone', key: 'p', value: '+15125550100' }], plates: [] }
    const tester = await started({ phoneAsRfid: true })
    await tester.act(put(phone))
    expect(accountOf(first)?.contacts).toMatchObject([{ RFIDNumber: '+15125550100' }])
    await (await started()).act(put(phone))
    expect(accountOf(first)?.contacts).toEqual([
      { FirstName: 'Erika van', LastName: 'Muster', PrimaryContact: true, MobileNumber: '+15125550100' },
    ])
  })

  test('of nothing that Flash knows is refused without a call', async () => {
    const tester = await started()
    const emaid = [{ kind: 'emaid', key: 'e', value: 'DE8AAC12345678' }]
    expect(await tester.act(put({ presentations: emaid, plates: [] }))).toMatchObject({ code: 'no_medium' })
    expect(flash.calls).toEqual([])
  })
})

describe('when Flash is not well', () => {
  test.each([0, 1, 2, 3])(
    'a lost answer after %i calls is unknown, is asked after, and ends in one account',
    async (skip) => {
      const tester = await started()
      flash.fail.push({ skip, after: true })
      const lost = await tester.act(put())
      // A look changes nothing, so that losing its answer is no doubt.
      expect(lost.kind).toBe(skip === 0 ? 'later' : 'unknown')
      const asked = await tester.askOutcome(put())
      expect(asked.kind).toBe(skip === 3 ? 'done' : 'not_done')
      if (asked.kind === 'not_done') expect(await tester.act(put())).toMatchObject({ kind: 'done' })
      expect(await tester.askOutcome(put())).toEqual({ kind: 'done', reference: first })
      expect([...flash.accounts.keys()]).toEqual([first])
      expect(accountOf(first)).toMatchObject({ vehicles: [{}], contacts: [{}] })
    },
  )

  test.each(['suspend', 'cancel'])('a removal (%s) whose answer was lost is asked after', async (mode) => {
    const tester = await started({ removal: mode })
    expect(await tester.askOutcome(removal)).toEqual({ kind: 'done' })
    await tester.act(put())
    expect(await tester.askOutcome(removal)).toEqual({ kind: 'not_done' })
    flash.fail.push({ after: true })
    expect(await tester.act(removal)).toMatchObject({ kind: 'unknown' })
    expect(await tester.askOutcome(removal)).toMatchObject({ kind: 'done' })
    expect(await tester.askOutcome(put())).toEqual({ kind: 'not_done' })
  })

  test('a cancellation that never arrived is finished before the next account is made', async () => {
    const tester = await started({ removal: 'cancel' })
    await tester.act(put())
    flash.fail.push({ status: 503 })
    expect(await tester.act(removal)).toMatchObject({ kind: 'later' })
    expect(await tester.act(put())).toEqual({ kind: 'done', reference: second })
    expect(accountOf(first)?.deleted).toBe(true)
  })

  test('limits are obeyed, refusals believed, strange answers doubted, and the token is in no text', async () => {
    const tester = await started()
    const next = async (fault: Flash['fail'][number]) => {
      flash.fail.push({ skip: 1, ...fault })
      return tester.act(put())
    }
    expect(await next({ status: 429, headers: { 'retry-after': '30' } })).toMatchObject({
      kind: 'later',
      retryAfterSeconds: 30,
    })
    const failure = { Code: 'GeneralFailure', Message: `Profile unknown (${flashToken})` }
    expect(await next({ status: 200, body: JSON.stringify(failure) })).toEqual({
      kind: 'refused',
      code: 'GeneralFailure',
      reason: 'Profile unknown (…)',
    })
    for (const body of ['<html>', '[]', '{"Code":"Maybe"}', '7', `{"Code":${'['.repeat(9_000)}`, 'x'.repeat(1_200_000)])
      expect(await next({ status: 200, body })).toMatchObject({ kind: 'unknown' })
    expect(await next({ status: 500 })).toMatchObject({ kind: 'unknown' })
    flash.fail.length = 0
    expect(await tester.act(put())).toMatchObject({ kind: 'done' })
    expect(flash.tokenSeenIn).toEqual(new Set(['query']))
  })

  test('a token of another garage is no answer about the account', async () => {
    const other = await started({ locationId: '00000000-0000-4000-8000-000000000001' })
    expect(await other.act(put())).toMatchObject({ kind: 'later', reason: expect.stringContaining('token of its own') })
  })
})

test('the token can go in a header', async () => {
  await (await started({ tokenIn: 'header' })).act(put())
  expect(flash.tokenSeenIn).toEqual(new Set(['header']))
})

test('the nightly review suspends what should not be open, and tells what is missing', async () => {
  const tester = await started()
  await tester.act(put())
  rights = [{ credentialId, status: 'active' } as BookedRight]
  await tester.runSchedule('review')
  expect(accountOf(first)?.fields.Status).toBe('Active')
  rights = [{ credentialId, status: 'revoked' } as BookedRight]
  await tester.runSchedule('review')
  expect(accountOf(first)?.fields.Status).toBe('Inactive')
  rights = [{ credentialId, status: 'active' } as BookedRight]
  flash.accounts.clear()
  await tester.runSchedule('review')
  expect(await tester.health()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('1 accounts') })
  const list = await tester.route('/accounts', new Request('http://hub/accounts'))
  expect(await list.json()).toEqual({
    items: [{ credentialId, accountNumber: first, state: 'missing' }],
    next: null,
  })
})

test('validations are not offered, and the traits say why', async () => {
  const tester = await started()
  expect(Object.keys(tester.actions)).toEqual(['credential.put', 'credential.remove'])
  expect(plugin.traits).toMatchObject({ chargePush: 'none', validations: 'contract needed' })
})

test('the connection check says what is wrong', async () => {
  const reason = (config: object, secrets: Record<string, string> = {}) =>
    made(config, secrets)
      .check()
      .then(
        () => 'fine',
        (error: Error & { pointer?: string }) => `${error.name} ${error.pointer ?? ''} ${error.message}`,
      )
  expect(await reason({})).toBe('fine')
  expect(await reason({}, { securityToken: 'wrong' })).toContain('AuthFailed')
  expect(await reason({ locationId: '00000000-0000-4000-8000-000000000001' })).toContain('/locationId')
  expect(await reason({ baseUrl: 'http://127.0.0.1:9' })).toContain('NotReady')
  expect(flash.calls.every((call) => call.startsWith('GetMonthlyAccount1'))).toBe(true)
})
