// Owns the OCPP 1.6J dialect: its messages, commands and error words in one table each.
// Must not hold a translation; one file per message does.
import type { StationCommand } from '../../../core/plugin/index.ts'
import type { CommandSteps, Memory } from '../command.ts'
import { type Dialect, messageTables } from '../dialect.ts'
import type { AppliedProfile } from '../profile.ts'
import { absent } from './absent.ts'
import { authorize } from './authorize.ts'
import { bootNotification } from './boot-notification.ts'
import { cancelReservation } from './cancel-reservation.ts'
import { sendCertificate } from './certificate-signed.ts'
import { availability } from './change-availability.ts'
import { writeSetting, writeSettings } from './change-configuration.ts'
import { clearCache } from './clear-cache.ts'
import { clearProfiles } from './clear-charging-profile.ts'
import { dataTransfer } from './data-transfer.ts'
import { deleteCertificate } from './delete-certificate.ts'
import { readSchedule } from './get-composite-schedule.ts'
import { readReport, readSettings } from './get-configuration.ts'
import { listCertificates } from './get-installed-certificate-ids.ts'
import { readListVersion } from './get-local-list-version.ts'
import { getLog } from './get-log.ts'
import { heartbeat } from './heartbeat.ts'
import { installCertificate } from './install-certificate.ts'
import { limit, unlimit } from './limit.ts'
import { meterValues } from './meter-values.ts'
import { start } from './remote-start-transaction.ts'
import { stop } from './remote-stop-transaction.ts'
import { reserve } from './reserve-now.ts'
import { reset } from './reset.ts'
import { updateCost } from './running-cost.ts'
import { securityEventNotification } from './security-event-notification.ts'
import { sendDataTransfer } from './send-data-transfer.ts'
import { sendList } from './send-local-list.ts'
import { setProfile } from './set-charging-profile.ts'
import { signCertificate } from './sign-certificate.ts'
import { startTransaction } from './start-transaction.ts'
import { statusNotices } from './status-notices.ts'
import { statusNotification } from './status-notification.ts'
import { stopTransaction } from './stop-transaction.ts'
import { trigger } from './trigger-message.ts'
import { unlock } from './unlock-connector.ts'
import { updateFirmware } from './update-firmware.ts'

function command(asked: StationCommand, profile: AppliedProfile, memory: Memory, at: Date): CommandSteps {
  switch (asked.name) {
    case 'start':
      return start(asked, profile)
    case 'stop':
      return stop(asked, profile)
    case 'unlock':
      return unlock(asked, profile)
    case 'reset':
      return reset(asked, profile)
    case 'availability':
      return availability(asked, profile)
    case 'update_cost':
      return updateCost(asked, profile, memory)
    case 'trigger':
      return trigger(asked, profile)
    case 'clear_cache':
      return clearCache(asked, profile)
    case 'data_transfer':
      return sendDataTransfer(asked, profile)
    case 'read_settings':
      return readSettings(asked, profile)
    case 'write_setting':
      return writeSetting(asked, profile)
    case 'write_settings':
      return writeSettings(asked, profile)
    case 'read_report':
      return readReport(asked, profile)
    case 'read_list_version':
      return readListVersion(asked, profile)
    case 'send_list':
      return sendList(asked, profile, memory)
    case 'reserve':
      return reserve(asked, profile)
    case 'cancel_reservation':
      return cancelReservation(asked, profile)
    case 'limit':
      return limit(asked, profile, memory, at)
    case 'unlimit':
      return unlimit(asked, profile)
    case 'set_profile':
      return setProfile(asked, profile)
    case 'clear_profiles':
      return clearProfiles(asked, profile)
    case 'read_schedule':
      return readSchedule(asked, profile)
    case 'update_firmware':
      return updateFirmware(asked, profile)
    case 'get_log':
      return getLog(asked, profile)
    case 'install_certificate':
      return installCertificate(asked, profile)
    case 'delete_certificate':
      return deleteCertificate(asked, profile)
    case 'list_certificates':
      return listCertificates(asked, profile)
    case 'send_certificate':
      return sendCertificate(asked, profile)
    case 'transaction_status':
    case 'set_network_profile':
    case 'read_profiles':
    case 'publish_firmware':
    case 'unpublish_firmware':
    case 'set_monitoring_base':
    case 'set_monitoring_level':
    case 'set_monitors':
    case 'clear_monitors':
    case 'read_monitors':
    case 'customer_information':
    case 'show_message':
    case 'clear_message':
    case 'read_messages':
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
      return absent(asked)
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
    securityEventNotification,
    signCertificate,
    startTransaction,
    statusNotification,
    ...statusNotices,
    stopTransaction,
  ]),
  command,
}
