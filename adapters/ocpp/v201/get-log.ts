// Owns OCPP 2.x GetLog (N01): the station uploads a log to an address.
// Must not receive the file.
import type { OCPP21 } from 'typed-ocpp'
import type { CommandSteps } from '../command.ts'
import { retriesOf } from './firmware.ts'
import { askAndTell } from './said.ts'
import { lacks, type Translator2 } from './words.ts'

export const getLog: Translator2<'get_log'> = function* (command, words): CommandSteps {
  const { requestId, url, from, until } = command
  const logType = words.logs[command.log]
  if (logType === undefined) return lacks(words, `log ${command.log}`)
  const log: OCPP21.GetLogRequest['log'] = { remoteLocation: url }
  if (from !== undefined) log.oldestTimestamp = from
  if (until !== undefined) log.latestTimestamp = until
  const request: OCPP21.GetLogRequest = { requestId, logType, log, ...retriesOf(command) }
  return yield* askAndTell<typeof request, OCPP21.GetLogResponse>('GetLog', request, {
    Accepted: ({ filename }) => ({ file: filename }),
    AcceptedCanceled: ({ filename }) => ({ file: filename, canceledPrevious: true }),
  })
}
