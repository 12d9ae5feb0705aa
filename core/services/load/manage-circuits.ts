// Owns the rules of circuits and of what hangs on them: a tree per site, and room for all failsafe shares at once.
// Must not set limits; guard-load.ts does.
import { isCircular, overbooked } from '../../domain/load/index.ts'
import {
  type CircuitEvseRecord,
  type CircuitRecord,
  circuitEvses,
  circuits,
  liveCircuits,
  livePlacements,
  lockLoad,
} from '../../store/circuits.ts'
import { addJobs } from '../../store/event-log.ts'
import { getRecord } from '../../store/record-table.ts'
import { evses } from '../../store/stations.ts'
import { columns, columnsOf, type Making, manage } from '../manage/manage-record.ts'
import { invalid, type Refusal } from '../manage/outcome.ts'
import { broken, sameSite, theSite } from '../manage/references.ts'
import { wantFailsafe } from './failsafe-item.ts'
import { guardJob } from './guard-job.ts'
import { circuitOf } from './load-site.ts'

export type CircuitCreate = Pick<CircuitRecord, 'siteId' | 'code' | 'limitA'> &
  Partial<Pick<CircuitRecord, 'name' | 'parentId' | 'otherLoad'>>
export type CircuitPatch = Partial<Omit<CircuitCreate, 'siteId'>>

const parentOf = (siteId: string, id: string | null | undefined) => ({
  pointer: '/parentId',
  table: circuits,
  id,
  fits: sameSite(siteId),
})

export const manageCircuits = manage<CircuitRecord, CircuitCreate, CircuitPatch>({
  table: circuits,
  idOf: (circuit) => circuit.circuitId,
  siteOf: (circuit) => circuit.siteId,
  async create({ trx, access }, input) {
    await lockLoad(trx, input.siteId)
    const wrong = await broken(trx, access, [theSite(input.siteId), parentOf(input.siteId, input.parentId)])
    return wrong ?? columns(columnsOf(circuits, { ...input, name: input.name ?? input.code }))
  },
  async update({ trx, access }, before, input) {
    await lockLoad(trx, before.siteId)
    const wrong = await broken(trx, access, [parentOf(before.siteId, input.parentId)])
    return wrong ?? columns(columnsOf(circuits, input))
  },
  async changed(making, _before, after, input) {
    // Archiving asks for no columns of ours, so the turn is taken here, too.
    await lockLoad(making.trx, after.siteId)
    return brokenTree(making, after, pointerOf(input ?? {}))
  },
})

function pointerOf({ otherLoad, limitA, parentId }: Partial<CircuitCreate>): string {
  if (otherLoad != null) return '/otherLoad/reserveA'
  if (limitA !== undefined) return '/limitA'
  return parentId === undefined ? '' : '/parentId'
}

async function brokenTree(making: Making, after: CircuitRecord, pointer: string): Promise<Refusal | undefined> {
  const { trx, access } = making
  const place = { organizationId: access.organizationId, siteId: after.siteId }
  const tree = await liveCircuits(trx, place)
  const placed = await livePlacements(trx, place)
  const { circuitId } = after
  if (after.archivedAt !== null) {
    if (tree.some(({ parentId }) => parentId === circuitId))
      return { kind: 'conflict', message: 'Other circuits hang on it.' }
    if (placed.some((one) => one.circuitId === circuitId)) return { kind: 'conflict', message: 'EVSEs hang on it.' }
    return undefined
  }
  if (isCircular(tree, circuitId)) return invalid('/parentId', 'hangs on this circuit itself')
  return noRoom(tree, placed, pointer) ?? guardAgain(making, after.siteId)
}

function noRoom(
  tree: readonly CircuitRecord[],
  placed: Awaited<ReturnType<typeof livePlacements>>,
  pointer: string,
): Refusal | undefined {
  const [over] = overbooked(
    tree.map((circuit) => circuitOf(circuit)),
    placed,
  )
  const circuit = tree.find(({ circuitId }) => circuitId === over?.circuitId)
  if (over === undefined || circuit === undefined) return undefined
  const { code, limitA } = circuit
  return invalid(
    pointer,
    `the failsafe shares and reserves on circuit ${code} would come to ${over.amps} A, and its limit is ${limitA} A`,
  )
}

