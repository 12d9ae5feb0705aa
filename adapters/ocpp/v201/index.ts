// Owns the OCPP 2.0.1 dialect: its messages, commands and error words in one table each.
// Must not hold a translation; one file per message does.
import type { StationCommand } from '../../../core/plugin/index.ts'
import { type CommandSteps, cannot, type Memory } from '../command.ts'
import { type Dialect, messageTables } from '../dialect.ts'
import type { AppliedProfile } from '../profile.ts'
import { authorizeIn } from './authorize.ts'
import { bootNotification } from './boot-notification.ts'
import { certificateInquiries, certificateLimits201 } from './certificate-inquiries.ts'
import { chargingNeeds, chargingNotices } from './charging-notices.ts'
import { sharedCommand } from './command.ts'
import { dataTransfer } from './data-transfer.ts'
import { firmwareNotices } from './firmware-notices.ts'
import { heartbeat } from './heartbeat.ts'
import { meterValues } from './meter-values.ts'
import { reportParts } from './report-parts.ts'
import { notifyEvent, securityEvent } from './station-events.ts'
import { statusNotification } from './status-notification.ts'
import { transactionEventIn } from './transaction-event.ts'
import { words201 } from './words.ts'

function command(asked: StationCommand, profile: AppliedProfile, memory: Memory): CommandSteps {
  switch (asked.name) {
    case 'set_default_tariff':
    case 'change_tariff':
    case 'read_tariffs':
    case 'clear_tariffs':
    case 'web_payment_started':
    case 'set_der_control':
    case 'read_der_controls':
    case 'clear_der_controls':
    case 'update_schedule':
    case 'allow_energy_transfer':
    case 'afrr_signal':
    case 'priority_charging':
    case 'battery_swap':
    case 'adjust_stream':
    case 'read_streams':
      return cannot(asked)
    default:
      return sharedCommand(asked, words201, profile, memory)
  }
}

/** 2.0.1 part 4, 4.3; 2.1 has the same. */
export const errorWords: Dialect['errors'] = {
  format: 'FormatViolation',
  occurrence: 'OccurrenceConstraintViolation',
  type: 'TypeConstraintViolation',
  notImplemented: 'NotImplemented',
  notSupported: 'NotSupported',
  internal: 'InternalError',
  messageType: 'MessageTypeNotSupported',
  framework: 'RpcFrameworkError',
}

/** Messages whose answer is the same in 2.0.1 and 2.1. */
export const sharedMessages = [
  bootNotification,
  dataTransfer,
  heartbeat,
  meterValues,
  notifyEvent,
  securityEvent,
  statusNotification,
  ...chargingNotices,
  ...firmwareNotices,
  ...reportParts,
]

export const v201: Dialect = {
  version: 'ocpp2.0.1',
  errors: errorWords,
  ...messageTables([
    authorizeIn(words201),
    chargingNeeds('Rejected'),
    transactionEventIn(words201),
    ...certificateInquiries(certificateLimits201),
    ...sharedMessages,
  ]),
  command,
}
