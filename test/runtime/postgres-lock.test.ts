// Owns the proof of the data directory's lock: one holder, however many try, and no dead one keeps it.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { acquireHubLock } from '../../core/runtime/postgres/hub-lock.ts'
import { processSpace, startMark } from '../../core/runtime/postgres/process-identity.ts'

const now = new Date('2026-01-02T03:04:05Z')
let dir: string
let lock: string
const children: ChildProcess[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'baywatt-lock-'))
  lock = join(dir, 'hub.lock')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(dir, { recursive: true })
})

const acquire = (watchMs = 100) => acquireHubLock(dir, now, watchMs)
const heldBy = (holder: object) =>
  writeFileSync(
    lock,
    JSON.stringify({
      pid: 1,
      began: null,
      hostname: hostname(),
      space: processSpace(),
      startedAt: 'then',
      token: 't',
      ...holder,
    }),
  )

function bystander(): number {
  const child = spawn('sleep', ['60'])
  children.push(child)
  return child.pid ?? 0
}

/** A number that no process has any more. */
async function deadPid(): Promise<number> {
  const child = spawn('true')
  await new Promise((resolve) => child.once('close', resolve))
  return child.pid ?? 0
}

describe('the lock of a data directory', () => {
  test('says who holds it, refuses a second, and is free after release', async () => {
    const first = await acquire()
    expect(JSON.parse(readFileSync(lock, 'utf8'))).toMatchObject({
      pid: process.pid,
      hostname: hostname(),
      startedAt: now.toISOString(),
    })
    await expect(acquire()).rejects.toMatchObject({
      code: 'data_dir_in_use',
      message: expect.stringContaining(`process ${process.pid} on ${hostname()}, since ${now.toISOString()}`),
    })
    first.release()
    expect(readdirSync(dir)).toEqual([])
    ;(await acquire()).release()
  })

  test('a dead holder is followed at once', async () => {
    heldBy({ pid: await deadPid() })
    const taken = await acquire(60_000)
    expect(JSON.parse(readFileSync(lock, 'utf8')).pid).toBe(process.pid)
    taken.release()
    expect(readdirSync(dir)).toEqual([])
  })

  test('a holder whose number has gone to another process is dead', async () => {
    heldBy({ pid: bystander(), began: 'earlier' })
    ;(await acquire(60_000)).release()
  })

  if (process.platform === 'linux') {
    test('a killed holder that its parent never asked for is dead, though its number still answers', async () => {
      const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
      children.push(parent)
      const pid = Number(await new Promise((resolve) => parent.stdout.once('data', (chunk) => resolve(String(chunk)))))
      const stat = (of: number) => readFileSync(`/proc/${of}/stat`, 'utf8').split(/[()] ?/)
      // Once the shell has become a sleep, it asks for no child.
      while (stat(parent.pid ?? 0)[1] !== 'sleep') await new Promise((resolve) => setTimeout(resolve, 5))
      process.kill(pid, 'SIGKILL')
      while (!stat(pid)[2]?.startsWith('Z')) await new Promise((resolve) => setTimeout(resolve, 5))
      heldBy({ pid, began: startMark(pid) })
      ;(await acquire(60_000)).release()
    })
  }

  test('a living holder keeps it', async () => {
    const pid = bystander()
    heldBy({ pid, began: startMark(pid) })
    await expect(acquire(60_000)).rejects.toMatchObject({ message: expect.stringContaining(`process ${pid}`) })
  })

  test('a holder elsewhere that shows no life is followed after watching it', async () => {
    heldBy({ hostname: 'other', space: 'other/boot/ns' })
    ;(await acquire()).release()
  })

  test('a holder elsewhere that shows life keeps it', async () => {
    heldBy({ hostname: 'other', space: 'other/boot/ns' })
    let second = 1_000
    const beating = setInterval(() => utimesSync(lock, second, second++), 10)
    await expect(acquire(300)).rejects.toMatchObject({ message: expect.stringContaining('on other') })
    clearInterval(beating)
  })

  test.each(['', 'null', '{"pid":"x"}', '{', '[]'])('a torn lock (%j) is followed', async (content) => {
    writeFileSync(lock, content)
    ;(await acquire()).release()
  })

  test('of many that find a dead holder, exactly one gets it', async () => {
    for (let round = 0; round < 20; round++) {
      heldBy({ pid: await deadPid(), token: `t${round}` })
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => acquire()))
      const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
      expect(winners).toHaveLength(1)
      winners[0]?.release()
      expect(readdirSync(dir)).toEqual([])
    }
  })

  test('a takeover that was cut short does not bar the next', async () => {
    const dead = await deadPid()
    heldBy({ pid: dead })
    writeFileSync(`${lock}.takeover`, readFileSync(lock))
    ;(await acquire(60_000)).release()
    expect(readdirSync(dir)).toEqual([])
  })

  test('a lock that was taken from its holder is not removed by its release', async () => {
    const first = await acquire()
    heldBy({ token: 'someone else' })
    first.release()
    expect(JSON.parse(readFileSync(lock, 'utf8')).token).toBe('someone else')
  })
})
