// Owns the behaviour of schedules, calendars, rules of accounts, bookings and the question why through the API.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
beforeAll(async () => {
  hub = await startHubApi()
  const site = { code: 'P1', name: 'Garage', timeZone: 'Europe/Berlin', currency: 'EUR' }
  siteId = (await post('/sites', site)).siteId
})
afterAll(() => hub.close())

const post = async (path: string, body: Json, status = 201): Promise<Json> => {
  const answer = await hub.call('POST', path, { body })
  expect(answer.status, JSON.stringify(answer.body)).toBe(status)
  return answer.body
}

test('a schedule is made, changed by version, asked about with the trace, and not archived while it is in use', async () => {
  const office = { code: 'office', name: 'Office hours', windows: [{ days: ['tue'], from: '08:00', to: '18:00' }] }
  const schedule = await post('/access-schedules', office)
  expect(schedule).toMatchObject({ onHolidays: 'as_days', periods: [], version: 1 })
  const path = `/access-schedules/${schedule.scheduleId}`
  const patch = { body: { onHolidays: 'closed' }, headers: { 'If-Match': '"7"' } }
  expect((await hub.call('PATCH', path, patch)).status).toBe(412)
  expect((await hub.call('PATCH', path, { body: { onHolidays: 'closed' } })).body).toMatchObject({ version: 2 })
  const wrong = { code: 'x', periods: [{ from: '2026-02-01', until: '2026-01-01' }] }
  expect((await post('/access-schedules', wrong, 422)).errors).toMatchObject([{ pointer: '/periods/0/until' }])

  const access = { scheduleIds: [schedule.scheduleId], maxInside: 1 }
  const ada = await post('/accounts', { name: 'Ada', kind: 'employee', number: '1007', access })
  expect(ada).toMatchObject({ access, parentAccountId: null, passbackResetAt: null })
  const nowhere = { name: 'Bo', kind: 'person', access: { laneIds: [siteId] } }
  expect((await post('/accounts', nowhere, 422)).errors).toMatchObject([{ pointer: '/access/laneIds/0' }])
  expect((await hub.call('DELETE', path)).body).toMatchObject({
    code: 'conflict',
    detail: expect.stringContaining('1007'),
  })

  // A Tuesday, 09:00 in Berlin.
  const ask = { siteId, place: 'gate', accountId: ada.accountId }
  const yes = await post('/access-questions', ask, 200)
  expect(yes).toMatchObject({ allowed: true, status: 'accepted', validUntil: '2026-03-10T17:00:00.000Z' })
  expect(yes.trace.map((one: Json) => [one.rule, one.outcome])).toEqual([
    ['credential', 'passed'],
    ['status', 'passed'],
    ['validity', 'passed'],
    ['right', 'passed'],
    ['schedule', 'passed'],
    ['antipassback', 'passed'],
    ['places', 'passed'],
  ])
  const night = await post('/access-questions', { ...ask, at: '2026-03-10T21:00:00Z' }, 200)
  expect(night).toMatchObject({ allowed: false, code: 'outside_schedule' })
  expect(night.reason).toBe(
    'Credential of Ada (account 1007) is outside its schedule Office hours (Tuesday 2026-03-10 22:00).',
  )
  await post('/holiday-calendars', { code: 'de', siteId, days: [{ date: '2026-03-10', name: 'A day off' }] })
  expect((await post('/access-questions', ask, 200)).reason).toContain('holiday (A day off)')
  const charger = await post('/access-questions', { ...ask, place: 'charger', at: '2026-03-17T08:00:00Z' }, 200)
  expect(charger.allowed).toBe(true)
  expect((await post('/access-questions', { siteId, place: 'gate' }, 422)).errors).toHaveLength(1)
})

test('an account below another draws on its places, one level deep; a reset is told in the audit log', async () => {
  const company = await post('/accounts', { name: 'Co', kind: 'company', access: { maxInside: 3 } })
  const child = await post('/accounts', { name: 'C1', kind: 'employee', parentAccountId: company.accountId })
  const deeper = { name: 'C2', kind: 'employee', parentAccountId: child.accountId }
  expect((await post('/accounts', deeper, 422)).errors).toMatchObject([{ pointer: '/parentAccountId' }])
  const under = { body: { parentAccountId: child.accountId } }
  expect((await hub.call('PATCH', `/accounts/${company.accountId}`, under)).status).toBe(422)
  const reset = await hub.call('POST', `/accounts/${child.accountId}/passback-reset`)
  expect(reset).toMatchObject({ status: 200, body: { passbackResetAt: '2026-03-10T08:00:00.000Z', version: 2 } })
  const { body } = await hub.call('GET', `/audit-log?subjectId=${child.accountId}`)
  expect(body.items[0]).toMatchObject({ action: 'account.passback_reset' })
})

test('a visitor gets a QR text that opens the gate in its window until the pass is cancelled', async () => {
  const window = { siteId, from: '2026-03-10T09:00:00Z', until: '2026-03-10T12:00:00Z' }
  expect((await post('/parking-reservations', { ...window, until: window.from }, 422)).errors).toMatchObject([
    { pointer: '/until' },
  ])
  const pass = await post('/parking-reservations', { ...window, name: 'Grace' })
  expect(pass).toMatchObject({ kind: 'visitor', state: 'booked', uses: 'single', usedCount: 0 })
  const [presented] = pass.credentials
  expect(presented).toEqual({ kind: 'qr', value: expect.stringMatching(/^BW[A-Z2-9]{16}$/) })
  const ask = { siteId, place: 'gate', presented }
  const at = '2026-03-10T10:00:00Z'
  expect(await post('/access-questions', ask, 200)).toMatchObject({ allowed: false, code: 'too_early' })
  expect(await post('/access-questions', { ...ask, at }, 200)).toMatchObject({ allowed: true, code: 'booking' })
  const path = `/parking-reservations/${pass.reservationId}`
  const later = await hub.call('PATCH', path, {
    body: { until: '2026-03-10T13:00:00Z' },
    headers: { 'If-Match': pass.version === 1 ? '"v1"' : '' },
  })
  expect(later.body).toMatchObject({ until: '2026-03-10T13:00:00.000Z', version: 2 })
  expect((await hub.call('POST', `${path}/cancel`)).body).toMatchObject({ state: 'cancelled' })
  expect((await hub.call('POST', `${path}/cancel`)).status).toBe(409)
  expect(await post('/access-questions', { ...ask, at }, 200)).toMatchObject({ allowed: false, code: 'cancelled' })
  const { body } = await hub.call('GET', `/parking-reservations?siteId=${siteId}&state=cancelled`)
  expect(body.items).toMatchObject([{ reservationId: pass.reservationId }])
})
