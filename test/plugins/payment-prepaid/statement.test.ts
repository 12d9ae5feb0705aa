// Owns the proof that a prepaid statement is shown only to callers of the account's organization, and in the bounds of their sites.
// Must not call the plugin but through the hub, with the callers that core/http makes of keys.
import { Kysely, PostgresDialect } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import prepaid from '../../../plugins/payment-prepaid/index.ts'
import { wallet } from '../../../plugins/payment-prepaid/wallet.ts'
import { type TestHub, testHub } from '../../host/hub.ts'
import { openGarage } from '../../services/billing/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'

let database: TestDatabase
let hub: TestHub
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(async () => {
  await hub.stop()
  await database.drop()
})

test('to its organization and no other, and of the orders of their sites to keys that are limited to some', async () => {
  const own = await openGarage(database.db)
  const other = await openGarage(database.db)
  hub = await testHub(database, [prepaid], {
    organizationId: own.organizationId,
    ports: { payment: () => ({ report: async () => [] }) },
  })
  const connectionId = await hub.connect(prepaid)
  const made = await hub.host.connections.create(
    { ...hub.access, organizationId: other.organizationId },
    { pluginId: prepaid.id, name: 'theirs', config: {} },
  )
  expect(made.kind).toBe('ok')
  await hub.host.settled()
  expect(await hub.state(connectionId)).toMatchObject({ state: 'running', reason: null })

  const { organizationId, siteId, accountId, clock } = own
  const purse = { accountId, currency: 'EUR' }
  const orderAt = async (site: string) => {
    const orderId = newId()
    const now = clock.now()
    await database.db
      .insertInto('payment_order')
      .values({
        organization_id: organizationId,
        site_id: site,
        order_id: orderId,
        connection_id: connectionId,
        provider: 'payment-prepaid',
        method: 'prepaid',
        booking: 'hub',
        purpose: 'top_up',
        account_id: accountId,
        description: 'Top-up',
        amount_minor: 700,
        currency: 'EUR',
        capture: 'automatic',
        state: 'captured',
        requested_by: 'key:a',
        idempotency_key: orderId,
        expires_at: now,
        created_at: now,
        updated_at: now,
      } as never)
      .execute()
    return orderId
  }
  const secondSite = newId()
  await database.db
    .insertInto('site')
    .values({
      organization_id: organizationId,
      site_id: secondSite,
      code: 'P2',
      name: 'Messe',
      time_zone: 'Europe/Berlin',
      currency: 'EUR',
      country: 'DE',
      created_at: clock.now(),
      updated_at: clock.now(),
    })
    .execute()
  const [here, there] = [await orderAt(siteId), await orderAt(secondSite)]
  const schema = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: database.ownerPool }) }).withSchema(
    'plugin_payment_prepaid',
  )
  const money = wallet(schema, () => clock.now())
  await money.move(purse, `${here}/1`, here, 700)
  await money.move(purse, `${there}/1`, there, 700)

  const ask = async (caller: { organizationId: string; siteIds: readonly string[] | null }, id: string = accountId) => {
    const path = `/accounts/${id}/statement`
    const request = new Request(`http://hub/api/v1/x/payment-prepaid${path}`)
    const answer = await hub.host.route({ pluginId: 'payment-prepaid', ...caller, path, request })
    if (answer.kind !== 'answered') return answer.kind
    const { status } = answer.response
    const body = (await answer.response.json()) as { entries?: { orderId: string }[]; balances?: unknown }
    return { status, orders: body.entries?.map(({ orderId }) => orderId).sort() }
  }
  expect(await ask({ organizationId, siteIds: null })).toEqual({ status: 200, orders: [here, there].sort() })
  const refused = { status: 404, orders: undefined }
  expect(await ask({ organizationId: other.organizationId, siteIds: null })).toEqual(refused)
  expect(await ask({ organizationId, siteIds: null }, other.accountId)).toEqual(refused)
  for (const id of [newId(), '-'.repeat(36), 'x'])
    expect(await ask({ organizationId, siteIds: null }, id)).toEqual(refused)

  // A connection of no site is not for a key that is limited to some; one of its site shows what happened there.
  const limited = { organizationId, siteIds: [siteId] }
  expect(await ask(limited)).toBe('unknown')
  await hub.connect(prepaid, { siteId })
  expect(await ask(limited)).toEqual({ status: 200, orders: [here] })
  expect(await ask({ organizationId, siteIds: [secondSite] })).toBe('unknown')
})
