// Owns the parts of OCPP 2.x reports: variables, monitors, customers, display messages, charging profiles.
// Must not collect the parts, nor read what is in them.
import type { OCPP21 } from 'typed-ocpp'
import type { NoticeData, ReportKind } from '../../../core/plugin/index.ts'
import type { Reading } from '../message.ts'
import { noticeMessage, numberOf } from './notice-message.ts'

interface Sent {
  requestId?: number | undefined
  seqNo?: number | undefined
  tbc?: boolean | undefined
}

/** A part that its message numbers. */
function numbered(report: ReportKind, sent: Sent, items: unknown[], reading: Reading): NoticeData['report.part'] {
  return {
    requestId: numberOf(sent.requestId, 'requestId', reading),
    report,
    sequence: numberOf(sent.seqNo, 'seqNo', reading),
    last: sent.tbc !== true,
    items,
  }
}

/** A part whose message carries no number: counted as they come, per request. */
export function counted(report: ReportKind, sent: Sent, items: unknown[], reading: Reading): NoticeData['report.part'] {
  const requestId = numberOf(sent.requestId, 'requestId', reading)
  const last = sent.tbc !== true
  return { requestId, report, sequence: reading.numberPart(`${report} ${requestId}`, last), last, items }
}

export const reportParts = [
  noticeMessage<'report.part', OCPP21.NotifyReportRequest>({
    action: 'NotifyReport',
    topic: 'report.part',
    read: (sent, reading) => ({
      data: numbered('variables', sent, sent.reportData ?? [], reading),
      at: sent.generatedAt,
    }),
  }),
  noticeMessage<'report.part', OCPP21.NotifyMonitoringReportRequest>({
    action: 'NotifyMonitoringReport',
    topic: 'report.part',
    read: (sent, reading) => ({ data: numbered('monitors', sent, sent.monitor ?? [], reading), at: sent.generatedAt }),
  }),
  noticeMessage<'report.part', OCPP21.NotifyCustomerInformationRequest>({
    action: 'NotifyCustomerInformation',
    topic: 'report.part',
    read: (sent, reading) => ({
      data: numbered('customer', sent, sent.data === undefined ? [] : [sent.data], reading),
      at: sent.generatedAt,
    }),
  }),
  noticeMessage<'report.part', OCPP21.NotifyDisplayMessagesRequest>({
    action: 'NotifyDisplayMessages',
    topic: 'report.part',
    read: (sent, reading) => ({ data: counted('messages', sent, sent.messageInfo ?? [], reading) }),
  }),
  noticeMessage<'report.part', OCPP21.ReportChargingProfilesRequest>({
    action: 'ReportChargingProfiles',
    topic: 'report.part',
    read(sent, reading) {
      const { chargingLimitSource, evseId } = sent
      // Whose profile it is and where it holds stands once for all of a message; each item keeps it.
      const items = (sent.chargingProfile ?? []).map((profile) => ({ chargingLimitSource, evseId, ...profile }))
      return { data: counted('profiles', sent, items, reading), evse: evseId }
    },
  }),
]
