// Owns OCPP 2.x CustomerInformation (N09, N10): what a station knows of a customer, told or forgotten.
// Must not collect what is told.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import { hashData } from './certificates.ts'
import { idTokenType } from './id-token.ts'
import type { Translator2 } from './words.ts'

export const customerInformation: Translator2<'customer_information'> = function* (
  command,
  words,
  profile,
): CommandSteps {
  const { requestId, report, clear, customer, token, certificate } = command
  const request: OCPP20.CustomerInformationRequest = { requestId, report, clear }
  if (customer !== undefined) request.customerIdentifier = customer
  if (token !== undefined) request.idToken = idTokenType(token, words, profile)
  if (certificate !== undefined) request.customerCertificate = hashData(certificate)
  return yield* askForStatus('CustomerInformation', request, { Accepted: null })
}
