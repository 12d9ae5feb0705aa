// Owns the process: start from the environment, say where it is, stop cleanly when asked, fail with a sentence.
// Must not contain anything a test would want to call.

import { HubError } from '../domain/hub-error.ts'
import { guardProcess } from '../host/attribution.ts'
import { readConfig } from './config.ts'
import { startHub } from './hub.ts'
import { createLog } from './logger.ts'

const fail = (error: unknown): never => {
  if (error instanceof HubError) console.error(`baywatt: ${error.message}`)
  else console.error('baywatt: the hub could not start', error)
  process.exit(1)
}

// While it starts, nobody has been promised anything: leaving at once is clean, and takes the database server along.
let stop = (code: number): void => process.exit(code)
process.once('SIGINT', () => stop(0))
process.once('SIGTERM', () => stop(0))

try {
  const config = readConfig(process.env)
  const log = createLog(config.logLevel)
  const hub = await startHub({ config, log, rootKey: process.env.BAYWATT_ROOT_KEY })
  let stopping = false
  stop = (code) => {
    if (stopping) return
    stopping = true
    // A part that hangs must not keep the data directory locked for ever.
    setTimeout(() => process.exit(code || 1), 25_000).unref()
    hub.stop().then(
      () => process.exit(code),
      () => process.exit(1),
    )
  }
  guardProcess({ log, fatal: () => stop(1) })
  console.log(`Baywatt is running at ${hub.url}`)
  console.log(`  chargers  ${hub.url.replace(/^http/, 'ws')}/ocpp/{stationId}`)
  console.log(`  API       ${hub.url}/docs`)
  if (hub.firstKey !== null) {
    console.log(`  first key ${hub.firstKey}`)
    console.log('            shown this once: it opens the dashboard and the API')
  }
} catch (error) {
  fail(error)
}
