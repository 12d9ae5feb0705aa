// Owns OCPP 1.6 GetLog of the security extension, and GetDiagnostics (5.9) for stations that lack it.
// Must not wait for the file; the station's status messages follow it.
import type { OCPP16 } from 'typed-ocpp'
import { ask, type CommandSteps, refused, type Translator } from '../command.ts'
import { instantText, noInstant } from './instant-text.ts'

const logTypes = { diagnostics: 'DiagnosticsLog', security: 'SecurityLog' } as const

export const getLog: Translator<'get_log'> = function* (asked, profile): CommandSteps {
  const { log, url, requestId } = asked
  if (log === 'data_collector') return { kind: 'unsupported', reason: 'log: OCPP 1.6 has no data collector' }
  const window: { from?: string; until?: string } = {}
  for (const field of ['from', 'until'] as const) {
    const text = asked[field]
    if (text === undefined) continue
    const instant = instantText(text, profile)
    if (instant === null) return refused(noInstant(field, text))
    window[field] = instant
  }
  const repeats: { retries?: number; retryInterval?: number } = {}
  if (asked.retries !== undefined) repeats.retries = asked.retries
  if (asked.retryIntervalSeconds !== undefined) repeats.retryInterval = asked.retryIntervalSeconds

  const parameters: OCPP16.GetLogRequest['log'] = { remoteLocation: url }
  if (window.from !== undefined) parameters.oldestTimestamp = window.from
  if (window.until !== undefined) parameters.latestTimestamp = window.until
  const said = yield* ask<OCPP16.GetLogRequest, OCPP16.GetLogResponse>('GetLog', {
    logType: logTypes[log],
    requestId,
    log: parameters,
    ...repeats,
  })
  if ('ended' in said) {
    if (said.ended.kind !== 'unsupported' || log !== 'diagnostics') return said.ended
    const request: OCPP16.GetDiagnosticsRequest = { location: url, ...repeats }
    if (window.from !== undefined) request.startTime = window.from
    if (window.until !== undefined) request.stopTime = window.until
    return yield* getDiagnostics(request)
  }
  const { status, filename } = said.answer
  if (status !== 'Accepted' && status !== 'AcceptedCanceled') return refused(status ?? 'the answer holds no status')
  const file = filename === undefined ? {} : { file: filename }
  return { kind: 'accepted', result: status === 'AcceptedCanceled' ? { ...file, canceledOlder: true } : file }
}

function* getDiagnostics(request: OCPP16.GetDiagnosticsRequest): CommandSteps {
  const said = yield* ask<OCPP16.GetDiagnosticsRequest, OCPP16.GetDiagnosticsResponse>('GetDiagnostics', request)
  if ('ended' in said) return said.ended
  const { fileName } = said.answer
  // Without a name there is nothing to send.
  return { kind: 'accepted', result: fileName === undefined || fileName === '' ? { empty: true } : { file: fileName } }
}
