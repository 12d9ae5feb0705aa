// Owns the proof of tariffs as records: checked by their engine, versioned, assigned, previewed; what waited is billed.
// Must not test prices.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemNewId } from '../../../core/runtime/random.ts'
import { assignTariffs } from '../../../core/services/billing/assign-tariff.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { manageTariffs } from '../../../core/services/billing/manage-tariffs.ts'
import { previewPrice } from '../../../core/services/billing/preview-price.ts'
import { listTariffVersions, publishTariff } from '../../../core/services/billing/publish-tariff.ts'
import type { Access, Outcome } from '../../../core/services/manage/outcome.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { chargingRules, type Garage, hourMs, minuteMs, openGarage, parkingRules } from './garage.ts'

let database: TestDatabase
let garage: Garage
let access: Access
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  garage = await openGarage(database.db)
  access = { organizationId: garage.organizationId, siteIds: null, actor: 'key:test', requestId: 'r1' }
})

function value<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
  return outcome.value
}

const tariffs = () => manageTariffs(garage.deps)
const assignments = () => assignTariffs(garage.deps)
const night = { code: 'night', scope: 'charging' as const, currency: 'EUR', rules: chargingRules }

describe('tariffs', () => {
  test('are made with their first version, in plain words', async () => {
    const tariff = value(await tariffs().create(access, night))
    expect(tariff).toMatchObject({
      code: 'night',
      name: 'night',
      engine: 'tariff-standard',
      siteId: null,
      version: 1,
      current: { tariffVersion: 1, rules: chargingRules, validFrom: garage.clock.now(), createdBy: 'key:test' },
    })
    expect(tariff.current?.description[0]).toBe('Energy: EUR 0.49 per kWh.')
    expect(value(await tariffs().get(access, tariff.tariffId))).toEqual(tariff)
    const events = await garage.db
      .selectFrom('event')
      .select(['type', 'data'])
      .where('organization_id', '=', garage.organizationId)
      .execute()
    expect(events).toMatchObject([{ type: 'tariff.published', data: { tariffId: tariff.tariffId, version: 1 } }])
    const audit = await garage.db
      .selectFrom('audit_log')
      .select('action')
      .where('organization_id', '=', garage.organizationId)
      .execute()
    expect(audit).toEqual([{ action: 'tariff.created' }])
  })

  test('are refused with pointers into the rules, and leave nothing behind', async () => {
    const wrong = { ...night, rules: { scope: 'charging', energy: { price: 1 } } }
    expect(await tariffs().create(access, wrong)).toMatchObject({
      kind: 'invalid',
      problems: [{ pointer: '/rules/energy/price' }],
    })
    expect(await tariffs().create(access, { ...night, rules: parkingRules })).toMatchObject({
      problems: [{ pointer: '/rules/scope' }],
    })
    expect(await tariffs().create(access, { ...night, engine: 'tariff-acme' })).toMatchObject({
      problems: [{ pointer: '/engine' }],
    })
    expect(await tariffs().create(access, { ...night, code: 'ac' })).toMatchObject({
      kind: 'conflict',
      pointer: '/code',
    })
    expect(await tariffs().create(access, { ...night, siteId: garage.siteId, currency: 'USD' })).toMatchObject({
      problems: [{ pointer: '/currency' }],
    })
    expect(value(await tariffs().create(access, night)).code).toBe('night')
  })

  test('a key limited to sites makes tariffs for its own sites only', async () => {
    const limited = { ...access, siteIds: [garage.siteId] }
    expect(await tariffs().create(limited, night)).toMatchObject({ kind: 'forbidden' })
    const own = value(await tariffs().create(limited, { ...night, siteId: garage.siteId }))
    expect(value(await tariffs().update(limited, own.tariffId, { name: 'Nacht' })).name).toBe('Nacht')
    expect(await publishTariff(garage.deps)(limited, garage.chargingTariff, { rules: chargingRules })).toMatchObject({
      kind: 'forbidden',
    })
    expect(await tariffs().archive({ ...access, siteIds: [systemNewId()] }, own.tariffId)).toEqual({
      kind: 'not_found',
    })
  })

  test('versions are only ever added, and never reach back', async () => {
    const publish = publishTariff(garage.deps)
    garage.clock.advance(hourMs)
    const rules = { ...chargingRules, energy: { price: '0.59' } }
    const past = new Date(garage.clock.now().getTime() - minuteMs)
    expect(await publish(access, garage.chargingTariff, { rules, validFrom: past })).toMatchObject({
      problems: [{ pointer: '/validFrom' }],
    })
    const later = new Date(garage.clock.now().getTime() + hourMs)
    expect(
      value(await publish(access, garage.chargingTariff, { rules, validFrom: later.toISOString() })),
    ).toMatchObject({ tariffVersion: 2 })
    expect(value(await tariffs().get(access, garage.chargingTariff))).toMatchObject({
      version: 2,
      current: { tariffVersion: 1 },
    })
    garage.clock.advance(hourMs)
    expect(value(await tariffs().get(access, garage.chargingTariff)).current).toMatchObject({
      tariffVersion: 2,
      validFrom: later,
    })
    const versions = value(await listTariffVersions(garage.deps)(access, garage.chargingTariff))
    expect(versions.items.map((version) => version.tariffVersion)).toEqual([2, 1])
    await expect(garage.db.updateTable('tariff_version').set({ created_by: 'me' }).execute()).rejects.toThrow(
      /permission denied/,
    )
    expect(await publish(access, systemNewId(), { rules })).toEqual({ kind: 'not_found' })
  })

  test('two at once do not get the same version', async () => {
    const publish = publishTariff(garage.deps)
    const outcomes = await Promise.all(
      [1, 2, 3].map((i) =>
        publish(access, garage.chargingTariff, { rules: { scope: 'charging', energy: { price: `0.${i}` } } }),
      ),
    )
    expect(outcomes.map((outcome) => value(outcome).tariffVersion).sort()).toEqual([2, 3, 4])
  })

  test('archived ones take no further version and apply to nothing new', async () => {
    value(await tariffs().archive(access, garage.chargingTariff))
    expect(await publishTariff(garage.deps)(access, garage.chargingTariff, { rules: chargingRules })).toMatchObject({
      kind: 'conflict',
    })
    const sessionId = await garage.session({})
    garage.clock.advance(6 * hourMs)
    const evaluate = evaluateBill(garage.deps)
    expect(await evaluate({ organizationId: garage.organizationId, subjectKey: `session:${sessionId}` })).toMatchObject(
      { state: 'held' },
    )
  })
})

