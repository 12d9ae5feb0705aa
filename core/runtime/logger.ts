// Owns where the hub's log lines go: JSON on standard output for machines, by pino.
// Must not be used by anything but the composition root; everybody else is handed a Log.
import { type DestinationStream, pino, stdSerializers } from 'pino'
import { maskedCardNumbers } from '../domain/card-number.ts'
import type { Log } from '../domain/log.ts'
import type { HubConfig } from './config.ts'

/** Fields that can carry a secret wherever they appear in a line. */
const secrets = ['password', 'secret', 'authorization', 'cookie', 'adminKey', 'signing']

export function createLog(level: HubConfig['logLevel'], out: DestinationStream = pino.destination(1)): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (error: unknown) => errorFields(error) },
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
  }
  // The whole line, so that no field, message or stack is forgotten; masked so that the line stays JSON.
  return pino(options, { write: (line) => out.write(maskedCardNumbers(line, 'identifier')) })
}

/** An error's own words and codes. The driver hangs its connection object on some errors: pages of noise, and its settings. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { client, ...fields } = stdSerializers.err(error) as object as { client?: unknown }
  return fields
}
