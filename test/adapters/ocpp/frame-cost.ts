// Owns the measurement of what one frame costs the adapter: decode, check, translate, encode, without socket and store.
// Run: node --import tsx test/adapters/ocpp/frame-cost.ts
import { completeConfig } from '../../../adapters/ocpp/config.ts'
import type { Dialect } from '../../../adapters/ocpp/dialect.ts'
import { decodeFrame } from '../../../adapters/ocpp/frame.ts'
import { Inbox } from '../../../adapters/ocpp/inbox.ts'
import type { Line } from '../../../adapters/ocpp/line.ts'
import { standardProfile } from '../../../adapters/ocpp/profile.ts'
import { applyProfile } from '../../../adapters/ocpp/profile-of.ts'
import { systemPulse } from '../../../adapters/ocpp/pulse.ts'
import { v16 } from '../../../adapters/ocpp/v16/index.ts'
import { v201 } from '../../../adapters/ocpp/v201/index.ts'
import type { ChargerOutcome, StationSink } from '../../../core/plugin/index.ts'
import { frames16, frames201 } from './sample-frames.ts'

const at = new Date('2025-06-01T12:00:00Z')
const quiet = { debug() {}, info() {}, warn() {}, error() {} }
let sent = 0

// biome-ignore lint/suspicious/noExplicitAny: one outcome serves every fact here
const outcome: any = {
  admission: 'accepted',
  intervalSeconds: 300,
  number: 7,
  disposition: 'new',
  status: 'accepted',
  reason: '',
  authorization: { status: 'accepted', reason: '' },
}

function line(dialect: Dialect): Line {
  const station = {
    organizationId: 'o',
    siteId: null,
    stationId: 's',
    code: 'CP',
    admission: 'accepted' as const,
    defaultProtocol: null,
    vendor: null,
    model: null,
    firmware: null,
    settings: {},
  }
  const sink: StationSink = {
    epoch: 1,
    station,
    record: async () => outcome as ChargerOutcome<never>,
    journal() {},
    deviation() {},
    seen() {},
    close: async () => undefined,
  }
  const clock = { now: () => at, after: () => () => undefined }
  return {
    shared: { config: completeConfig({}), clock, pulse: systemPulse(), log: quiet, newId: () => '' },
    station,
    dialect,
    profile: applyProfile(standardProfile, null, () => undefined),
    follow() {},
    busy: false,
    quiet: async () => undefined,
    sink,
    ended: false,
    retiring: false,
    served: true,
    now: () => at,
    note() {},
    send() {
      sent++
    },
    journalIn() {},
    displaced() {},
    hold() {},
    numberPart: () => 0,
    booted() {},
  }
}

async function cost(name: string, dialect: Dialect, make: (i: number) => string): Promise<void> {
  const to = line(dialect)
  const inbox = new Inbox(to)
  const rounds = 100_000
  const texts = Array.from({ length: 1000 }, (_, i) => Buffer.from(make(i)))
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const text = (texts[i % 1000] as Buffer).toString()
      const frame = decodeFrame(text, to)
      if (frame.kind === 'call') inbox.call(frame, text, at)
      // One outstanding call, as a station has.
      if (frame.kind === 'call') await null
      while (sent <= i) await null
    }
  }
  sent = 0
  await run(20_000)
  sent = 0
  const cpu = process.cpuUsage()
  await run(rounds)
  const { user, system } = process.cpuUsage(cpu)
  console.log(`${name.padEnd(34)} ${((user + system) / rounds).toFixed(2).padStart(7)} µs  (${texts[0]?.length} bytes)`)
}

for (const [action, make] of Object.entries(frames16)) {
  await cost(`1.6 ${action}`, v16, (i) => JSON.stringify([2, `id-${i}`, action.split(' ')[0], make(i)]))
}
for (const [action, make] of Object.entries(frames201)) {
  await cost(`2.0.1 ${action}`, v201, (i) => JSON.stringify([2, `id-${i}`, action.split(' ')[0], make(i)]))
}
