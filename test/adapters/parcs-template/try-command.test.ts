// Owns the proof of `npm run parcs:try` as a process: what it prints of a capture, and the code it ends with.
// Must not look into the command; whoever calls it cannot either.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { someProfile } from './some-profile.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const place = mkdtempSync(join(tmpdir(), 'baywatt-try-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

const file = (name: string, text: string) => {
  const path = join(place, name)
  writeFileSync(path, text)
  return path
}
const profile = file('profile.yaml', stringify(someProfile))
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '-s', 'parcs:try', '--', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: place },
  })
  return { status, text: stdout, problems: stderr }
}

const entry = {
  id: 'm1',
  kind: 'IN',
  at: '2019-03-10T06:01:00',
  ticket: 'T-1',
  gate: 'n:in',
  plate: 'b-ay 1',
  colour: 'red',
}
const leave = { ...entry, id: 'm2', kind: 'OUT', at: '2019-03-10T09:00:00', price: '4,50' }

test('lines of JSON: every record with its facts, and a good end', () => {
  const lines = [
    { kind: 'answer', path: '/v1/movements?page=1', body: { data: [entry, { ...entry, kind: 'TEST' }], next: null } },
    { kind: 'webhook', path: 'events', body: { events: [leave] } },
  ]
  const capture = file('good.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'))
  const { status, text } = run('--profile', profile, '--capture', capture)
  expect(text).toContain('line 1, movements /data/0\n  gate.passed pass:m1 at 2019-03-10T05:01:00.000Z of T-1')
  expect(text).toContain('"amountMinor":450')
  expect(text).toContain('no fact: no condition of the profile holds')
  expect(text).toContain('3 records, 3 facts, 0 faults, 1 without a fact')
  expect(text).toContain('/colour (in 3 records)')
  expect(status).toBe(0)
}, 60_000)

test('a HAR file: faults at their place, and an end that a script can see', () => {
  const entries = [
    {
      request: { method: 'GET', url: 'https://vendor.example/api/v1/movements?page=1' },
      response: {
        content: {
          encoding: 'base64',
          text: Buffer.from(JSON.stringify({ data: [{ ...entry, at: 'noon' }, leave] })).toString('base64'),
        },
      },
    },
    { request: { method: 'GET', url: 'https://vendor.example/api/v1/other' }, response: { content: { text: '{}' } } },
    {
      request: {
        method: 'POST',
        url: 'https://hub.example/in/0123/plain',
        postData: {
          mimeType: 'application/x-www-form-urlencoded',
          text: 'id=m9&kind=IN&at=2019-03-10T06:00:00Z&plate=X',
        },
      },
    },
  ]
  const capture = file('traffic.har', JSON.stringify({ log: { entries } }))
  const { status, text } = run('--profile', profile, '--capture', capture)
  expect(text).toContain('entry 2: the profile has no poll for GET /api/v1/other')
  expect(text).toContain('FAULT at /data/0/at (pass): is no time as the profile writes it')
  expect(text).toContain('gate.passed pass:m9')
  expect(status).toBe(1)
  const json = run('--profile', profile, '--capture', capture, '--json')
  const last: unknown = JSON.parse(json.text.trim().split('\n').at(-1) ?? '')
  expect(last).toMatchObject({ summary: { records: 3, faults: 2, facts: { 'gate.passed': 2, 'stay.priced': 1 } } })
  expect(json.status).toBe(1)
}, 60_000)

test('what cannot be used is told, with 2', () => {
  const wrong = file(
    'wrong.json',
    JSON.stringify({ ...someProfile, polls: [{ ...someProfile.polls[0], pagging: 1 }], title: 7 }),
  )
  const faults = run('--profile', wrong)
  expect(faults.text).toContain('/title must be string')
  expect(faults.text).toContain('/polls/0/pagging is not known here')
  expect(faults.status).toBe(2)
  const empty = run('--profile', 'tiba')
  expect(empty.text).toContain('What has to be asked of the vendor:\n  - Is there an interface')
  expect(empty.status).toBe(2)
  expect(run('--profile', profile, '--capture', file('broken.jsonl', '{"kind": "answer"')).text).toMatch(
    /line 1: Expected/,
  )
  expect(run('--profile', profile, '--capture', file('odd.jsonl', '{"kind": "call"}')).status).toBe(2)
  expect(run('--profile', join(place, 'none.yaml')).status).toBe(2)
  expect(run().text).toContain('--profile FILE')
  expect(run('--profile', profile)).toMatchObject({ status: 0 })
}, 120_000)
