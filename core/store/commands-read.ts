// Owns how commands are listed.
// Must not move one; commands.ts does.
import type { CommandOutcome } from './commands.ts'
import { is, recordTable } from './record-table.ts'

export interface Command {
  commandId: string
  siteId: string | null
  stationId: string
  name: string
  args: Record<string, unknown>
  state: 'queued' | 'sent' | 'answered' | 'timed_out' | 'expired' | 'superseded' | 'cancelled' | 'failed'
  outcome: CommandOutcome | null
  outcomeAt: Date | null
  requestedBy: string
  deadline: Date
  attempts: number
  createdAt: Date
  sentAt: Date | null
  answeredAt: Date | null
  result: unknown
  reason: string | null
  sessionId: string | null
  requestId: number | null
}

export const commands = recordTable<Command>()('command', {
  type: 'command',
  id: 'command_id',
  columns: {
    commandId: 'command_id',
    siteId: 'site_id',
    stationId: 'station_id',
    name: 'name',
    args: 'args',
    state: 'state',
    outcome: 'outcome',
    outcomeAt: 'outcome_at',
    requestedBy: 'requested_by',
    deadline: 'deadline',
    attempts: 'attempts',
    createdAt: 'created_at',
    sentAt: 'sent_at',
    answeredAt: 'answered_at',
    result: 'result',
    reason: 'reason',
    sessionId: 'session_id',
    requestId: 'request_id',
  },
  reach: 'site',
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.command_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
  filters: { siteId: is('site_id'), stationId: is('station_id'), state: is('state'), name: is('name') },
})
