// Owns matching stays to their holders anew when people, vehicles or credentials changed.
// Must not derive by itself: a stay that changes hands is derived from its facts, like any other.
import { decodedFact, type StayPresentation } from '../../domain/stay/index.ts'
import { loadCardProfiles } from '../../store/decode-profiles.ts'
import { addJobs, appendEvents } from '../../store/event-log.ts'
import { factOfRow, factsOfStays, lockSiteParking, type ParkingSource } from '../../store/parking-facts.ts'
import type { Db } from '../../store/record-table.ts'
import { type StayRow, staysById } from '../../store/stays.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { matchHolders } from './match-holder.ts'
import type { ParkingChange } from './parking-change.ts'
import { rederiveStays } from './rederive-stays.ts'
import { stayContext } from './stay-context.ts'

/** Stays of one connection. What changes brings its own links and bills to be looked at; the others cost four queries together. */
export async function rematchStays(
  deps: ServiceDeps,
  source: ParkingSource,
  stayIds: readonly string[],
): Promise<void> {
  const stale = await otherHolders(deps.db, source.organizationId, stayIds)
  if (stale.length === 0) return
  await transaction(deps.db, async (trx) => {
    const site = await lockSiteParking(trx, source)
    if (!site) return
    const facts = await factsOfStays(trx, source, stale)
    const profiles = await loadCardProfiles(trx, source.organizationId)
    const change: ParkingChange = {
      trx,
      source,
      context: stayContext(source, site),
      profiles,
      now: deps.clock.now(),
      newId: deps.newId,
      log: deps.log,
      gained: facts.map((row) => decodedFact(factOfRow(row), profiles, source)),
      lost: [],
      events: [],
      jobs: [],
    }
    await rederiveStays(change, new Map())
    await appendEvents(trx, change.events)
    await addJobs(trx, change.jobs)
  })
}

async function otherHolders(db: Db, organizationId: string, stayIds: readonly string[]): Promise<string[]> {
  const rows = (await staysById(db, organizationId, stayIds)).filter(({ flags }) => !flags.includes('withdrawn'))
  const holders = await matchHolders(db, organizationId, rows.map(heldStay))
  return rows
    .filter((row, i) => {
      const holder = holders[i]
      return (
        holder &&
        (holder.accountId !== row.account_id ||
          holder.vehicleId !== row.vehicle_id ||
          holder.credentialId !== row.credential_id ||
          holder.ambiguous !== row.flags.includes('account_ambiguous') ||
          // The parking system may have said it, too; then deriving finds nothing to change.
          (holder.parkerKind !== null && holder.parkerKind !== row.parker_kind))
      )
    })
    .map((row) => row.stay_id)
}

function heldStay(row: StayRow) {
  return {
    enteredAt: row.entered_at,
    exitedAt: row.exited_at,
    factsAt: row.facts_at,
    presentations: row.presentations as StayPresentation[],
    searchKeys: row.search_keys,
  }
}
