// Owns the proof that a hub killed in the middle of a file goes on where it was after its start and has every line once.
// Must not look into the hub's tables; its API tells what it has.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LiveHub, liveHub } from '../live-hub.ts'

const rows = 3_000
const token = 'a token of the gate vendor'
const mapping = {
  delimiter: ',',
  header: true,
  times: ['iso'],
  key: ['id'],
  facts: [
    {
      type: 'stay.opened',
      fields: { occurredAt: { column: 'in' }, stayRef: { column: 'id' }, ticket: { column: 'id' } },
    },
  ],
}

interface TakenFile {
  state: string
  size: number
  read: number
  stored: number
  known: number
  passedOver: number
  rejected: number
  endedAt: string | null
}

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
}, 300_000)
afterAll(() => hub?.stop())

test('a file goes on where it was when the hub was killed, and no line counts twice', async () => {
  const { siteId } = hub.garage
  const { connectionId } = await hub.call<{ connectionId: string }>('POST', 'connections', {
    pluginId: 'parcs-files',
    siteId,
    name: 'Files',
    config: { mapping },
    secrets: { uploadToken: token },
  })
  const ids = Array.from({ length: rows }, (_, i) => `K${i}`)
  const body = ['id,in', ...ids.map((id) => `${id},2026-03-01T08:00:00Z`), ''].join('\n')
  const send = (name: string) =>
    fetch(`${hub.process.url}/in/${connectionId}/files/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body,
    }).then(({ status }) => status)
  // Acknowledged, so it must survive.
  await hub.until('the upload', async () => (await send('big.csv')) === 202)

  const files = async () =>
    (await hub.call<{ items: TakenFile[] }>('GET', `x/parcs-files/files?connectionId=${connectionId}`)).items
  const begun = await hub.until('a part of the file', async () => (await files()).find(({ stored }) => stored > 0))
  await hub.process.kill('SIGKILL')
  expect(begun).toMatchObject({ state: 'taking', endedAt: null })
  const killedAt = Date.now()
  await hub.process.start()

  // What was kept of the place before the kill is where it goes on: it never falls back to the first line.
  const [resumed] = await files()
  expect(resumed?.stored).toBeGreaterThanOrEqual(begun.stored)
  expect(resumed?.read).toBeGreaterThanOrEqual(begun.read)
  const file = await hub.until('the whole file', async () => (await files()).find(({ state }) => state === 'done'))
  expect(file).toMatchObject({ read: body.length, size: body.length, passedOver: 0, rejected: 0 })
  expect(file.stored + file.known).toBe(rows)
  // It was in the middle when it was killed.
  expect(Date.parse(String(file.endedAt))).toBeGreaterThan(killedAt)
  const told = async () => {
    const stays = await hub.all(`stays?siteId=${siteId}`)
    return stays.flatMap((stay) => /"(K\d+)"/.exec(JSON.stringify(stay))?.[1] ?? []).sort()
  }
  expect(await told()).toEqual([...ids].sort())

  // The sender had no answer to remember and sends it again: a known file, and not one fact more.
  expect(await send('big-again.csv')).toBe(202)
  const waiting = async () =>
    (await hub.call<{ waiting: unknown[] }>('GET', `x/parcs-files/files?connectionId=${connectionId}`)).waiting
  await hub.until('the second file', async () => (await waiting()).length === 0)
  expect(await files()).toHaveLength(1)
  expect(await told()).toHaveLength(rows)
}, 600_000)
