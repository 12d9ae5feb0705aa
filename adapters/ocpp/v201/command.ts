// Owns which translator serves each command that OCPP 2.0.1 and 2.1 have in common.
// Must not hold a translation; one file per message does.
import type { StationCommand } from '../../../core/plugin/index.ts'
import type { CommandSteps, Memory } from '../command.ts'
import type { AppliedProfile } from '../profile.ts'
import { deleteCertificate, installCertificate, listCertificates, sendCertificate } from './certificates.ts'
import { availability } from './change-availability.ts'
import { clearProfiles, readProfiles, setProfile } from './charging-profiles.ts'
import { clearCache } from './clear-cache.ts'
import { updateCost } from './cost-updated.ts'
import { customerInformation } from './customer-information.ts'
import { transferData } from './data-transfer.ts'
import { clearMessage, readMessages, showMessage } from './display-messages.ts'
import { publishFirmware, unpublishFirmware, updateFirmware } from './firmware.ts'
import { readSchedule } from './get-composite-schedule.ts'
import { getLog } from './get-log.ts'
import { transactionStatus } from './get-transaction-status.ts'
import { readSettings } from './get-variables.ts'
import { limit, unlimit } from './limit.ts'
import { readListVersion, sendList } from './local-list.ts'
import { clearMonitors, setMonitoringBase, setMonitoringLevel, setMonitors } from './monitoring.ts'
import { readMonitors, readReport } from './reports.ts'
import { start } from './request-start-transaction.ts'
import { stop } from './request-stop-transaction.ts'
import { cancelReservation, reserve } from './reservation.ts'
import { reset } from './reset.ts'
import { setNetworkProfile } from './set-network-profile.ts'
import { writeSetting, writeSettings } from './set-variables.ts'
import { trigger } from './trigger-message.ts'
import { unlock } from './unlock-connector.ts'
import type { Translator2, Words } from './words.ts'

/** What only 2.1 has messages for. */
export type Name21 =
  | 'set_default_tariff'
  | 'change_tariff'
  | 'read_tariffs'
  | 'clear_tariffs'
  | 'web_payment_started'
  | 'set_der_control'
  | 'read_der_controls'
  | 'clear_der_controls'
  | 'update_schedule'
  | 'allow_energy_transfer'
  | 'afrr_signal'
  | 'priority_charging'
  | 'battery_swap'
  | 'adjust_stream'
  | 'read_streams'

type SharedName = Exclude<StationCommand['name'], Name21>

/** A command that is added to the hub does not compile before it stands here or among those of 2.1. */
const translators: { readonly [N in SharedName]: Translator2<N> } = {
  start,
  stop,
  unlock,
  transaction_status: transactionStatus,
  update_cost: updateCost,
  reset,
  availability,
  trigger,
  clear_cache: clearCache,
  data_transfer: transferData,
  read_settings: readSettings,
  write_setting: writeSetting,
  write_settings: writeSettings,
  read_report: readReport,
  set_network_profile: setNetworkProfile,
  read_list_version: readListVersion,
  send_list: sendList,
  reserve,
  cancel_reservation: cancelReservation,
  limit,
  unlimit,
  set_profile: setProfile,
  clear_profiles: clearProfiles,
  read_profiles: readProfiles,
  read_schedule: readSchedule,
  update_firmware: updateFirmware,
  publish_firmware: publishFirmware,
  unpublish_firmware: unpublishFirmware,
  get_log: getLog,
  install_certificate: installCertificate,
  delete_certificate: deleteCertificate,
  list_certificates: listCertificates,
  send_certificate: sendCertificate,
  set_monitoring_base: setMonitoringBase,
  set_monitoring_level: setMonitoringLevel,
  set_monitors: setMonitors,
  clear_monitors: clearMonitors,
  read_monitors: readMonitors,
  customer_information: customerInformation,
  show_message: showMessage,
  clear_message: clearMessage,
  read_messages: readMessages,
}

export function sharedCommand(
  command: Extract<StationCommand, { name: SharedName }>,
  words: Words,
  profile: AppliedProfile,
  memory: Memory,
): CommandSteps {
  const translate = translators[command.name] as Translator2<SharedName>
  return translate(command, words, profile, memory)
}
