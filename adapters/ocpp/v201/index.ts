// Owns the OCPP 2.0.1 dialect: its messages, commands and error words in one table each.
// Must not hold a translation; one file per message does.
import type { StationCommand } from '../../../core/plugin/index.ts'
import { type CommandSteps, cannot } from '../command.ts'
import { type Dialect, messageTables } from '../dialect.ts'
import type { AppliedProfile } from '../profile.ts'
import { authorize } from './authorize.ts'
import { bootNotification } from './boot-notification.ts'
import { availability } from './change-availability.ts'
import { clearCache } from './clear-cache.ts'
import { dataTransfer } from './data-transfer.ts'
import { readSettings } from './get-variables.ts'
import { heartbeat } from './heartbeat.ts'
import { meterValues } from './meter-values.ts'
import { notices } from './notices.ts'
import { start } from './request-start-transaction.ts'
import { stop } from './request-stop-transaction.ts'
import { reset } from './reset.ts'
import { writeSetting } from './set-variables.ts'
import { statusNotification } from './status-notification.ts'
import { transactionEvent } from './transaction-event.ts'
import { trigger } from './trigger-message.ts'
import { unlock } from './unlock-connector.ts'

function command(asked: StationCommand, profile: AppliedProfile): CommandSteps {
  switch (asked.name) {
    case 'start':
      return start(asked, profile)
    case 'stop':
      return stop(asked, profile)
    case 'reset':
      return reset(asked, profile)
    case 'unlock':
      return unlock(asked, profile)
    case 'availability':
      return availability(asked, profile)
    case 'trigger':
      return trigger(asked, profile)
    case 'read_settings':
      return readSettings(asked, profile)
    case 'write_setting':
      return writeSetting(asked, profile)
    case 'clear_cache':
      return clearCache(asked, profile)
    default:
      return cannot(asked)
  }
}

export const v201: Dialect = {
  version: 'ocpp2.0.1',
  errors: {
    format: 'FormatViolation',
    occurrence: 'OccurrenceConstraintViolation',
    type: 'TypeConstraintViolation',
    notImplemented: 'NotImplemented',
    notSupported: 'NotSupported',
    internal: 'InternalError',
    messageType: 'MessageTypeNotSupported',
    framework: 'RpcFrameworkError',
  },
  ...messageTables([
    authorize,
    bootNotification,
    dataTransfer,
    heartbeat,
    meterValues,
    statusNotification,
    transactionEvent,
    ...notices,
  ]),
  command,
}
