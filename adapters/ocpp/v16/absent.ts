// Owns what OCPP 1.6 has no message for, and why where the name alone does not say it.
// Must not refuse what a station can be brought to do in another way.
import type { CommandName } from '../../../core/plugin/index.ts'
import { type CommandSteps, cannot } from '../command.ts'

const reasons: { readonly [N in CommandName]?: string } = {
  set_network_profile: 'OCPP 1.6 has no message for the connection to the central system; it is set at the station',
  read_profiles: 'OCPP 1.6 does not list charging profiles; the composite schedule shows what they come to',
  transaction_status: 'OCPP 1.6 cannot be asked about a transaction; its stations do not tell what they still hold',
}

export function absent(asked: { name: CommandName }): CommandSteps {
  return cannot(asked, reasons[asked.name])
}
