// Owns OCPP 2.x SetDisplayMessage, ClearDisplayMessage and GetDisplayMessages (O01-O06).
// Must not word a message.
import type { OCPP21 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import { transactionId } from './transaction-ref.ts'
import { lacks, type Translator2 } from './words.ts'

type MessageInfo = OCPP21.SetDisplayMessageRequest['message']
type GetRequest = OCPP21.GetDisplayMessagesRequest

const priorities = { always_front: 'AlwaysFront', in_front: 'InFront', normal_cycle: 'NormalCycle' } as const

export const showMessage: Translator2<'show_message'> = function* ({ message }, words): CommandSteps {
  const { messageId, priority, state, startAt, endAt, transaction, language, content } = message
  const format = words.displayFormats[message.format]
  if (format === undefined) return lacks(words, `message.format ${message.format}`)
  const info: MessageInfo = { id: messageId, priority: priorities[priority], message: { format, content } }
  if (language !== undefined) info.message.language = language
  if (state !== undefined) {
    const word = words.displayStates[state]
    if (word === undefined) return lacks(words, `message.state ${state}`)
    info.state = word
  }
  if (startAt !== undefined) info.startDateTime = startAt
  if (endAt !== undefined) info.endDateTime = endAt
  if (transaction !== undefined) {
    const named = transactionId(transaction)
    if ('ended' in named) return named.ended
    info.transactionId = named.id
  }
  const request: OCPP21.SetDisplayMessageRequest = { message: info }
  return yield* askForStatus('SetDisplayMessage', request, { Accepted: null }, [
    'NotSupportedMessageFormat',
    'NotSupportedPriority',
    'NotSupportedState',
    'LanguageNotSupported',
  ])
}

export const clearMessage: Translator2<'clear_message'> = function* ({ messageId }): CommandSteps {
  const request: OCPP21.ClearDisplayMessageRequest = { id: messageId }
  return yield* askForStatus('ClearDisplayMessage', request, { Accepted: null })
}

export const readMessages: Translator2<'read_messages'> = function* (command, words): CommandSteps {
  const { requestId, messageIds, priority, state } = command
  const request: GetRequest = { requestId }
  const [first, ...others] = messageIds ?? []
  if (first !== undefined) request.id = [first, ...others]
  if (priority !== undefined) request.priority = priorities[priority]
  if (state !== undefined) {
    const word = words.displayStates[state]
    if (word === undefined) return lacks(words, `state ${state}`)
    request.state = word
  }
  // O04.FR.05: none fits, so nothing follows.
  return yield* askForStatus('GetDisplayMessages', request, { Accepted: null, Unknown: { empty: true } })
}
