// Owns what a station tells about itself beside boot, status, cards and transactions: kept, told on, never answered with content.
// Must not name an OCPP message; adapters translate.
import type { DeviceTime, IdToken } from './device-words.ts'
import type { TransactionRef } from './station-command.ts'

/** What a report is about. */
export type ReportKind = 'variables' | 'monitors' | 'customer' | 'messages' | 'profiles' | 'der_controls'

/** What each kind of notice holds. `status` words are lower snake case of what the station said, so new ones pass. */
export interface NoticeData {
  'firmware.status': { status: string; requestId?: number; info?: string }
  'publish_firmware.status': { status: string; requestId?: number; locations?: string[] }
  'log.status': { status: string; requestId?: number; file?: string }
  'security.event': { type: string; info?: string }
  'reservation.status': { reservationId: number; status: string }
  /** One part of a report; parts are numbered from 0, and the last says so. Items are as the station sent them. */
  'report.part': { requestId: number; report: ReportKind; sequence: number; last: boolean; items: unknown[] }
  'station.events': { sequence: number; last: boolean; events: StationEvent[] }
  'charging_limit.set': { source: string; gridCritical?: boolean; schedules: unknown[] }
  'charging_limit.cleared': { source: string }
  'ev.schedule': { schedule: unknown; selectedTuple?: number }
  priority_charging: { transaction: TransactionRef; activated: boolean }
  'der.alarm': { controlType: string; fault?: string; ended: boolean; info?: string }
  'der.started_stopped': { controlId: string; started: boolean; superseded: string[] }
  'battery.swap': { event: string; requestId: number; token: IdToken; batteries: unknown[] }
  'stream.values': { streamId: number; pending: number; values: { at: string; value: string }[] }
  'stream.closed': { streamId: number }
}

/** One entry of a 2.x NotifyEvent: something at a component changed or crossed a limit. */
export interface StationEvent {
  eventId: number
  at: string
  trigger: string
  kind: string
  component: string
  variable: string
  evse?: number
  connector?: number
  actualValue: string
  severity?: number
  cleared?: boolean
  causedBy?: number
  monitorId?: number
  transaction?: string
  techCode?: string
  techInfo?: string
}

export type NoticeTopic = keyof NoticeData

export type StationNotice = {
  [T in NoticeTopic]: { kind: 'notice'; topic: T; data: NoticeData[T]; evse?: number; time: DeviceTime }
}[NoticeTopic]

export interface NoticeOutcome {
  noticeId: string
}
