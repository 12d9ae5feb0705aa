// Owns what OCPP 1.6 has no message for, and why where the name alone does not say it.
// Must not refuse what a station can be brought to do in another way.
import type { CommandName } from '../../../core/plugin/index.ts'
import { type CommandSteps, cannot } from '../command.ts'

const reasons: { readonly [N in CommandName]?: string } = {
  set_network_profile: 'OCPP 1.6 has no message for the connection to the central system; it is set at the station',
  read_profiles: 'OCPP 1.6 does not list charging profiles; the composite schedule shows what they come to',
  transaction_status: 'OCPP 1.6 cannot be asked about a transaction; its stations do not tell what they still hold',
  // OCA's "OCPP & California Pricing Requirements" (vendor org.openchargealliance.costmsg, message RunningCost) needs the meter
  // reading, its time and the price per unit beside the sum, and its stations refuse it without them.
  update_cost:
    'OCPP 1.6 shows no running cost; the extension for it needs the meter reading and price, not the sum alone',
}

export function absent(asked: { name: CommandName }): CommandSteps {
  return cannot(asked, reasons[asked.name])
}
