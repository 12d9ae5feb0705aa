// Owns chargers, sessions and rights of a test garage, as far as permits need them.
// Must not hold expectations.
import { systemNewId } from '../../../core/runtime/random.ts'
import { addAccount, addCredential, addVehicle, type Garage } from '../../services/parking/garage.ts'
import { someInstant } from '../../setup/records.ts'

const stamps = { created_at: someInstant, updated_at: someInstant }

export async function addStation(garage: Garage, code: string): Promise<string> {
  const { organizationId: organization_id, siteId: site_id } = garage
  const station_id = systemNewId()
  await garage.db
    .insertInto('station')
    .values({ organization_id, site_id, station_id, code, name: code, ...stamps })
    .execute()
  await garage.db.insertInto('station_identity').values({ identity: code, organization_id, station_id }).execute()
  return station_id
}

/** A session of a car, written as the charger path leaves it. */
export async function plug(
  garage: Garage,
  stationId: string,
  of: { vehicleId?: string; accountId?: string; bayId?: string },
): Promise<string> {
  const session_id = systemNewId()
  const now = garage.clock.now()
  await garage.db
    .insertInto('charging_session')
    .values({
      organization_id: garage.organizationId,
      site_id: garage.siteId,
      session_id,
      station_id: stationId,
      evse_number: 1,
      bay_id: of.bayId ?? null,
      state: 'active',
      plugged_at: now,
      started_at: now,
      vehicle_id: of.vehicleId ?? null,
      account_id: of.accountId ?? null,
      facts_at: now,
      created_at: now,
      updated_at: now,
    })
    .execute()
  return session_id
}

export async function unplug(garage: Garage, sessionId: string): Promise<void> {
  const now = garage.clock.now()
  await garage.db
    .updateTable('charging_session')
    .set({ state: 'closed', unplugged_at: now, ended_at: now, updated_at: now })
    .where('session_id', '=', sessionId)
    .execute()
}

export async function addCar(garage: Garage, plate: string, accountId: string | null = null): Promise<string> {
  return addVehicle(garage, plate, accountId)
}

/** An account with a car and a card. */
export async function addParker(
  garage: Garage,
  plate: string,
  more: { rights?: string[]; validUntil?: Date; validFrom?: Date } = {},
): Promise<{ credentialId: string; vehicleId: string }> {
  const accountId = await addAccount(garage)
  const vehicleId = await addVehicle(garage, plate, accountId)
  const credentialId = await addCredential(garage, 'card', systemNewId().replaceAll('-', '').slice(-14), {
    accountId,
    ...more,
  })
  return { credentialId, vehicleId }
}

export async function setRight(garage: Garage, credentialId: string, status: 'active' | 'blocked'): Promise<void> {
  await garage.db
    .updateTable('credential')
    .set({ status, updated_at: garage.clock.now() })
    .where('credential_id', '=', credentialId)
    .execute()
}

export async function sellCar(garage: Garage, vehicleId: string): Promise<void> {
  await garage.db
    .updateTable('vehicle')
    .set({ archived_at: garage.clock.now(), updated_at: garage.clock.now() })
    .where('vehicle_id', '=', vehicleId)
    .execute()
}
