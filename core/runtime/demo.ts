// Owns `npm run demo`: a hub on a clock of its own, a simulated garage playing a real month against it, and the reckoning.
// Must not tell the hub anything but over the sockets that chargers, parking systems and API users have.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { renderReconciliation } from '../../plugins/demo/reconcile-text.ts'
import { runScenario } from '../../plugins/demo/run.ts'
import { buildMonth, loadAcnMonth, noiseProfiles } from '../../plugins/demo/scenario/index.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { readConfig } from './config.ts'
import { startHub } from './hub.ts'
import { createLog } from './logger.ts'
import { systemSecret } from './random.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: 'baywatt' },
    noise: { type: 'string', default: 'default' },
    /** Virtual seconds per real second; left out: as fast as the hub answers. */
    speed: { type: 'string' },
    days: { type: 'string', default: '31' },
    port: { type: 'string', default: process.env.BAYWATT_PORT ?? '8080' },
    /** End after the reckoning instead of serving the dashboard on. */
    exit: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const usage = `npm run demo -- [options]
  --speed N   seconds of the garage per real second (3600: a day in 24 s); default: as fast as the hub answers
  --days N    play only the first N days of the month
  --seed S    another seed, another month
  --noise P   off, default or harsh: misread plates, lost cables, late and doubled facts
  --port N    where the dashboard is (8080)
  --exit      end after the reckoning; the exit code tells whether everything could be explained`

if (values.help) {
  console.log(usage)
  process.exit(0)
}
const noise = noiseProfiles[values.noise as keyof typeof noiseProfiles]
const days = Number(values.days)
const speed = values.speed === undefined ? undefined : Number(values.speed)
if (noise === undefined || !(days > 0) || (speed !== undefined && !(speed > 0))) {
  console.error(usage)
  process.exit(2)
}

const { sessions, stations } = loadAcnMonth()
const first = sessions.reduce((min, s) => Math.min(min, s.arrival.getTime()), Number.POSITIVE_INFINITY)
const month = buildMonth({
  sessions: sessions.filter((s) => s.arrival.getTime() < first + days * 86_400_000),
  stations,
  seed: values.seed,
  noise,
})
const opening = new Date((month.timeline[0]?.at.getTime() ?? first) - 2 * 3_600_000)
const clock = manualClock(opening)
const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-demo-'))
const adminKey = systemSecret()
const hub = await startHub({
  config: { ...readConfig({ BAYWATT_PORT: values.port, BAYWATT_ADMIN_KEY: adminKey }), dataDir, logLevel: 'warn' },
  log: createLog('warn'),
  clock,
})
const end = async (code: number) => {
  await hub.stop()
  rmSync(dataDir, { recursive: true, force: true })
  process.exit(code)
}
process.once('SIGINT', () => void end(130))
process.once('SIGTERM', () => void end(143))

console.log(`Baywatt is running at ${hub.url}`)
console.log(`  open it with the key ${adminKey}`)
console.log(
  `  playing ${month.truth.sessions.length} real charging sessions and ${month.truth.stays.length} stays on ${stations.length} chargers`,
)

const interactive = process.stdout.isTTY === true
let told = 0
const report = await runScenario({
  hubUrl: hub.url,
  adminKey,
  month,
  seed: values.seed,
  clock: {
    now: () => clock.now(),
    async advanceTo(at) {
      if (at > clock.now()) await clock.settle(at)
    },
  },
  heartbeatSeconds: 4 * 3_600,
  // At full speed more happens side by side; the order at each charger and gate stays.
  windowSeconds: speed === undefined ? 600 : 60,
  ...(speed === undefined ? {} : { speed }),
  // Work that was late when the clock ran ahead makes appointments of its own; a few more hours see them through.
  async settle() {
    for (let hour = 0; hour < 4; hour++) {
      await hub.idle()
      await clock.settle(new Date(clock.now().getTime() + 3_600_000))
    }
    await hub.idle()
  },
  onProgress({ phase, at, step, steps }) {
    const percent = steps === 0 ? 0 : Math.floor((step / steps) * 100)
    const line = `  ${phase.padEnd(7)} ${at.toISOString().slice(0, 16).replace('T', ' ')}  ${String(percent).padStart(3)} %  step ${step} of ${steps}`
    if (interactive) process.stdout.write(`\r${line}`)
    else if (percent >= told + 10 || phase !== 'play') {
      told = percent
      console.log(line)
    }
  },
})
if (interactive) process.stdout.write('\n')
console.log(renderReconciliation(report.reconciliation, month.site.currency))
const unexplained = report.reconciliation.differences.filter((d) => !d.explained).length
if (values.exit) await end(unexplained === 0 ? 0 : 1)
console.log(`\nThe garage is quiet now; the dashboard stays at ${hub.url} (Ctrl-C ends it).`)