async function guardAgain({ trx, access }: Making, siteId: string): Promise<undefined> {
  await addJobs(trx, [guardJob({ organizationId: access.organizationId, siteId })])
}

type Amps = Pick<CircuitEvseRecord, 'maxA' | 'failsafeA'>
export type CircuitEvseCreate = Pick<CircuitEvseRecord, 'circuitId' | 'evseId'> &
  Amps &
  Partial<Pick<CircuitEvseRecord, 'phases' | 'phase' | 'minA'>>
export type CircuitEvsePatch = Partial<Omit<CircuitEvseCreate, 'evseId'>>

export const manageCircuitEvses = manage<CircuitEvseRecord, CircuitEvseCreate, CircuitEvsePatch>({
  table: circuitEvses,
  idOf: (placed) => placed.circuitEvseId,
  siteOf: (placed) => placed.siteId,
  async create({ trx, access }, input) {
    const circuit = await getRecord(trx, circuits, access, input.circuitId)
    if (!circuit || circuit.archivedAt !== null) return invalid('/circuitId', 'no such circuit')
    await lockLoad(trx, circuit.siteId)
    const place = { pointer: '/evseId', table: evses, id: input.evseId, fits: sameSite(circuit.siteId) }
    const evse = await getRecord(trx, evses, access, input.evseId)
    const wrong = (await broken(trx, access, [place])) ?? brokenAmps({ phases: 3, phase: null, minA: 6, ...input })
    if (wrong || !evse) return wrong ?? invalid('/evseId', 'no such evse')
    const { stationId, number } = evse
    const given = { phases: 3, minA: 6, ...input, siteId: circuit.siteId, stationId, evseNumber: number }
    return columns(columnsOf(circuitEvses, given))
  },
  async update({ trx, access }, before, input) {
    await lockLoad(trx, before.siteId)
    const { siteId } = before
    const place = { pointer: '/circuitId', table: circuits, id: input.circuitId, fits: sameSite(siteId) }
    const wrong = (await broken(trx, access, [place])) ?? brokenAmps({ ...before, ...input })
    return wrong ?? columns(columnsOf(circuitEvses, input))
  },
  async changed(making, _before, after, input) {
    const { trx, access } = making
    await lockLoad(trx, after.siteId)
    const place = { organizationId: access.organizationId, siteId: after.siteId }
    if (after.archivedAt === null) {
      const circuit = await getRecord(trx, circuits, access, after.circuitId)
      if (!circuit || circuit.archivedAt !== null) return invalid('/circuitId', 'no such circuit')
      const { circuitId, failsafeA } = (input ?? {}) as CircuitEvsePatch
      const pointer = failsafeA === undefined && circuitId !== undefined ? '/circuitId' : '/failsafeA'
      const wrong = noRoom(await liveCircuits(trx, place), await livePlacements(trx, place), pointer)
      if (wrong) return wrong
    }
    await wantFailsafe(making, after)
    return guardAgain(making, after.siteId)
  },
})

function brokenAmps({
  phases,
  phase,
  minA,
  maxA,
  failsafeA,
}: Pick<CircuitEvseRecord, 'minA' | 'phases' | 'phase'> & Amps): Refusal | undefined {
  if (phases === 3 && phase !== null) return invalid('/phase', 'is for an EVSE of one phase')
  if (maxA < minA) return invalid('/maxA', `must be at least minA, which is ${minA}`)
  if (failsafeA !== 0 && failsafeA < minA) return invalid('/failsafeA', `must be 0 or at least minA, which is ${minA}`)
  if (failsafeA > maxA) return invalid('/failsafeA', `must be at most maxA, which is ${maxA}`)
  return undefined
}
