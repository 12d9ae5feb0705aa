// Owns the hub process of the bench: the whole hub, as `npm start` runs it, on the bench's own database.
// Must not leave anything out: validation, journal, sessions, events and jobs are what is measured.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../../core/runtime/config.ts'
import { startHub } from '../../../core/runtime/hub.ts'
import { createLog } from '../../../core/runtime/logger.ts'

const hub = await startHub({
  config: {
    ...readConfig({ BAYWATT_PORT: '0', BAYWATT_UNKNOWN_STATIONS: 'reject' }),
    dataDir: mkdtempSync(join(tmpdir(), 'baywatt-bench-hub-')),
    adminKey: process.env.BAYWATT_ADMIN_KEY ?? null,
    databaseUrl: process.argv[2] ?? '',
    port: 0,
  },
  log: createLog('warn'),
  rootKey: process.env.BAYWATT_ROOT_KEY,
})
process.once('SIGTERM', () => hub.stop().finally(() => process.exit(0)))
process.send?.({ kind: 'listening', port: hub.port })