describe('assignments', () => {
  test('have to fit together', async () => {
    const foreign = value(await tariffs().create(access, { ...night, code: 'usd', currency: 'USD' }))
    const assign = (more: object) =>
      assignments().assign(access, { siteId: garage.siteId, tariffId: garage.chargingTariff, ...more })
    expect(await assign({ tariffId: foreign.tariffId })).toMatchObject({
      problems: [{ pointer: '/tariffId', message: 'is in USD, the site in EUR' }],
    })
    expect(await assign({ groupId: systemNewId() })).toMatchObject({ problems: [{ pointer: '/groupId' }] })
    expect(await assign({ areaId: systemNewId() })).toMatchObject({ problems: [{ pointer: '/areaId' }] })
    expect(await assign({ validFrom: '2024-06-11T00:00:00Z', validUntil: '2024-06-10T00:00:00Z' })).toMatchObject({
      problems: [{ pointer: '/validUntil' }],
    })
    expect(value(await assign({ groupId: garage.groupId, parkerKind: 'member', priority: 5 }))).toMatchObject({
      groupId: garage.groupId,
      parkerKind: 'member',
      priority: 5,
      validUntil: null,
    })
    expect((await assignments().list(access, { siteId: garage.siteId })).items).toHaveLength(3)
  })

  test('what was held for want of a tariff is looked at again', async () => {
    await garage.db.deleteFrom('tariff_assignment').where('organization_id', '=', garage.organizationId).execute()
    const sessionId = await garage.session({})
    garage.clock.advance(6 * hourMs)
    const key = `session:${sessionId}`
    const evaluate = () => evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey: key })
    expect(await evaluate()).toMatchObject({ state: 'held' })
    value(await assignments().assign(access, { siteId: garage.siteId, tariffId: garage.chargingTariff }))
    const { rows } = await database.ownerPool.query('select key from graphile_worker.jobs where key = $1', [
      `bill:${key}`,
    ])
    expect(rows).toHaveLength(1)
    expect(await evaluate()).toMatchObject({ kind: 'issued' })
  })

  test('an ended one keeps holding for what began under it', async () => {
    const before = await garage.session({})
    garage.clock.advance(4 * hourMs)
    const [assignment] = (await assignments().list(access, { tariffId: garage.chargingTariff })).items
    const ended = value(await assignments().end(access, assignment?.assignmentId ?? ''))
    expect(ended.validUntil).toEqual(garage.clock.now())
    const after = await garage.session({ from: '2024-06-10T10:30:00Z' })
    garage.clock.advance(6 * hourMs)
    const evaluate = evaluateBill(garage.deps)
    const of = (id: string) => evaluate({ organizationId: garage.organizationId, subjectKey: `session:${id}` })
    expect(await of(before)).toMatchObject({ kind: 'issued' })
    expect(await of(after)).toMatchObject({ state: 'held', reason: 'No tariff applies to the charging session.' })
    expect(await assignments().end(access, systemNewId())).toEqual({ kind: 'not_found' })
  })
})

describe('preview', () => {
  const preview = (input: object) =>
    previewPrice(garage.deps)({
      scope: 'charging',
      currency: 'EUR',
      timeZone: 'Europe/Berlin',
      rules: chargingRules,
      ...input,
    })

  test('a session, to the cent', () => {
    const session = {
      pluggedAt: '2024-06-10T08:00:00Z',
      chargedUntil: '2024-06-10T09:00:00Z',
      unpluggedAt: '2024-06-10T10:00:00Z',
      energyWh: 20_000,
    }
    expect(value(preview({ session }))).toMatchObject({
      totalMinor: 980 + 450,
      taxMinor: 156 + 72,
      lines: [{ key: 'energy' }, { key: 'idle', billedQuantity: '45' }],
      description: expect.arrayContaining(['Energy: EUR 0.49 per kWh.']),
    })
  })

  test('a stay, or only the words', () => {
    const stay = { enteredAt: '2024-06-10T08:00:00Z', exitedAt: '2024-06-10T10:01:00Z' }
    expect(value(preview({ scope: 'parking', rules: parkingRules, stay }))).toMatchObject({ totalMinor: 600 })
    expect(value(preview({}))).toMatchObject({ lines: [], totalMinor: 0 })
  })

  test('refusals point at what is wrong', () => {
    expect(preview({ timeZone: 'Mars/Base' })).toMatchObject({ problems: [{ pointer: '/timeZone' }] })
    expect(preview({ rules: {} })).toMatchObject({ problems: [{ pointer: '/rules/scope' }] })
    const session = { pluggedAt: '2024-06-10T08:00:00Z', unpluggedAt: '2024-06-10T07:00:00Z', energyWh: 1 }
    expect(preview({ session })).toMatchObject({
      problems: [{ pointer: '/session/unpluggedAt' }, { pointer: '/session/chargedUntil' }],
    })
  })
})
