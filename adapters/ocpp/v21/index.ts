// Owns the OCPP 2.1 dialect: what it shares with 2.0.1, and its own messages and commands beside it.
// Must not hold a translation; one file per block does.
import type { OCPP21 } from 'typed-ocpp'
import type { Authorization, StationCommand } from '../../../core/plugin/index.ts'
import type { CommandSteps, Memory } from '../command.ts'
import { type Dialect, messageTables } from '../dialect.ts'
import type { Reading } from '../message.ts'
import type { AppliedProfile } from '../profile.ts'
import { authorizeIn } from '../v201/authorize.ts'
import { type CertificateLimits, certificateInquiries } from '../v201/certificate-inquiries.ts'
import { chargingNeeds } from '../v201/charging-notices.ts'
import { sharedCommand } from '../v201/command.ts'
import { errorWords, sharedMessages } from '../v201/index.ts'
import { transactionEventIn } from '../v201/transaction-event.ts'
import { batterySwap, requestBatterySwap } from './battery-swap.ts'
import { certificateChainStatus } from './certificate-chain-status.ts'
import { clearDerControls, derNotices, readDerControls, setDerControl } from './der-controls.ts'
import { afrrSignal, allowEnergyTransfer, energyMessages, priorityCharging, updateSchedule } from './energy.ts'
import { adjustStream, readStreams, streamMessages, streamValues } from './event-streams.ts'
import { paymentInquiries } from './payments.ts'
import { changeTariff, clearTariffs, readTariffs, setDefaultTariff, webPaymentStarted } from './tariffs.ts'
import { transactionTerms } from './transaction-terms.ts'
import { words21 } from './words.ts'

function command(asked: StationCommand, profile: AppliedProfile, memory: Memory): CommandSteps {
  switch (asked.name) {
    case 'set_default_tariff':
      return setDefaultTariff(asked, words21, profile, memory)
    case 'change_tariff':
      return changeTariff(asked, words21, profile, memory)
    case 'read_tariffs':
      return readTariffs(asked, words21, profile, memory)
    case 'clear_tariffs':
      return clearTariffs(asked, words21, profile, memory)
    case 'web_payment_started':
      return webPaymentStarted(asked, words21, profile, memory)
    case 'set_der_control':
      return setDerControl(asked, words21, profile, memory)
    case 'read_der_controls':
      return readDerControls(asked, words21, profile, memory)
    case 'clear_der_controls':
      return clearDerControls(asked, words21, profile, memory)
    case 'update_schedule':
      return updateSchedule(asked, words21, profile, memory)
    case 'allow_energy_transfer':
      return allowEnergyTransfer(asked, words21, profile, memory)
    case 'afrr_signal':
      return afrrSignal(asked, words21, profile, memory)
    case 'priority_charging':
      return priorityCharging(asked, words21, profile, memory)
    case 'battery_swap':
      return requestBatterySwap(asked, words21, profile, memory)
    case 'adjust_stream':
      return adjustStream(asked, words21, profile, memory)
    case 'read_streams':
      return readStreams(asked, words21, profile, memory)
    default:
      return sharedCommand(asked, words21, profile, memory)
  }
}

type Authorized = OCPP21.AuthorizeResponse

function driverTerms({ tariff, energyTransfers }: Authorization, { served }: Reading): Partial<Authorized> {
  const terms: Partial<Authorized> = {}
  if (!served) return terms
  if (tariff !== undefined) terms.tariff = tariff as unknown as NonNullable<Authorized['tariff']>
  const [first] = energyTransfers ?? []
  if (first !== undefined)
    terms.allowedEnergyTransfer = energyTransfers as NonNullable<Authorized['allowedEnergyTransfer']>
  return terms
}

const limits: CertificateLimits = { ocspResult: 18_000, exiResponse: 17_000, remainingContracts: true }

export const v21: Dialect = {
  version: 'ocpp2.1',
  errors: errorWords,
  ...messageTables([
    authorizeIn(words21, driverTerms),
    batterySwap,
    certificateChainStatus,
    chargingNeeds('NoChargingProfile'),
    transactionEventIn(words21, transactionTerms),
    ...certificateInquiries(limits),
    ...derNotices,
    ...energyMessages,
    ...paymentInquiries,
    ...sharedMessages,
    ...streamMessages,
  ]),
  sends: new Map([[streamValues.action, streamValues]]),
  command,
}
