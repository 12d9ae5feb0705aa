// Owns `npm run simulate`: stations of any version that charge against any central system for a while, told as it happens.
// Must not be needed by a test; it runs from a checkout.
import { parseArgs } from 'node:util'
import { allVersions, type OcppVersion } from '../setup/ocpp-versions.ts'
import { seededRandom } from './station/random.ts'
import { type SimulatedStation, simulatedStation } from './station/simulated-station.ts'

const help = `npm run simulate -- --url ws://127.0.0.1:8080/ocpp --stations 10 --version mixed --minutes 5 --seed 1 --password secret

  --url       where chargers dial in, without the station's id
  --stations  how many (10); their ids are SIM-001, SIM-002 and so on, or begin with --prefix
  --version   ocpp1.6, ocpp2.0.1, ocpp2.1 or mixed (mixed: 1.6 and 2.0.1)
  --minutes   how long, in real time (5)
  --speed     how much faster time goes for the meters (60)
  --seed      the same seed plays the same (1)
  --password  of every station; none for stations without one
  --card      card that is presented; may be given several times (04A1B2C3D4E5F6)
  --quiet     totals only`

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'ws://127.0.0.1:8080/ocpp' },
    stations: { type: 'string', default: '10' },
    prefix: { type: 'string', default: 'SIM-' },
    version: { type: 'string', default: 'mixed' },
    minutes: { type: 'string', default: '5' },
    speed: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    password: { type: 'string' },
    card: { type: 'string', multiple: true, default: ['04A1B2C3D4E5F6'] },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function wholeNumber(name: 'stations' | 'minutes' | 'speed'): number {
  const value = Number(values[name])
  if (Number.isFinite(value) && value > 0) return value
  process.stderr.write(`--${name}: ${values[name]} is no number above 0\n`)
  process.exit(2)
}

if (values.help) {
  process.stdout.write(`${help}\n`)
  process.exit(0)
}
const wanted: readonly OcppVersion[] =
  values.version === 'mixed' ? ['ocpp1.6', 'ocpp2.0.1'] : allVersions.filter((one) => one === values.version)
if (wanted.length === 0) {
  process.stderr.write(`--version: ${values.version} is none of ${allVersions.join(', ')}, mixed\n`)
  process.exit(2)
}

const random = seededRandom(values.seed)
const speed = wholeNumber('speed')
const started = Date.now()
const end = started + wholeNumber('minutes') * 60_000
const totals = { charges: 0, refused: 0, reconnects: 0, Wh: 0, calls: 0, errors: 0, commands: 0, violations: 0 }
const stopping = new AbortController()
process.once('SIGINT', () => stopping.abort())

const wait = (ms: number) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, Math.min(ms, end - Date.now())))
    stopping.signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
const over = () => stopping.signal.aborted || Date.now() >= end
const tell = (code: string, text: string) => {
  if (!values.quiet)
    process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s  ${code}  ${text}\n`)
}

async function connected(station: SimulatedStation): Promise<boolean> {
  for (let pause = 1_000; !over(); pause = Math.min(pause * 2, 30_000)) {
    const result = await station.connect().catch((error: Error) => error.message)
    tell(station.code, result === 'accepted' ? `connected, ${station.protocol()}` : `not connected: ${result}`)
    if (result === 'accepted') return true
    await wait(pause)
  }
  return false
}

/** One car: plugged in, charged for some minutes, now and then with the network gone; then away. */
async function charge(station: SimulatedStation): Promise<void> {
  const value = values.card[random.whole(values.card.length)] ?? ''
  await station.plug(1)
  const verdict = await station.presentCard(1, { value, type: 'ISO14443' })
  if (station.state.evses[0]?.transaction == null) {
    totals.refused += 1
    tell(station.code, `card ${value}: ${verdict}`)
    await station.unplug(1)
    return wait(3_000)
  }
  const from = station.state.evses[0].registerWs
  tell(station.code, `charging with ${value}`)
  const cutAt = random.next() < 0.2 ? random.whole(5) : -1
  for (let sample = 0; sample < 5 && !over(); sample++) {
    await wait(2_000)
    station.elapse(2 * speed)
    if (sample === cutAt) {
      await station.cut()
      tell(station.code, 'network gone')
    }
    await station.meter(1)
  }
  await station.stopLocally(1)
  await station.unplug(1)
  if (!station.online() && (await connected(station))) totals.reconnects += 1
  const energy = Math.floor(((station.state.evses[0]?.registerWs ?? 0) - from) / 3600)
  totals.charges += 1
  totals.Wh += energy
  tell(station.code, `charged ${energy} Wh`)
}

async function live(index: number): Promise<void> {
  const version = wanted[index % wanted.length] ?? 'ocpp1.6'
  const code = `${values.prefix}${String(index + 1).padStart(3, '0')}`
  const station = simulatedStation({
    url: values.url,
    code,
    version,
    seed: values.seed,
    pause: wait,
    ...(values.password === undefined ? {} : { password: values.password }),
  })
  await wait(random.next() * 2_000)
  if (await connected(station)) {
    while (!over()) {
      await charge(station)
      await station.heartbeat()
      await wait(1_000 + random.next() * 3_000)
    }
    await station.disconnect()
  }
  totals.calls += station.exchanges.length
  totals.errors += station.exchanges.filter((each) => each.outcome.kind === 'error').length
  totals.commands += station.executed.length
  totals.violations += station.violations.length
  for (const violation of station.violations.slice(0, 5)) tell(code, `breaks the standard: ${violation}`)
}

await Promise.all(Array.from({ length: wholeNumber('stations') }, (_, i) => live(i)))
process.stdout.write(
  `${Object.entries(totals)
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ')}\n`,
)
process.exitCode = totals.violations > 0 ? 1 : 0
