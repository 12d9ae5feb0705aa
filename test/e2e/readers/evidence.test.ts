// Owns the proof that a camera beside a parking system gives its plate to the stay that the system tells of, whichever comes first.
// Must not repeat which reads are ambiguous in all ways; test/domain/stay and test/services/parking do.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Json, openReaderHub, type ReaderHub } from './open-hub.ts'

let opened: ReaderHub
let gates: Awaited<ReturnType<ReaderHub['parcs']>>
let counter = 0

beforeAll(async () => {
  opened = await openReaderHub()
  gates = await opened.parcs('gates')
  const camera = { kind: 'plate', passage: 'evidence', staysConnectionId: gates.connectionId }
  await opened.place('IN', { ...camera, role: 'entry', laneId: opened.lanes.entry })
  await opened.place('OUT', { ...camera, role: 'exit', laneId: opened.lanes.exit })
})
afterAll(() => opened?.close())

const base = Date.parse('2026-03-10T07:00:00Z')
const at = (seconds: number) => new Date(base + seconds * 1_000).toISOString()
const sees = (reader: 'IN' | 'OUT', plate: string, seconds: number, more: Json = {}) =>
  opened.report({ type: 'plate', reader, id: `read-${++counter}`, plate, takenAt: at(seconds), ...more })
const passes = (direction: 'entry' | 'exit', stayRef: string, seconds: number, credentials: Json[] = []) =>
  gates.tell({
    type: 'gate.passed',
    stayRef,
    lane: direction.toUpperCase(),
    occurredAt: at(seconds),
    data: { direction, credentials },
  })
const plates = async (stayRef: string): Promise<Json> => {
  const { items } = await opened.call('GET', 'stays?limit=100')
  const stay = items.find((one: Json) => one.stayRef === stayRef)
  return { plate: stay?.plate, shown: stay?.presentations.map((one: Json) => `${one.role} ${one.raw}`) }
}

test('the plate read at the gate is the plate of the ticket, whichever is told first', async () => {
  await sees('IN', 'B WA 1284', 0, { confidence: 0.97, candidates: [{ plate: 'B WA 12B4', confidence: 0.4 }] })
  await passes('entry', 'T-1', 3)
  await passes('entry', 'T-2', 103)
  await sees('IN', 'HHU 1', 101)
  expect(await plates('T-1')).toEqual({ plate: 'BWA1284', shown: ['gate B WA 1284'] })
  expect(await plates('T-2')).toEqual({ plate: 'HHU1', shown: ['gate HHU 1'] })
  expect(await opened.stays('BWA1284')).toMatchObject([
    { stayRef: 'T-1', state: 'open', presentations: [{ confidence: 0.97, candidates: [{ value: 'B WA 12B4' }] }] },
  ])
  await sees('OUT', 'B WA 1284', 3_601)
  await passes('exit', 'T-1', 3_603)
  expect(await opened.stays('BWA1284')).toMatchObject([{ stayRef: 'T-1', state: 'closed' }])
})

test('a corrected read corrects the stay', async () => {
  await passes('entry', 'T-3', 203)
  const read = { type: 'plate', reader: 'IN', id: 'corrected', takenAt: at(201) }
  await opened.report({ ...read, plate: 'KBA 7B' })
  await opened.report({ ...read, plate: 'KBA 78', revision: 2 })
  expect(await plates('T-3')).toEqual({ plate: 'KBA78', shown: ['gate KBA 78'] })
})

test('two cars within seconds are told apart by nothing: neither gets a plate, and a late rival takes it back', async () => {
  await passes('entry', 'T-4', 302)
  await sees('IN', 'FLA 5', 300)
  expect(await plates('T-4')).toMatchObject({ plate: 'FLA5' })
  await passes('entry', 'T-5', 304)
  expect(await plates('T-4')).toEqual({ plate: null, shown: [] })
  expect(await plates('T-5')).toEqual({ plate: null, shown: [] })

  await passes('entry', 'T-6', 402)
  await sees('IN', 'MTX 808', 400)
  await sees('IN', 'GRZ 31', 405)
  expect(await plates('T-6')).toEqual({ plate: null, shown: [] })
})

test('a read too far away, or of another plate than the parking system read, stays alone', async () => {
  await passes('entry', 'T-7', 510)
  await sees('IN', 'WOB 1', 500)
  await passes('entry', 'T-8', 602, [{ kind: 'plate', value: 'WOB 2' }])
  await sees('IN', 'XY 999', 600)
  expect(await plates('T-7')).toEqual({ plate: null, shown: [] })
  expect(await plates('T-8')).toEqual({ plate: 'WOB2', shown: ['entry WOB 2'] })
})
