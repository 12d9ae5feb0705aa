// Owns `npm run replay:journal`: a downloaded message journal played against a fresh hub, its answers beside the recorded ones.
// Must not touch any hub but the one it starts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readConfig } from '../../core/runtime/config.ts'
import { startHub } from '../../core/runtime/hub.ts'
import { createLog } from '../../core/runtime/logger.ts'
import { systemSecret } from '../../core/runtime/random.ts'
import { manualClock } from '../../core/testing/manual-clock.ts'
import { type JournalFile, readJournal } from './journal-file.ts'
import { playJournal } from './play-journal.ts'

const usage = `npm run replay:journal -- <file.ndjson> [options]
  --protocol P    ocpp1.6 or ocpp2.0.1, where the file does not say
  --time-zone Z   of the site (UTC)
  --all           print all answers, not only those that differ`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    protocol: { type: 'string' },
    'time-zone': { type: 'string' },
    all: { type: 'boolean', default: false },
  },
})

const [file] = positionals
if (file === undefined) {
  console.error(usage)
  process.exit(2)
}
let journal: JournalFile
try {
  journal = readJournal(readFileSync(file, 'utf8'))
} catch (error) {
  console.error(`${file}: ${(error as Error).message}`)
  process.exit(2)
}
const [first] = journal.frames
if (first === undefined) {
  console.error(`${file}: there is no frame in it`)
  process.exit(2)
}
if (!journal.whole) console.error(`${file}: has no end, so frames may be missing`)

const clock = manualClock(new Date(first.at.getTime() - 60_000))
const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-replay-'))
const adminKey = systemSecret()
let code = 1
try {
  const config = {
    ...readConfig({ BAYWATT_PORT: '0', BAYWATT_ADMIN_KEY: adminKey }),
    dataDir,
    logLevel: 'warn' as const,
  }
  const hub = await startHub({ config, log: createLog('warn'), clock })
  try {
    const { protocol, 'time-zone': timeZone } = values
    const { answers, skipped } = await playJournal({
      journal,
      hubUrl: hub.url,
      adminKey,
      clock,
      ...(protocol === undefined ? {} : { protocol }),
      ...(timeZone === undefined ? {} : { timeZone }),
    })
    const different = answers.filter(({ same }) => !same)
    for (const { at, action, sent, recorded, replayed, same } of values.all ? answers : different) {
      console.log(`${same ? ' ' : '!'} ${at.toISOString()} ${action}`)
      console.log(`    sent      ${sent}`)
      console.log(`    recorded  ${recorded ?? '(no answer)'}`)
      console.log(`    now       ${replayed ?? '(no answer)'}`)
    }
    console.log(
      `${answers.length} messages played, ${different.length} answered otherwise, ${skipped} frames not played`,
    )
    code = different.length === 0 ? 0 : 1
  } finally {
    await hub.stop()
  }
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
process.exit(code)
