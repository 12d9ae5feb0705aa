// Owns the OCPP 1.6J dialect: its messages, commands and error words in one table each.
// Must not hold a translation; one file per message does.
import type { StationCommand } from '../../../core/plugin/index.ts'
import { type CommandSteps, cannot } from '../command.ts'
import { type Dialect, messageTables } from '../dialect.ts'
import type { AppliedProfile } from '../profile.ts'
import { authorize } from './authorize.ts'
import { bootNotification } from './boot-notification.ts'
import { availability } from './change-availability.ts'
import { writeSetting } from './change-configuration.ts'
import { clearCache } from './clear-cache.ts'
import { dataTransfer } from './data-transfer.ts'
import { readSettings } from './get-configuration.ts'
import { heartbeat } from './heartbeat.ts'
import { meterValues } from './meter-values.ts'
import { notices } from './notices.ts'
import { start } from './remote-start-transaction.ts'
import { stop } from './remote-stop-transaction.ts'
import { reset } from './reset.ts'
import { startTransaction } from './start-transaction.ts'
import { statusNotification } from './status-notification.ts'
import { stopTransaction } from './stop-transaction.ts'
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

export const v16: Dialect = {
  version: 'ocpp1.6',
  errors: {
    // Two names are misspelled in the 1.6 standard, and its errata (5.1, 5.2) keep them so.
    format: 'FormationViolation',
    occurrence: 'OccurenceConstraintViolation',
    type: 'TypeConstraintViolation',
    notImplemented: 'NotImplemented',
    notSupported: 'NotSupported',
    internal: 'InternalError',
    // OCPP-J 1.6 4.1.3: an unknown message type is ignored.
    messageType: null,
    framework: null,
  },
  ...messageTables([
    authorize,
    bootNotification,
    dataTransfer,
    heartbeat,
    meterValues,
    startTransaction,
    statusNotification,
    stopTransaction,
    ...notices,
  ]),
  command,
}
