// Owns OCPP 2.1 battery swapping (block S): RequestBatterySwap and BatterySwap.
// Must not decide who may take a battery.
import type { OCPP21 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import { idTokenType, tokenOf } from '../v201/id-token.ts'
import { noticeMessage, numberOf } from '../v201/notice-message.ts'
import { snakeCase } from '../v201/snake-case.ts'
import type { Translator2 } from '../v201/words.ts'

export const requestBatterySwap: Translator2<'battery_swap'> = function* (command, words, profile): CommandSteps {
  const { requestId, token } = command
  const request: OCPP21.RequestBatterySwapRequest = { requestId, idToken: idTokenType(token, words, profile) }
  return yield* askForStatus('RequestBatterySwap', request, { Accepted: null })
}

export const batterySwap = noticeMessage<'battery.swap', OCPP21.BatterySwapRequest>({
  action: 'BatterySwap',
  topic: 'battery.swap',
  read: ({ eventType, requestId, idToken, batteryData }, reading) => ({
    data: {
      event: snakeCase(eventType),
      requestId: numberOf(requestId, 'requestId', reading),
      token: tokenOf(idToken, reading) ?? { value: '', kind: 'unknown' },
      batteries: batteryData ?? [],
    },
  }),
})
