// Owns OCPP 2.1 ad hoc payment (C20-C25): NotifySettlement and VatNumberValidation.
// Must not book money: amounts stay the station's decimals as text.
import type { OCPP21 } from 'typed-ocpp'
import { deviceTime } from '../device-time.ts'
import type { AnyFactMessage } from '../message.ts'
import { because, inquiryMessage } from '../v201/inquiry-message.ts'
import { snakeCase } from '../v201/snake-case.ts'

type Company = NonNullable<OCPP21.VatNumberValidationResponse['company']>

export const paymentInquiries: AnyFactMessage[] = [
  inquiryMessage<'payment.settled', OCPP21.NotifySettlementRequest>({
    action: 'NotifySettlement',
    topic: 'payment.settled',
    read(sent, reading, receivedAt) {
      const { settlementTime, vatCompany } = sent
      const optional = {
        transaction: sent.transactionId,
        info: sent.statusInfo,
        receiptId: sent.receiptId,
        receiptUrl: sent.receiptUrl,
        vatNumber: sent.vatNumber,
        vatCompany: vatCompany as Record<string, unknown> | undefined,
      }
      return {
        ask: {
          pspRef: sent.pspRef ?? '',
          status: snakeCase(sent.status),
          amount: String(sent.settlementAmount ?? 0),
          at: deviceTime(settlementTime, receivedAt, reading.profile.clockZone, reading).at.toISOString(),
          ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
        },
        at: settlementTime,
      }
    },
    reply: ({ receiptId, receiptUrl }): OCPP21.NotifySettlementResponse => ({
      ...(receiptId === undefined ? {} : { receiptId }),
      ...(receiptUrl === undefined ? {} : { receiptUrl }),
    }),
    refuse: (): OCPP21.NotifySettlementResponse => ({}),
  }),
  inquiryMessage<'vat_number.check', OCPP21.VatNumberValidationRequest>({
    action: 'VatNumberValidation',
    topic: 'vat_number.check',
    read: ({ vatNumber, evseId }) => ({ ask: { vatNumber: vatNumber ?? '' }, evse: evseId }),
    reply({ accepted, company, reason }, { vatNumber }, evse): OCPP21.VatNumberValidationResponse {
      return {
        status: accepted ? 'Accepted' : 'Rejected',
        vatNumber: vatNumber.slice(0, 20),
        ...(evse === undefined ? {} : { evseId: evse }),
        ...(accepted && company !== undefined ? { company: company as unknown as Company } : {}),
        ...(accepted ? {} : because(reason)),
      }
    },
    refuse: ({ vatNumber }): OCPP21.VatNumberValidationResponse => ({
      status: 'Rejected',
      vatNumber: vatNumber.slice(0, 20),
    }),
  }),
]
