// Owns OCPP 2.x SetNetworkProfile (B09): where and how the station will connect.
// Must not make it the first choice; that is a setting (NetworkConfigurationPriority).
import type { OCPP21 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import { lacks, type Translator2 } from './words.ts'

type Data = OCPP21.SetNetworkProfileRequest['connectionData']

const interfaces = {
  wired0: 'Wired0',
  wired1: 'Wired1',
  wired2: 'Wired2',
  wired3: 'Wired3',
  wireless0: 'Wireless0',
  wireless1: 'Wireless1',
  wireless2: 'Wireless2',
  wireless3: 'Wireless3',
} as const

export const setNetworkProfile: Translator2<'set_network_profile'> = function* (
  { slot, profile },
  words,
): CommandSteps {
  const ocppVersion = words.protocols[profile.version]
  if (ocppVersion === undefined) return lacks(words, `profile.version ${profile.version}`)
  const connectionData: Data = {
    ocppVersion,
    ocppTransport: 'JSON',
    ocppCsmsUrl: profile.url,
    ocppInterface: interfaces[profile.interface],
    messageTimeout: profile.messageTimeoutSeconds,
    securityProfile: profile.securityProfile,
  }
  if (profile.apn !== undefined) connectionData.apn = profile.apn as unknown as NonNullable<Data['apn']>
  if (profile.vpn !== undefined) connectionData.vpn = profile.vpn as unknown as NonNullable<Data['vpn']>
  const request: OCPP21.SetNetworkProfileRequest = { configurationSlot: slot, connectionData }
  return yield* askForStatus('SetNetworkProfile', request, { Accepted: null })
}
