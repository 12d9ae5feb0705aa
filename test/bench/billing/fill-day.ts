// Owns a day of stays, sessions and payments as their facts would have left them, and what they should come to, worked out apart.
// Must not use the hub's own pricing.
import { systemNewId } from '../../../core/runtime/random.ts'
import { type Garage, minuteMs } from '../../services/billing/garage.ts'
import { chance } from '../linking/seeded.ts'

export interface FilledDay {
  subjects: string[]
  /** In cents, taxes included. */
  expected: { parking: number; energy: number; idle: number; paid: number }
}

const rowsAtOnce = 500

/** The garage's own tariffs: 2.00 per started hour and at most 20.00, 0.49 per kWh, idle 0.10 per minute after 15. */
export async function fillDay(
  garage: Garage,
  { date, stays, seed }: { date: string; stays: number; seed: number },
): Promise<FilledDay> {
  const { db, organizationId, siteId, stationId } = garage
  const random = chance(seed + 1)
  const place = { organization_id: organizationId, site_id: siteId }
  const morning = new Date(`${date}T05:00:00Z`).getTime()
  const subjects: string[] = []
  const expected = { parking: 0, energy: 0, idle: 0, paid: 0 }
  const stayRows: object[] = []
  const sessionRows: object[] = []
  const linkRows: object[] = []
  const paymentRows: object[] = []

  const session = (from: number): { sessionId: string; cents: number } => {
    const sessionId = systemNewId()
    const charging = 20 + random.below(160)
    const idle = random.below(3) === 0 ? 1 + random.below(60) : 0
    const energyWh = 1_000 + random.below(30_000)
    const endedAt = new Date(from + charging * minuteMs)
    const unpluggedAt = new Date(endedAt.getTime() + idle * minuteMs)
    const periods = [{ from: iso(from), to: endedAt.toISOString(), state: 'charging', energyWh }]
    if (idle > 0)
      periods.push({ from: endedAt.toISOString(), to: unpluggedAt.toISOString(), state: 'finished', energyWh: 0 })
    sessionRows.push({
      ...place,
      session_id: sessionId,
      station_id: stationId,
      evse_number: 1,
      state: 'closed',
      plugged_at: new Date(from),
      started_at: new Date(from),
      ended_at: endedAt,
      unplugged_at: unpluggedAt,
      energy_wh: energyWh,
      charging_seconds: charging * 60,
      idle_seconds: idle * 60,
      periods: JSON.stringify(periods),
      registers: JSON.stringify([
        [iso(from), 100_000],
        [endedAt.toISOString(), 100_000 + energyWh],
      ]),
      facts_at: unpluggedAt,
      created_at: new Date(from),
      updated_at: unpluggedAt,
    })
    const energy = Math.floor((energyWh * 49 + 500) / 1_000)
    const idling = Math.max(0, idle - 15) * 10
    expected.energy += energy
    expected.idle += idling
    return { sessionId, cents: energy + idling }
  }

  for (let n = 0; n < stays; n++) {
    const stayId = systemNewId()
    const from = morning + random.below(6 * 60) * minuteMs
    // Longer than any session: what is plugged in after the exit is no car's idle time.
    const minutes = 250 + random.below(6 * 60)
    const exit = new Date(from + minutes * minuteMs)
    stayRows.push({
      ...place,
      stay_id: stayId,
      connection_id: stationId,
      stay_key: `ref:${stayId}`,
      state: 'closed',
      entered_at: new Date(from),
      exited_at: exit,
      facts_at: exit,
      created_at: new Date(from),
      updated_at: exit,
    })
    subjects.push(`stay:${stayId}`)
    const parking = Math.min(2_000, Math.ceil(minutes / 60) * 200)
    expected.parking += parking
    let cents = parking
    if (n % 4 === 0) {
      const { sessionId, cents: charged } = session(from + 5 * minuteMs)
      cents += charged
      const decided = { decided_at: exit, created_at: exit, updated_at: exit }
      linkRows.push({
        ...place,
        link_id: systemNewId(),
        stay_id: stayId,
        session_id: sessionId,
        state: 'linked',
        method: 'card',
        score: '0.99',
        evidence: '[]',
        decided_by: 'hub',
        ...decided,
      })
    }
    if (n % 10 === 0) continue
    expected.paid += cents
    const paymentId = systemNewId()
    paymentRows.push({
      ...place,
      payment_id: paymentId,
      kind: 'captured',
      stay_id: stayId,
      content_key: paymentId,
      vendor_transaction: `TX-${n}`,
      method: 'card',
      scope: 'both',
      amount_minor: cents,
      currency: 'EUR',
      at: exit,
      recorded_at: exit,
    })
  }
  for (let n = 0; n < stays / 20; n++)
    subjects.push(`session:${session(morning + random.below(6 * 60) * minuteMs).sessionId}`)

  const insert = async (table: 'stay' | 'charging_session' | 'link' | 'payment', rows: object[]) => {
    for (let i = 0; i < rows.length; i += rowsAtOnce)
      await db
        .insertInto(table)
        .values(rows.slice(i, i + rowsAtOnce) as never)
        .execute()
  }
  await insert('stay', stayRows)
  await insert('charging_session', sessionRows)
  await insert('link', linkRows)
  await insert('payment', paymentRows)
  return { subjects, expected }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
